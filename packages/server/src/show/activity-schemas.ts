// The shapes of activity in the API: points with the band of what is usual, the week, first seen,
// peers, the chart of an alert.

import { type TSchema, Type } from 'typebox'
import { METRICS } from '../watch/watch.ts'

const TIME = Type.Integer({ description: 'ms since 1970' })
const orNull = (schema: TSchema, description = '') =>
  Type.Union([schema, Type.Null()], { description })

const POINT = Type.Object({
  t: Type.Integer({ description: 'Start of the step, ms since 1970' }),
  value: Type.Number(),
  expected: orNull(Type.Number(), 'Median of what is usual; null where too little is known'),
  lo: orNull(Type.Number(), '10th percentile'),
  hi: orNull(Type.Number(), '90th percentile'),
})
const POINTS = Type.Array(POINT, {
  description: 'Every step of the range, oldest first; the last may not be over yet',
})
const STEP = Type.Integer({ description: 'Length of a step, ms' })
const SENTENCE = Type.String({ description: 'The point that says most, in words' })

export const METRIC: TSchema = Type.Enum([...METRICS])

const FIRST_SEEN = Type.Array(
  Type.Object({
    field: Type.Enum([
      'model.served',
      'source.ip',
      'source.geo.country',
      'tool.name',
      'resource.id',
      'agent.id',
    ]),
    value: Type.String(),
    firstMs: TIME,
    events: Type.Integer(),
    isNew: Type.Boolean({ description: 'Came in the newest 7 days to an entity older than these' }),
  }),
  { description: 'Newest first, at most 20 of a field' },
)

const PEERS = Type.Object({
  cohort: Type.String({ description: 'Who they are: `services of fraud`, `people`, `addresses`' }),
  of: Type.Integer({ description: 'How many, itself too' }),
  rank: Type.Integer({ description: '1 has most' }),
  percentile: Type.Number({ description: 'Of the others, how many in a hundred have less' }),
  median: Type.Number(),
  value: Type.Number({ description: 'Of the newest 24 h' }),
})

const HOUR_MAP = 'Hours of the week, Monday 00 UTC first'

export const ACTIVITY: TSchema = Type.Object({
  metric: METRIC,
  stepMs: STEP,
  from: TIME,
  to: TIME,
  points: POINTS,
  week: Type.Object({
    now: Type.Array(Type.Number(), { description: `${HOUR_MAP}; the newest seven days` }),
    usual: Type.Array(orNull(Type.Number()), {
      description: `${HOUR_MAP}; mean of up to four weeks before, null where none is known`,
    }),
  }),
  learning: Type.Object({
    days: Type.Integer({ description: 'Known of the four weeks that say what is usual' }),
    of: Type.Integer(),
  }),
  firstSeen: FIRST_SEEN,
  peers: orNull(PEERS, 'null where it did nothing in 24 h or fewer than 3 are like it'),
  sentence: SENTENCE,
})

export const CHART: TSchema = Type.Object({
  label: Type.String(),
  unit: Type.Enum(['events', 'rows', 'bytes', 'tokens', 'costMicros']),
  field: orNull(Type.String(), 'Field that is summed up; null where events are counted'),
  query: Type.String({ description: 'The question that finds the events of the chart' }),
  from: TIME,
  to: TIME,
  stepMs: STEP,
  points: POINTS,
  sentence: SENTENCE,
  window: Type.Object(
    { fromMs: TIME, toMs: TIME },
    { description: 'Where the heaviest finding lies' },
  ),
})

export const CHART_OR_NONE: TSchema = orNull(CHART, 'null where there are no events to show')
