// One field of a selection against its values, compiled by the field's type: what can never match,
// such as a text where a number stands, is a mistake and refused.

import { findKind, KINDS } from '@tocsin/sdk/event'
import { addressKey, networkRange } from '@tocsin/sdk/query'
import { type EventTest, NEVER } from './event-test.ts'
import { ipv4Number, ipv4Range } from './ipv4.ts'
import type { Modifiers } from './modifiers.ts'
import {
  anyPattern,
  containing,
  endingWith,
  isAnything,
  literalOf,
  type Pattern,
  parsePattern,
  prefixOf,
  startingWith,
} from './pattern.ts'
import { meant, type Path, quoted, type RuleReader } from './reading.ts'
import { type RuleField, someValue } from './rule-field.ts'

export type At = { readonly reader: RuleReader; readonly path: Path }
type Test = (value: unknown) => boolean
type Scalar = string | number | boolean

const VALUES_MAX = 1000
const VALUE_CHARS_MAX = 1024

export function readFieldTest(at: At, field: RuleField, how: Modifiers, value: unknown): EventTest {
  const { reader, path } = at
  if (how.shape === 'exists') return readExists(at, field, how, value)
  if (value === null || value === undefined) return readMissing(at, field, how)
  const values = readValues(at, value)
  if (!values) return NEVER
  if (how.isAll && values.length === 1) {
    reader.refuse(path, 'all needs a list of at least two values', 'leave it out')
    return NEVER
  }
  const groups = how.isAll ? values.map(one => [one]) : [values]
  const tests = groups.map(group => readTest(at, field, how, group))
  const holds = tests.flatMap(test => (test === null ? [] : [someValue(field, test)]))
  const [first, ...more] = holds
  if (!first || holds.length < tests.length) return NEVER
  if (how.isNot) return { matches: event => !holds.every(one => one(event)), kinds: null }
  if (more.length > 0) return { matches: event => holds.every(one => one(event)), kinds: null }
  return { matches: first, kinds: kindsOf(field, how, values, tests[0] ?? null) }
}

function readExists({ reader, path }: At, field: RuleField, how: Modifiers, value: unknown) {
  if (typeof value !== 'boolean' || how.isAll) {
    reader.refuse(
      path,
      'exists takes true or false',
      'write `exists: true`, as `field|exists: true`',
    )
    return NEVER
  }
  const isThere = someValue(field, found => found !== undefined)
  return { matches: value ? isThere : notOf(isThere), kinds: null }
}

function notOf(holds: EventTest['matches']): EventTest['matches'] {
  return event => !holds(event)
}

/** null in Sigma: the field is missing or empty. */
function readMissing({ reader, path }: At, field: RuleField, how: Modifiers): EventTest {
  if (how.shape !== 'equals' || how.isAll) {
    reader.refuse(path, `null does not go with ${how.shape}`, 'write `field: null` by itself')
    return NEVER
  }
  const isThere = someValue(field, found => found !== null && found !== '')
  return { matches: how.isNot ? isThere : notOf(isThere), kinds: null }
}

function readValues({ reader, path }: At, value: unknown): readonly Scalar[] | null {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (items.length === 0 || items.length > VALUES_MAX)
    return reader.refuse(path, `1 to ${VALUES_MAX} values must stand here`, 'name the values')
  const values = items.flatMap((item, i) => {
    const isShort = typeof item !== 'string' || item.length <= VALUE_CHARS_MAX
    if (isScalar(item) && isShort) return [item]
    const at = Array.isArray(value) ? [...path, i] : path
    refuseValue({ reader, path: at }, item)
    return []
  })
  return values.length === items.length ? values : null
}

function isScalar(value: unknown): value is Scalar {
  const isNumber = typeof value === 'number' && Number.isFinite(value)
  return typeof value === 'string' || typeof value === 'boolean' || isNumber
}

function refuseValue({ reader, path }: At, item: unknown): void {
  if (item === null)
    reader.refuse(path, 'null stands in a list', 'give it a selection of its own and join with or')
  else if (typeof item === 'string')
    reader.refuse(path, `a value is longer than ${VALUE_CHARS_MAX} characters`, 'shorten it')
  else reader.refuse(path, 'a value must be text, a number, true or false', 'write one of these')
}

/** True when a value of an event passes any of the rule's; null with the mistake noted. */
function readTest(at: At, field: RuleField, how: Modifiers, values: readonly Scalar[]) {
  switch (how.shape) {
    case 'cidr':
      return readNetworks(at, field, values)
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return readOrder(at, field, how.shape, values)
    default:
      return readTexts(at, field, how, values)
  }
}

function readNetworks({ reader, path }: At, field: RuleField, values: readonly Scalar[]) {
  if (field.type !== 'ip' && field.type !== 'json')
    return reader.refuse(path, `${field.path} is no address`, 'use cidr with source.ip')
  const ranges = values.map(value => networkRange(String(value)))
  const known = ranges.filter(range => range !== null)
  if (known.length < ranges.length) {
    const bad = quoted(values[ranges.indexOf(null)])
    return reader.refuse(path, `${bad} is no network`, 'write one like 10.0.0.0/8 or 2001:db8::/32')
  }
  const ipv4 = known.flatMap(range => ipv4Range(range) ?? [])
  return (value: unknown) => {
    if (typeof value !== 'string') return false
    const number = ipv4Number(value)
    if (number >= 0) return ipv4.some(({ low, high }) => low <= number && number <= high)
    const key = addressKey(value)
    return key !== null && known.some(({ low, high }) => low <= key && key <= high)
  }
}

type Order = 'lt' | 'lte' | 'gt' | 'gte'

