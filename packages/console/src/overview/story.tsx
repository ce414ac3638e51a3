// The top story: the open alert that matters most, as one sentence and one picture, and what one
// does with it next.

import { Button } from '@mantine/core'
import { type ReactNode, useMemo } from 'react'
import { entityPath, Go, useAddress } from '../address/address.tsx'
import { type Unit, UsualChart } from '../chart/chart.tsx'
import { nowMs } from '../clock/clock.ts'
import { Bone, Bones, Empty, Loaded } from '../states/states.tsx'
import { topStory } from '../story/story.ts'
import { count, Plain, Proof, Severity, visible, When } from '../value/value.tsx'
import { type Alert, useOpenAlerts, useStoryChart } from './asked.ts'

const CHART_HEIGHT = 118

export function Story(): ReactNode {
  const result = useOpenAlerts()
  const { data } = result
  const story = useMemo(() => topStory(data?.alerts ?? [], nowMs()), [data])
  return (
    <section className="sheet story" aria-label="Top story">
      <Loaded
        result={result}
        skeleton={<StorySkeleton />}
        empty={() => (story === null ? <NoStory /> : null)}
      >
        {() => story && <Told story={story} />}
      </Loaded>
    </section>
  )
}

function NoStory(): ReactNode {
  return (
    <Empty title="No open alert">
      <p className="quiet">
        Every alert was looked at. Rules and the usual week of each account go on watching; the next
        one that matters stands here.
      </p>
      <Go to="/alerts" changes={{ aq: '*' }}>
        Alerts that were decided
      </Go>
    </Empty>
  )
}

function Told({ story }: { readonly story: Alert }): ReactNode {
  const { zone, hrefOf, go } = useAddress()
  const { id, level, score, entity, actor, sentence, openedMs, findings, eventCount } = story
  const path = entityPath(entity)
  return (
    <>
      <div className="story-words">
        <div className="row story-facts">
          <Severity level={level} />
          <span title={`${score} of 100`}>score {score.toFixed(1)}</span>
          <span className="quiet">
            opened <When ms={openedMs} zone={zone} isRelative />
          </span>
        </div>
        <h2 className="story-sentence">
          <Plain text={sentence} charsMax={400} />
        </h2>
        <p className="quiet">
          {entity.type}{' '}
          <Go to={path}>
            <span className="id">{visible(entity.id.slice(0, 120))}</span>
          </Go>{' '}
          <Proof verified={actor.verified} /> · {count(findings)}{' '}
          {findings === 1 ? 'finding' : 'findings'} · {count(eventCount)}{' '}
          {eventCount === 1 ? 'event' : 'events'}
        </p>
        <div className="row story-buttons">
          <LinkButton
            isFirst
            href={hrefOf('/alerts', { sel: id })}
            run={() => go('/alerts', { sel: id })}
          >
            Open
          </LinkButton>
          <LinkButton
            href={hrefOf('/investigate', { alert: id })}
            run={() => go('/investigate', { alert: id })}
          >
            Follow the chain
          </LinkButton>
        </div>
      </div>
      <StoryChart id={id} />
    </>
  )
}

/** A link that looks like a button: it goes somewhere. */
function LinkButton({
  href,
  run,
  isFirst = false,
  children,
}: {
  readonly href: string
  readonly run: () => void
  readonly isFirst?: boolean
  readonly children: string
}): ReactNode {
  return (
    <Button
      component="a"
      href={href}
      variant={isFirst ? 'filled' : 'outline'}
      onClick={event => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return
        event.preventDefault()
        run()
      }}
    >
      {children}
    </Button>
  )
}

function StoryChart({ id }: { readonly id: string }): ReactNode {
  const { zone } = useAddress()
  const result = useStoryChart(id)
  return (
    <div className="story-chart">
      <Loaded
        result={result}
        skeleton={<Bone height={CHART_HEIGHT + 62} />}
        empty={chart =>
          chart === null ? (
            <p className="quiet">
              Nothing of this alert can be counted over time; its evidence stands in the alert.
            </p>
          ) : null
        }
      >
        {chart =>
          chart && (
            <UsualChart
              title={chart.label}
              sentence={chart.sentence}
              points={chart.points}
              unit={unitOf(chart.unit)}
              zone={zone}
              height={CHART_HEIGHT}
              marked={chart.window}
            />
          )
        }
      </Loaded>
    </div>
  )
}

const UNITS: readonly Unit[] = ['events', 'rows', 'bytes', 'tokens', 'costMicros']

function unitOf(unit: string): Unit {
  return UNITS.find(one => one === unit) ?? 'events'
}

function StorySkeleton(): ReactNode {
  return (
    <>
      <div className="story-words">
        <Bone width={200} height={22} />
        <Bones rows={2} />
        <Bone width={260} height={18} />
        <Bone width={220} height={30} />
      </div>
      <div className="story-chart">
        <Bone height={CHART_HEIGHT + 62} />
      </div>
    </>
  )
}
