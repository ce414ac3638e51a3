// The shapes of what questions are answered with: series, facets, explanations.

import { type TSchema, Type } from 'typebox'

const count = (description: string) => Type.Integer({ minimum: 0, description })
const timeMs = (description: string) =>
  Type.Integer({ description: `${description}, ms since 1970` })
const orNull = (schema: TSchema, description: string) =>
  Type.Union([schema, Type.Null()], { description })
const sum = (description: string) => Type.Number({ description })

const ANSWERED = {
  complete: Type.Boolean({ description: 'False while the index is behind what is durable' }),
  from: timeMs('Start of the range'),
  to: timeMs('End of the range, exclusive'),
}

const MEASURES = {
  success: count('Events whose outcome is success'),
  failure: count('Events whose outcome is failure'),
  denied: count('Events whose outcome is denied'),
  unknown: count('Every other event'),
  durationMsP50: orNull(Type.Number(), 'Median duration, an estimate; null where none is known'),
  durationMsP95: orNull(Type.Number(), '95th percentile of durations, an estimate'),
  tokensIn: sum('Input tokens'),
  tokensOut: sum('Output tokens'),
  costMicros: sum("Cost in millionths of the tenant's currency"),
  bytesOut: sum('Bytes of answers'),
  rows: sum('Rows returned'),
}

export const SERIES: TSchema = Type.Object({
  stepMs: Type.Integer({ minimum: 1000, description: 'Length of a bucket' }),
  totals: Type.Object({ events: count('Events'), ...MEASURES }),
  buckets: Type.Array(
    Type.Object({ t: timeMs('Start of the bucket, a multiple of the step'), ...MEASURES }),
    { description: 'In the order of time, the empty ones too' },
  ),
  ...ANSWERED,
})

const FACET = Type.Object({
  field: Type.String({ description: 'As it was asked for' }),
  present: count('Events that have the field'),
  distinct: count('Values of the field'),
  distinctIsExact: Type.Boolean({ description: 'False where `distinct` is an estimate' }),
  top: Type.Array(
    Type.Object({
      value: Type.String({ description: 'Also of a number, as a query writes it' }),
      events: count('Events that `field:value` finds among these'),
    }),
    { description: 'Most events first' },
  ),
})

export const FACETS: TSchema = Type.Object({
  facets: Type.Array(FACET, { description: 'In the order asked for' }),
  total: count('Events'),
  ...ANSWERED,
})

const EXTENT = Type.Object({
  events: count('Events'),
  firstMs: timeMs('The earliest'),
  lastMs: timeMs('The latest'),
})

export const EXPLANATION: TSchema = Type.Object({
  total: count('Events that the question finds'),
  clauses: Type.Array(
    Type.Object({
      start: count('Where the part begins in the query, in UTF-16 units'),
      end: count('Where it ends'),
      text: Type.String(),
      alone: count('Events that a search for this part alone finds'),
      without: count('Events that a search without this part finds'),
    }),
    { description: 'The parts that must all hold' },
  ),
  outside: orNull(EXTENT, 'What the question finds outside the range; null for nothing'),
  data: orNull(EXTENT, 'All events in the range; null for none'),
  ...ANSWERED,
})

export const MANIFEST: TSchema = Type.Object({
  id: Type.String({ description: 'Of the export and of the event that records it' }),
  index: count('Leaf index of that event'),
  timeMs: timeMs('When it ended'),
  by: Type.String({ description: 'Who exported' }),
  finished: Type.Boolean({ description: 'False where the caller left before the end' }),
  query: Type.String({ description: 'A very long one only as its beginning and hash' }),
  from: timeMs('Start of the range'),
  to: timeMs('End of the range, exclusive'),
  format: Type.Enum(['ndjson', 'csv']),
  fields: orNull(Type.String(), 'Comma-separated; null for whole events'),
  below: count('It has entries of the log below this leaf index'),
  rows: count('Events'),
  bytes: count('Length of the file'),
  sha256: Type.String({ description: 'Of the file, in hex' }),
  log: Type.Object(
    {
      origin: Type.String(),
      size: count('Entries under the checkpoint'),
      root: Type.String({ description: 'Base64' }),
    },
    { description: 'The newest checkpoint then' },
  ),
})
