// Fields as rules name them: those of the event's catalogue, and paths below the ones that hold
// JSON (`ext.raw.eventName`). Of a field with many values each one counts.

import { FIELD_BY_NAME, FIELDS, type FieldType, type SealedEvent } from '@tocsin/sdk/event'
import {
  isMembers,
  type Members,
  meant,
  own,
  type Path,
  quoted,
  type RuleReader,
} from './reading.ts'

export type RuleField = {
  readonly path: string
  readonly type: FieldType
  /** The only values there are. */
  readonly values: readonly string[] | null
  readonly isMany: boolean
}

type Test = (value: unknown) => boolean
type EventMatch = (event: SealedEvent) => boolean

const LISTS_OF_OBJECTS: ReadonlySet<string> = new Set(['resource', 'onBehalfOf'])

/** null with the mistake noted. */
export function readField(reader: RuleReader, name: string, at: Path): RuleField | null {
  const field = FIELD_BY_NAME.get(name)
  if (field) {
    const { path, type, values = null, many = false } = field
    if (type !== 'json') return { path, type, values, isMany: many }
    const fix = `name a path below it, like ${path}.${path === 'ext' ? 'raw.eventName' : 'key'}`
    return reader.refuse(at, `${name} is a whole tree of values`, fix)
  }
  const root = FIELDS.find(({ path, type }) => type === 'json' && name.startsWith(`${path}.`))
  if (root && !name.split('.').includes('')) {
    return { path: name, type: 'json', values: null, isMany: true }
  }
  const otherwise = 'name a field of the event (docs/spec/event.md), or a path below ext.'
  const fix = meant(name, FIELD_BY_NAME.keys(), otherwise)
  return reader.refuse(at, `${quoted(name)} is no field of an event`, fix)
}

/** True when any value of the field passes. A field that is not there has none. */
export function someValue({ path, type, isMany }: RuleField, test: Test): EventMatch {
  const keys = path.split('.')
  if (type === 'json') return event => anyBelow(event, keys, 0, test)
  const [first = '', second] = keys
  if (second !== undefined && LISTS_OF_OBJECTS.has(first)) return inObjects(first, second, test)
  const read = readingOf(path)
  if (isMany) {
    return event => {
      const value = read(event)
      return Array.isArray(value) ? value.some(test) : value !== undefined && test(value)
    }
  }
  return event => {
    const value = read(event)
    return value !== undefined && test(value)
  }
}

type Read = (event: SealedEvent) => unknown

/** Fields that most rules ask for, as code: a name in a variable costs twice. */
const READS: { readonly [path: string]: Read } = {
  kind: event => event.kind,
  outcome: event => event.outcome,
  operation: event => event.operation,
  system: event => event.system,
  status: event => event.status,
  rows: event => event.rows,
  costMicros: event => event.costMicros,
  inputHash: event => event.inputHash,
  'actor.type': event => event.actor.type,
  'actor.id': event => event.actor.id,
  'actor.credential': event => event.actor.credential,
  'actor.session': event => event.actor.session,
  'model.served': event => event.model?.served,
  'model.requested': event => event.model?.requested,
  'source.ip': event => event.source?.ip,
  'source.zone': event => event.source?.zone,
  'source.userAgent': event => event.source?.userAgent,
  'source.geo.country': event => event.source?.geo?.country,
  'tool.name': event => event.tool?.name,
  'usage.out': event => event.usage?.out,
}

function readingOf(path: string): Read {
  const [first = '', second, third] = path.split('.')
  return READS[path] ?? reading(first, second, third)
}

/** Written out by depth: a loop over keys costs more than all the rest. */
function reading(first: string, second?: string, third?: string): (event: Members) => unknown {
  if (second === undefined) return event => event[first]
  if (third === undefined) {
    return event => {
      const inner = event[first]
      return isMembers(inner) ? inner[second] : undefined
    }
  }
  return event => {
    const inner = event[first]
    const deeper = isMembers(inner) ? inner[second] : undefined
    return isMembers(deeper) ? deeper[third] : undefined
  }
}

function inObjects(first: string, second: string, test: Test): EventMatch {
  const list = reading(first)
  return event => {
    const items = list(event)
    if (!Array.isArray(items)) return false
    for (const item of items) {
      const value: unknown = isMembers(item) ? item[second] : undefined
      if (value !== undefined && test(value)) return true
    }
    return false
  }
}

function anyBelow(value: unknown, keys: readonly string[], depth: number, test: Test): boolean {
  if (Array.isArray(value)) return value.some(item => anyBelow(item, keys, depth, test))
  const key = keys[depth]
  if (key === undefined) return value !== undefined && test(value)
  return isMembers(value) && anyBelow(own(value, key), keys, depth + 1, test)
}

/** For keyword search: true when any text or number anywhere in the event passes. */
export function someLeaf(test: (text: string) => boolean): EventMatch {
  const walk = (value: unknown): boolean => {
    if (typeof value === 'string') return test(value)
    if (typeof value === 'number') return test(String(value))
    if (typeof value !== 'object' || value === null) return false
    return Object.values(value).some(walk)
  }
  return walk
}
