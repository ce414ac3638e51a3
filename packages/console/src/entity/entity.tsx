// Entity: is this user, account, key, model, agent as it used to be? The answer stands first, in
// the words of what found it; below it now beside usual, what is new, its like, and what is in
// force.

import './entity.css'
import { useParams } from '@tanstack/react-router'
import { type ReactNode, useRef } from 'react'
import { useAddress } from '../address/address.tsx'
import { Problem, urlOf } from '../api/api.ts'
import { type Table, TakeAlong } from '../download/download.tsx'
import { useKeys } from '../keys/keys.ts'
import { Bone, Bones, Empty, Loaded } from '../states/states.tsx'
import { visible } from '../value/value.tsx'
import { metricNamed, metricOf } from './answer.ts'
import {
  type Activity,
  type Page,
  parseType,
  type Ref,
  TYPE_NAMES,
  useActivity,
  useEntity,
} from './asked.ts'
import { FirstSeen } from './first-seen.tsx'
import { Head } from './head.tsx'
import { Identity } from './identity.tsx'
import { InForce } from './in-force.tsx'
import { ItsAlerts } from './its-alerts.tsx'
import { NowAndUsual } from './now-and-usual.tsx'
import { Peers } from './peers.tsx'
import { RiskParts } from './risk-parts.tsx'
import { UnknownEntity } from './unknown-entity.tsx'
import { Week } from './week.tsx'

export default function Entity(): ReactNode {
  const { type: name, id } = parseParams(useParams({ strict: false }))
  const type = parseType(name)
  if (type === null) {
    return (
      <Empty title={`“${visible(name.slice(0, 40))}” is no kind of entity`}>
        <p className="quiet">There are: {TYPE_NAMES.join(', ')}.</p>
      </Empty>
    )
  }
  return <Known key={`${type}:${id}`} entity={{ type, id }} />
}

function parseParams(params: unknown): { readonly type: string; readonly id: string } {
  const text = (name: string) => {
    const value = typeof params === 'object' && params !== null ? Reflect.get(params, name) : ''
    return typeof value === 'string' ? value : ''
  }
  return { type: text('type'), id: text('id') }
}

function Known({ entity }: { readonly entity: Ref }): ReactNode {
  const result = useEntity(entity)
  const { error } = result
  if (error instanceof Problem && error.code === 'entity.unknown') {
    return <UnknownEntity entity={entity} />
  }
  return (
    <Loaded result={result} skeleton={<PageSkeleton />}>
      {page => <Screen entity={entity} page={page} />}
    </Loaded>
  )
}

function Screen({ entity, page }: { readonly entity: Ref; readonly page: Page }): ReactNode {
  const { search } = useAddress()
  const metric = metricNamed(search.metric) ?? metricOf(page.findings)
  const activity = useActivity(entity, metric)
  const screen = useRef<HTMLDivElement>(null)
  useKeys([
    { press: 'b', what: 'To now beside usual', run: () => lead(screen.current, '.now-and-usual') },
    { press: 'p', what: 'To its like', run: () => lead(screen.current, '.peers') },
  ])
  return (
    <div className="entity" ref={screen}>
      <Head
        entity={entity}
        page={page}
        activity={activity.data ?? null}
        actions={<Take entity={entity} page={page} activity={activity.data ?? null} />}
      />
      <NowAndUsual result={activity} metric={metric} className="wide now-and-usual" />
      <InForce entity={entity} page={page} className="narrow" />
      <Week result={activity} metric={metric} />
      <RiskParts entity={entity} page={page} className="wide" />
      <div className="narrow stack">
        <Peers result={activity} metric={metric} />
        <ItsAlerts entity={entity} page={page} />
      </div>
      <FirstSeen entity={entity} result={activity} className="wide" />
      <Identity page={page} className="narrow" />
    </div>
  )
}

/** Brings a part into sight, and the focus to its first control or to itself. */
function lead(screen: HTMLElement | null, part: string): void {
  const found = screen?.querySelector<HTMLElement>(part)
  if (!found) return
  found.scrollIntoView({ block: 'start' })
  const control = found.querySelector<HTMLElement>('a, button, input:checked')
  if (!control) found.tabIndex = -1
  ;(control ?? found).focus({ preventScroll: true })
}

function Take({
  entity,
  page,
  activity,
}: {
  readonly entity: Ref
  readonly page: Page
  readonly activity: Activity | null
}): ReactNode {
  const { range } = useAddress()
  const { type, id } = entity
  return (
    <TakeAlong
      tables={[
        {
          name: 'Now and usual',
          file: 'tocsin-activity.csv',
          table: () => activity && activityTable(activity),
        },
        { name: 'Risk in parts', file: 'tocsin-risk.csv', table: () => riskTable(page) },
      ]}
      urls={[
        urlOf('GET /v1/entities/{type}/{id}', { params: { type, id } }),
        urlOf('GET /v1/entities/{type}/{id}/activity', {
          params: { type, id },
          query: { metric: activity?.metric ?? 'requests', ...range },
        }),
      ]}
    />
  )
}

function activityTable({ metric, points }: Activity): Table {
  return {
    head: ['time', metric, 'expected', 'usual_at_least', 'usual_at_most'],
    rows: points.map(({ t, value, expected, lo, hi }) => [
      new Date(t).toISOString(),
      value,
      expected,
      lo,
      hi,
    ]),
  }
}

function riskTable({ risk: { parts, criticality, score } }: Page): Table {
  return {
    head: ['part', 'rule', 'time', 'points'],
    rows: [
      ...parts.map(({ title, rule, timeMs, points }) => [
        title,
        rule,
        new Date(timeMs).toISOString(),
        points,
      ]),
      [`criticality ${criticality.level}`, null, null, criticality.points],
      ['score', null, null, score],
    ],
  }
}

function PageSkeleton(): ReactNode {
  return (
    <div className="entity">
      <div className="sheet panel entity-head">
        <Bone width={260} height={28} />
        <Bones rows={3} />
      </div>
      <div className="sheet panel wide">
        <Bone height={300} />
      </div>
      <div className="sheet panel narrow">
        <Bone height={300} />
      </div>
      <div className="sheet panel">
        <Bone height={200} />
      </div>
    </div>
  )
}
