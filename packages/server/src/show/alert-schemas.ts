// The shapes of alerts, findings and risk in the API and its description.

import { CAUSES, DISPOSITIONS } from '@tocsin/detect/alert'
import { ENTITY_TYPES, LEVEL_SCORES } from '@tocsin/detect/finding'
import { BANDS, CRITICALITY } from '@tocsin/detect/risk'
import { type TSchema, Type } from 'typebox'
import { ACTIONS, ALERT_STATES } from '../watch/watch.ts'
import { RESPONSE } from './decision-routes.ts'

const timeMs = (description: string) =>
  Type.Integer({ description: `${description}, ms since 1970` })
const orNull = (schema: TSchema, description = '') =>
  Type.Union([schema, Type.Null()], { description })
const points = (description: string) => Type.Number({ description })

export const ENTITY: TSchema = Type.Object({
  type: Type.Enum([...new Set(Object.values(ENTITY_TYPES))]),
  id: Type.String(),
})

const FEATURE = Type.Object({
  name: Type.String(),
  expected: Type.Union([Type.Number(), Type.String()]),
  seen: Type.Union([Type.Number(), Type.String()]),
  part: points('Points of the score; all parts add up to it'),
})

const LEARNING = Type.Object({ days: Type.Number(), of: Type.Number() })

export const FINDING: TSchema = Type.Object({
  id: Type.String({ description: '32 hex digits' }),
  rule: Type.String(),
  title: Type.String(),
  detector: Type.String(),
  level: Type.Enum(Object.keys(LEVEL_SCORES)),
  tags: Type.Array(Type.String()),
  entity: ENTITY,
  timeMs: timeMs('Of the event that made it'),
  startMs: timeMs('Where its window begins'),
  score: points('0 to 100'),
  confidence: points('0 to 1: low before a baseline is mature'),
  p: orNull(Type.Number(), 'Upper-tail probability under the baseline'),
  expected: orNull(Type.Union([Type.Number(), Type.String()])),
  seen: orNull(Type.Union([Type.Number(), Type.String()])),
  sentence: Type.String({ description: 'Who did what, and why that is unlike them' }),
  features: Type.Array(FEATURE),
  eventIds: Type.Array(Type.String()),
  eventCount: Type.Integer(),
  learning: orNull(LEARNING),
  actor: Type.Object({
    id: Type.String(),
    type: Type.String(),
    verified: Type.String({ description: 'How the identity was proved; none for a mere name' }),
    session: orNull(Type.String()),
    credential: orNull(Type.String()),
    claimed: Type.Optional(Type.String({ description: 'Stated without proof' })),
  }),
})

export const RISK: TSchema = Type.Object({
  score: points('0 to 100; the points of the parts and of criticality add up to it'),
  band: Type.Enum([...BANDS]),
  parts: Type.Array(
    Type.Object({
      findingId: Type.String(),
      rule: Type.String(),
      title: Type.String(),
      timeMs: timeMs('Of the finding'),
      score: points('Of the finding, after decay'),
      points: points('What of it counts at its rank'),
    }),
  ),
  criticality: Type.Object({ level: Type.Enum(Object.keys(CRITICALITY)), points: points('Added') }),
})

const PREVENTED = Type.Object({
  rows: orNull(Type.Integer()),
  costMicros: orNull(Type.Integer(), "Millionths of the tenant's currency"),
})

const DISPOSED = Type.Object({
  alertId: Type.String(),
  entity: ENTITY,
  revision: Type.Integer(),
  action: Type.Enum([...ACTIONS]),
  cause: orNull(Type.Enum([...CAUSES])),
  prevented: PREVENTED,
  note: orNull(Type.String()),
  assignee: orNull(Type.String(), 'With assigned: to whom; null for nobody'),
  undoes: orNull(Type.Integer(), 'With undone: the revision that is taken back'),
  batch: orNull(Type.String(), 'What was said of many alerts at once'),
  by: Type.String({ description: 'Who, as the log names them' }),
  timeMs: timeMs('When'),
  eventId: Type.String({ description: 'The event of the log that says so' }),
})

const ALERT_ACTOR = Type.Object(
  {
    id: Type.String(),
    type: Type.String(),
    verified: Type.String({ description: 'How the identity was proved; none for a mere name' }),
    session: orNull(Type.String()),
    credential: orNull(Type.String()),
    claimed: orNull(Type.String(), 'Stated without proof, beside what was proved'),
  },
  { description: 'Of its heaviest finding' },
)

const SUPPRESSED = Type.Object({
  untilMs: timeMs('When the first of its findings is shown again'),
  reason: Type.String(),
  by: Type.String(),
  suppressionId: Type.String(),
})

const ALERT_HEAD = {
  id: Type.String({ description: '32 hex digits' }),
  entity: ENTITY,
  startMs: timeMs('First finding'),
  openedMs: timeMs('The finding that made it an alert'),
  lastMs: timeMs('Newest finding'),
  score: points("The entity's risk from its findings of 24 h"),
  threshold: points('What it had to reach'),
  state: Type.Enum([...ALERT_STATES]),
  disposition: orNull(Type.Enum([...DISPOSITIONS])),
  cause: orNull(Type.Enum([...CAUSES])),
  assignee: orNull(Type.String(), 'Who looks after it'),
  suppressed: orNull(SUPPRESSED, 'Why it is not in the inbox; null where it is'),
  level: Type.Enum(Object.keys(LEVEL_SCORES), { description: 'Highest of its findings' }),
  rules: Type.Array(Type.String()),
  tags: Type.Array(Type.String()),
  title: Type.String(),
  sentence: Type.String({ description: 'Of its heaviest finding' }),
  actor: ALERT_ACTOR,
  eventCount: Type.Integer({ description: 'Events behind it, each once: at least so many' }),
}

export const ALERT: TSchema = Type.Object({
  ...ALERT_HEAD,
  findings: Type.Array(FINDING, { description: 'Oldest first' }),
  history: Type.Array(DISPOSED, { description: 'What people said, oldest first' }),
  risk: RISK,
  decisions: Type.Optional(
    Type.Array(RESPONSE, { description: 'What was done about it; where one alert is opened' }),
  ),
})

export const ALERT_SUMMARY: TSchema = Type.Object({ ...ALERT_HEAD, findings: Type.Integer() })

export const ALERT_PAGE: TSchema = Type.Object({
  alerts: Type.Array(ALERT_SUMMARY),
  next: orNull(Type.String(), 'Cursor of the next page'),
  total: Type.Integer({ description: 'How many fit, on all pages' }),
  suppressed: Type.Integer({ description: 'Of all that fit, those a suppression holds back' }),
  counts: Type.Object(Object.fromEntries(ALERT_STATES.map(state => [state, Type.Integer()]))),
  budget: Type.Object({
    perDay: Type.Number({ description: 'Alerts a day that the operator asked for' }),
    threshold: points('What the findings of an entity must reach now'),
    expectedPerDay: Type.Number(),
    realisedPerDay: Type.Number(),
  }),
  watched: Type.Object(
    { rules: Type.Integer(), entities: Type.Integer() },
    { description: 'What alerts come from: rules that run, entities whose own ways are known' },
  ),
})

export const FINDINGS: TSchema = Type.Object({ findings: Type.Array(FINDING) })
