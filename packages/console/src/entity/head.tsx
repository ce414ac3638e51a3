// Who it is, how that was proved, and the answer: is it as it used to be?

import { Button, Select } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Go, useAddress } from '../address/address.tsx'
import { ask, Problem } from '../api/api.ts'
import { aboutEntity } from '../question/question.ts'
import { Band } from '../risk/risk.tsx'
import { useWhyNot } from '../session/session.tsx'
import { count, Plain, Proof, visible, When } from '../value/value.tsx'
import { type Answer, answerOf, learningOf, learningWords } from './answer.ts'
import { type Activity, type Page, type Ref, typeWord } from './asked.ts'

type HeadProps = {
  readonly entity: Ref
  readonly page: Page
  readonly activity: Activity | null
  readonly actions: ReactNode
}

export function Head({ entity, page, activity, actions }: HeadProps): ReactNode {
  const { risk } = page
  const chain = { entity: `${entity.type}:${entity.id}` }
  return (
    <header className="sheet panel entity-head">
      <div className="row entity-name">
        <span className="quiet">{typeWord(entity.type)}</span>
        <h2>
          <Plain text={entity.id} charsMax={200} />
        </h2>
        <Proofs page={page} />
        <span className="grow" />
        {actions}
        <Chain changes={chain} />
      </div>
      <div className="entity-verdict">
        <div className="grow stack">
          <TheAnswer page={page} activity={activity} />
          <Since entity={entity} page={page} />
        </div>
        <div className="entity-score">
          <div>
            <span className="quiet">Risk</span>{' '}
            <data className="figure" value={risk.score} title={`${risk.score} of 100`}>
              {risk.score.toFixed(1)}
            </data>{' '}
            <Band band={risk.band} />
          </div>
          <Criticality entity={entity} level={risk.criticality.level} />
        </div>
      </div>
    </header>
  )
}

function Chain({ changes }: { readonly changes: { readonly entity: string } }): ReactNode {
  const { hrefOf, go } = useAddress()
  return (
    <Button
      component="a"
      variant="filled"
      href={hrefOf('/investigate', changes)}
      onClick={event => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return
        event.preventDefault()
        go('/investigate', changes)
      }}
    >
      Follow the chain
    </Button>
  )
}

/** Verified and claimed names stand side by side. */
function Proofs({ page }: { readonly page: Page }): ReactNode {
  const proofs = new Set(page.identity.proofs.map(({ values: [, verified] }) => verified ?? 'none'))
  const claims = new Set(page.identity.proofs.map(({ values: [, , claimed] }) => claimed ?? ''))
  claims.delete('')
  return (
    <>
      {[...proofs].map(verified => (
        <Proof key={verified} verified={verified} />
      ))}
      {[...claims].slice(0, 3).map(claimed => (
        <span key={claimed} className="row claimed">
          <span className="quiet">claims to be</span> {visible(claimed.slice(0, 60))}{' '}
          <Proof verified={null} />
        </span>
      ))}
    </>
  )
}

const MARKS: {
  readonly [status in Answer['status']]: readonly [colour: string, path: string]
} = {
  unlike: ['high', 'M9 1.5 17 16.5H1Z'],
  learning: ['low', 'M2 2h14v14H2Z'],
  still: ['informational', 'M1 7h16v4H1Z'],
  like: ['accent', 'M9 1a8 8 0 1 1 0 16A8 8 0 0 1 9 1Z'],
}

function TheAnswer({
  page,
  activity,
}: {
  readonly page: Page
  readonly activity: Activity | null
}): ReactNode {
  const answer = answerOf({
    findings: page.findings,
    hasOpenAlert: page.alerts.some(({ state }) => state === 'open'),
    learning: learningOf(page.learning, activity?.learning ?? null),
    fromMs: activity?.from ?? 0,
    toMs: activity?.to ?? Number.POSITIVE_INFINITY,
    isActive: activity ? activity.points.some(({ value }) => value > 0) : null,
  })
  const [colour, path] = MARKS[answer.status]
  return (
    <p className="entity-answer" data-status={answer.status}>
      <span className="headline-status" style={{ color: `var(--${colour})` }}>
        <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true" fill="currentColor">
          <path d={path} />
        </svg>
        {answer.word}:
      </span>{' '}
      <Plain text={answer.sentence} charsMax={500} />
    </p>
  )
}

function Since({ entity, page }: { readonly entity: Ref; readonly page: Page }): ReactNode {
  const { zone } = useAddress()
  const { activity, learning } = page
  const isYoung = learning !== null && learning.days < learning.of
  return (
    <p className="quiet entity-since">
      {activity && (
        <>
          Known since <When ms={activity.firstMs} zone={zone} />, last seen{' '}
          <When ms={activity.newestMs} zone={zone} isRelative />, {count(activity.events)} events
          looked at.{' '}
        </>
      )}
      {isYoung && `${learningWords(learning)} `}
      {activity?.frozenMs != null && activity.frozenMs > page.nowMs && (
        <>
          What it does until <When ms={activity.frozenMs} zone={zone} /> is not learnt.{' '}
        </>
      )}
      <Go to="/events" changes={{ q: aboutEntity(entity) }}>
        Its events
      </Go>
    </p>
  )
}

const LEVELS = [
  { value: 'low', label: 'Little depends on it' },
  { value: 'medium', label: 'As much as on any other' },
  { value: 'high', label: 'Much depends on it' },
  { value: 'extreme', label: 'Very much depends on it' },
] as const

type Level = Page['risk']['criticality']['level']

function Criticality({
  entity: { type, id },
  level,
}: {
  readonly entity: Ref
  readonly level: Level
}): ReactNode {
  const client = useQueryClient()
  const whyNot = useWhyNot('triage')
  const [said, setSaid] = useState('')
  const choose = async (chosen: string | null) => {
    const next = LEVELS.find(({ value }) => value === chosen)
    if (!next || next.value === level) return
    try {
      const body = { level: next.value }
      await ask('PUT /v1/entities/{type}/{id}/criticality', { params: { type, id }, body })
      await client.invalidateQueries({ queryKey: ['entity', type, id], exact: true })
      setSaid(`${next.label}: kept, and the risk weighed anew.`)
    } catch (error) {
      setSaid(error instanceof Problem ? error.message : String(error))
    }
  }
  return (
    <div className="entity-criticality">
      <Select
        label="How much depends on it"
        data={LEVELS}
        value={level}
        disabled={whyNot !== null}
        {...(whyNot === null ? {} : { description: whyNot })}
        onChange={chosen => void choose(chosen)}
      />
      <span className="quiet" role="status">
        {said}
      </span>
    </div>
  )
}