function readOrder(at: At, field: RuleField, order: Order, values: readonly Scalar[]): Test | null {
  const { reader, path } = at
  if (!isOrdered(field) && field.type !== 'json')
    return reader.refuse(path, `${field.path} is ${field.type}, which has no order`, 'name a value')
  const numbers = values.map(toNumber)
  if (numbers.includes(Number.NaN))
    return reader.refuse(path, `${order} takes a number`, 'write a number without quotes')
  // Any of several bounds is the loosest of them.
  const isUpper = order === 'lt' || order === 'lte'
  const bound = isUpper ? Math.max(...numbers) : Math.min(...numbers)
  switch (order) {
    case 'lt':
      return value => typeof value === 'number' && value < bound
    case 'lte':
      return value => typeof value === 'number' && value <= bound
    case 'gt':
      return value => typeof value === 'number' && value > bound
    default:
      return value => typeof value === 'number' && value >= bound
  }
}

function isOrdered({ type }: RuleField): boolean {
  return type === 'int' || type === 'number' || type === 'time'
}

function toNumber(value: Scalar): number {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : Number.NaN
}

function readTexts(at: At, field: RuleField, how: Modifiers, values: readonly Scalar[]) {
  const { reader, path } = at
  const patterns = values.map(value => shaped(parsePattern(String(value)), how))
  const idle = patterns.findIndex(isAnything)
  if (idle >= 0) {
    const fix = 'use `field|exists: true`, or say more'
    return reader.refuse(path, `${quoted(values[idle])} matches every value`, fix)
  }
  const literals = patterns.map(literalOf)
  const wrong = literals.findIndex(one => one !== null && !isPossible(field, one))
  if (wrong >= 0) return refuseLiteral(at, field, literals[wrong] ?? '')
  if (isOrdered(field)) return numberTest(patterns, how)
  if (field.type === 'bool') return boolTest(literals, at)
  const test = anyPattern(patterns, how.isCased)
  const ofText = (value: unknown) => typeof value === 'string' && test(value)
  if (field.type === 'ip') return addressTest(literals, ofText)
  if (field.type !== 'json') return ofText
  return (value: unknown) => isScalar(value) && test(String(value))
}

function shaped(pattern: Pattern, { shape }: Modifiers): Pattern {
  if (shape === 'contains') return containing(pattern)
  if (shape === 'startswith') return startingWith(pattern)
  return shape === 'endswith' ? endingWith(pattern) : pattern
}

/** False for a value that no event can have there. */
function isPossible(field: RuleField, literal: string): boolean {
  const folded = literal.toLowerCase()
  if (field.path === 'kind') return findKind(folded) !== null
  if (field.values) return field.values.includes(folded)
  if (field.type === 'bool') return folded === 'true' || folded === 'false'
  return !isOrdered(field) || !Number.isNaN(toNumber(literal))
}

function refuseLiteral({ reader, path }: At, field: RuleField, literal: string): null {
  const names = field.path === 'kind' ? KINDS.map(({ kind }) => kind) : (field.values ?? [])
  if (names.length > 0) {
    const list = field.path === 'kind' ? 'the kinds stand in docs/spec/event.md' : names.join(', ')
    const fix = meant(literal, names, `it is one of: ${list}`)
    return reader.refuse(path, `${field.path} is never ${quoted(literal)}`, fix)
  }
  const wanted = field.type === 'bool' ? 'true or false' : 'a number'
  return reader.refuse(
    path,
    `${field.path} is ${wanted}, never ${quoted(literal)}`,
    `write ${wanted}`,
  )
}

/** `0200` and 200 are the same number; with wildcards the digits are text. */
function numberTest(patterns: readonly Pattern[], how: Modifiers): Test {
  const literals = patterns.flatMap(one => literalOf(one) ?? [])
  const numbers = new Set(literals.map(toNumber))
  const others = patterns.filter(one => literalOf(one) === null)
  if (others.length === 0) return value => typeof value === 'number' && numbers.has(value)
  const test = anyPattern(others, how.isCased)
  return value => typeof value === 'number' && (numbers.has(value) || test(String(value)))
}

function boolTest(literals: readonly (string | null)[], { reader, path }: At): Test | null {
  if (literals.includes(null))
    return reader.refuse(path, 'true and false have no wildcards', 'write true or false')
  const wanted = literals.map(one => one?.toLowerCase() === 'true')
  return value => typeof value === 'boolean' && wanted.includes(value)
}

/** An IPv6 address has many spellings. */
function addressTest(literals: readonly (string | null)[], ofText: Test): Test {
  const keys = literals.flatMap(one => (one?.includes(':') && addressKey(one)) || [])
  if (keys.length === 0) return ofText
  return value => {
    if (ofText(value)) return true
    const key = typeof value === 'string' && value.includes(':') ? addressKey(value) : null
    return key !== null && keys.includes(key)
  }
}

const HOSTS = 'host.'

/** Kinds that pass a test of the field `kind`; hosts have kinds that nobody can list. */
function kindsOf(
  { path }: RuleField,
  { shape, isCased }: Modifiers,
  values: readonly Scalar[],
  test: Test | null,
): ReadonlySet<string> | null {
  if (path !== 'kind' || !test) return null
  const patterns = values.map(value => shaped(parsePattern(String(value)), { ...NO, shape }))
  const literals = patterns.map(literalOf)
  if (!literals.includes(null) && !isCased) {
    return new Set(literals.map(one => String(one).toLowerCase()))
  }
  const mayBeHost = patterns.some(one => {
    const prefix = prefixOf(one).toLowerCase()
    return HOSTS.startsWith(prefix) || prefix.startsWith(HOSTS)
  })
  return mayBeHost ? null : new Set(KINDS.map(({ kind }) => kind).filter(test))
}

const NO = { isAll: false, isCased: false, isNot: false } as const
