// The shapes of the API, once. TypeBox schemas are JSON Schema: Fastify checks requests by them,
// and the OpenAPI document holds them as they are. The event's own schema is made from the field
// catalogue.

import { FIELDS, type Field } from '@tocsin/sdk/event'
import { type TSchema, Type } from 'typebox'
import { SCOPES } from '../query/query.ts'

const LISTS_OF_OBJECTS = new Set(['resource', 'onBehalfOf'])

const count = (description: string) => Type.Integer({ minimum: 0, description })
const timeMs = (description: string) =>
  Type.Integer({ description: `${description}, ms since 1970` })

const LINE_FATE: TSchema = Type.Object({
  line: count('Position in the body, from 0'),
  status: Type.Enum(['stored', 'duplicate', 'conflict', 'refused']),
  id: Type.Optional(Type.String({ description: 'Id of the event' })),
  code: Type.Optional(Type.String({ description: 'Why, as in docs/errors.md' })),
  field: Type.Optional(Type.String({ description: 'The field at fault' })),
  reason: Type.Optional(Type.String({ description: 'Why, as a sentence' })),
})

export const RECEIPT: TSchema = Type.Object({
  stored: count('Lines stored; durable'),
  duplicate: count('Lines that were already stored'),
  conflict: count('Lines whose id is stored with other content'),
  refused: count('Lines that are no events'),
  results: Type.Array(LINE_FATE),
})

export const PROBLEM: TSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What is wrong, where, what to do' }),
    instance: Type.String(),
    code: Type.String({ description: 'Code from docs/errors.md' }),
    requestId: Type.String(),
    help: Type.String(),
    errors: Type.Optional(
      Type.Array(Type.Object({ pointer: Type.String(), message: Type.String() })),
    ),
  },
  { description: 'RFC 9457 problem document' },
)

/** What every route may answer besides its own. */
export const PROBLEMS: { readonly [status: string]: TSchema } = { '4xx': PROBLEM, '5xx': PROBLEM }

export const EVENT: TSchema = eventSchema()

export const EVENT_PAGE: TSchema = Type.Object({
  events: Type.Array(EVENT),
  next: Type.Union([Type.String(), Type.Null()], { description: 'Cursor of the next page' }),
  complete: Type.Boolean({ description: 'False while the index is behind what is durable' }),
  from: timeMs('Start of the range searched'),
  to: timeMs('End of the range searched, exclusive'),
})

export const SUMMARY: TSchema = Type.Object({
  by: Type.Array(Type.String()),
  groups: Type.Array(
    Type.Object({
      group: Type.Array(Type.Union([Type.String(), Type.Null()])),
      requests: count('Events'),
      failures: count('Events whose outcome is not success'),
      bytesIn: count('Bytes of requests'),
      bytesOut: count('Bytes of answers'),
      firstMs: timeMs('First seen'),
      lastMs: timeMs('Last seen'),
    }),
  ),
  complete: Type.Boolean({ description: 'False while the index is behind what is durable' }),
  from: timeMs('Start of the range'),
  to: timeMs('End of the range, exclusive'),
})

export const API_KEY: TSchema = Type.Object({
  keyId: Type.String(),
  name: Type.String(),
  scopes: Type.Array(Type.Enum([...SCOPES])),
  createdMs: timeMs('Made'),
  revokedMs: Type.Union([Type.Integer(), Type.Null()]),
})

function eventSchema(): TSchema {
  const properties: { [name: string]: TSchema } = {}
  for (const name of new Set(FIELDS.map(f => f.path.split('.')[0] ?? ''))) {
    properties[name] = Type.Optional(memberSchema(name))
  }
  properties.integrity = Type.Optional(
    Type.Object({ origin: Type.String(), index: count('Leaf index in the log') }),
  )
  return Type.Object(properties, { description: 'A sealed event; see docs/spec/event.md' })
}

/** One top-level member: a field of its own, or an object of the fields below it. */
function memberSchema(name: string): TSchema {
  const own = FIELDS.find(f => f.path === name)
  if (own) return own.many ? Type.Array(fieldSchema(own)) : fieldSchema(own)
  const object = Type.Object({}, { additionalProperties: true, description: describe(name) })
  return LISTS_OF_OBJECTS.has(name) ? Type.Array(Type.Union([object, Type.Null()])) : object
}

function describe(name: string): string {
  const below = FIELDS.filter(f => f.path.startsWith(`${name}.`))
  return below.map(f => `${f.path}: ${f.help}`).join('; ')
}

function fieldSchema(field: Field): TSchema {
  const { help: description, values } = field
  if (values) return Type.Enum([...values], { description })
  if (field.type === 'int' || field.type === 'time') return Type.Integer({ description })
  if (field.type === 'number') return Type.Number({ description })
  if (field.type === 'bool') return Type.Boolean({ description })
  return field.type === 'json' ? Type.Unknown({ description }) : Type.String({ description })
}
