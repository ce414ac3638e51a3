// The `correlation` of a rule: what is counted, for whom, in which window, and from when it is too
// much. Sigma's event_count, value_count, value_sum, and Tocsin's own types (docs/spec/rules.md).

import { FIELD_BY_NAME } from '@tocsin/sdk/event'
import { ENTITY_TYPES } from '../finding.ts'
import {
  CORRELATION_TYPES,
  type Comparison,
  type CorrelationRule,
  type CorrelationType,
  DAY_MS,
} from '../rule.ts'
import { type Members, meant, own, type Path, quoted, type RuleReader } from './reading.ts'
import { readField } from './rule-field.ts'

type Need = 'must' | 'may' | 'never'

/** What each type takes. */
type Shape = {
  readonly timespan: Need
  readonly condition: Need
  readonly field: Need
  /** The field is summed, so it holds numbers. */
  readonly isSum: boolean
  /** Has a past of its own: baseline, min_count, p_max. */
  readonly isOwn: boolean
}

const SHAPES: { readonly [type in CorrelationType]: Shape } = {
  event_count: shape('must', 'must', 'never'),
  value_count: shape('must', 'must', 'must'),
  value_sum: { ...shape('must', 'must', 'must'), isSum: true },
  baseline_ratio: { ...shape('must', 'must', 'may'), isSum: true, isOwn: true },
  baseline_drift: { ...shape('may', 'may', 'may'), isSum: true, isOwn: true },
  first_seen: { ...shape('never', 'never', 'must'), isOwn: true },
  unusual_hour: { ...shape('never', 'never', 'never'), isOwn: true },
  unusual_sequence: { ...shape('never', 'never', 'never'), isOwn: true },
  absence: { ...shape('must', 'never', 'never'), isOwn: true },
}

function shape(timespan: Need, condition: Need, field: Need): Shape {
  return { timespan, condition, field, isSum: false, isOwn: false }
}

const LATER = ['temporal', 'temporal_ordered', 'value_avg', 'value_percentile']
const KEYS = ['type', 'rules', 'group-by', 'timespan', 'condition', 'generate']
const OWN_KEYS = ['baseline', 'min_count', 'p_max']
const OPERATORS = ['gt', 'gte', 'lt', 'lte', 'eq', 'neq'] as const
const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS } as const
const TIMESPAN_DAYS_MAX = 31
const BASELINE_DAYS = 30
const BASELINE_DAYS_MAX = 365
const GROUP_FIELDS_MAX = 4

export type Correlation = Omit<CorrelationRule, Exclude<keyof CorrelationRule, Numbers>> & {
  readonly generate: boolean
}
type Numbers =
  | 'type'
  | 'rules'
  | 'groupBy'
  | 'timespanMs'
  | 'condition'
  | 'field'
  | 'baselineMs'
  | 'minCount'
  | 'pMax'

/** Names of rules are still as written; null with the mistakes noted. */
export function readCorrelation(reader: RuleReader, value: unknown): Correlation | null {
  const path = ['correlation']
  const map = reader.map(value, path, 'correlation')
  const type = map && readType(reader, map, path)
  if (!map || !type) return null
  const needs = SHAPES[type]
  if (own(map, 'aliases') !== undefined) {
    const fix = 'group by one field that all the rules have'
    reader.refuse([...path, 'aliases'], 'aliases come later', fix)
  }
  const known = [...KEYS, ...(needs.isOwn ? OWN_KEYS : []), 'aliases']
  reader.checkKeys(map, path, known)
  const rules = reader.texts(map, path, 'rules')
  if (rules.length === 0) {
    reader.refuse(path, 'the correlation counts no rule', 'add `rules:` with names or ids of rules')
  }
  return {
    type,
    rules,
    groupBy: readGroup(reader, map, path),
    timespanMs: readTimespan(reader, map, path, needs.timespan),
    ...readCondition(reader, map, [...path, 'condition'], type),
    ...readPast(reader, map, path, needs),
    generate: reader.flag(map, path, 'generate') ?? false,
  }
}

function readType(reader: RuleReader, map: Members, path: Path): CorrelationType | null {
  const name = reader.required(map, path, 'type', 'event_count')
  if (name === null) return null
  const plain = name.startsWith('x-') ? name.slice(2) : name
  const type = CORRELATION_TYPES.find(one => one === plain)
  if (type && (plain === name || SHAPES[type].isOwn)) return type
  const at = [...path, 'type']
  if (LATER.includes(name)) {
    const fix = 'use event_count, value_count or value_sum, each rule by itself'
    return reader.refuse(at, `the correlation type ${name} comes later`, fix)
  }
  const fix = meant(name, CORRELATION_TYPES, `the types are ${CORRELATION_TYPES.join(', ')}`)
  return reader.refuse(at, `${quoted(name)} is no type of correlation`, fix)
}

function readGroup(reader: RuleReader, map: Members, path: Path): readonly string[] {
  const at = [...path, 'group-by']
  const names = reader.texts(map, path, 'group-by')
  const entities = Object.keys(ENTITY_TYPES)
  if (names.length === 0 || names.length > GROUP_FIELDS_MAX) {
    const fix = 'add `group-by: [actor.id]`; the first names whom a finding is about'
    reader.refuse(path, `group-by takes 1 to ${GROUP_FIELDS_MAX} fields`, fix)
  }
  const fields = names.map((name, i) => readField(reader, name, [...at, i])?.path ?? name)
  const [first] = fields
  if (first !== undefined && FIELD_BY_NAME.has(first) && !entities.includes(first)) {
    const fix = meant(first, entities, `begin with one of ${entities.join(', ')}`)
    reader.refuse([...at, 0], `a finding cannot be about a ${first}`, fix)
  }
  return fields
}

function readTimespan(reader: RuleReader, map: Members, path: Path, need: Need): number {
  const text = own(map, 'timespan')
  const at = [...path, 'timespan']
  if (text === undefined) {
    if (need === 'must')
      reader.refuse(path, 'timespan is missing', 'add `timespan: 2h` (s, m, h or d)')
    return 0
  }
  if (need === 'never') {
    reader.refuse(at, 'this type has no timespan', 'leave it out')
    return 0
  }
  return readSpan({ reader, path: at, daysMax: TIMESPAN_DAYS_MAX }, text, '2h')
}

type SpanAt = { readonly reader: RuleReader; readonly path: Path; readonly daysMax: number }

function readSpan({ reader, path, daysMax }: SpanAt, value: unknown, example: string): number {
  const [, digits = '', letter = ''] = /^(\d{1,6})([smhd])$/.exec(String(value)) ?? []
  const unitMs = letter === 's' || letter === 'm' || letter === 'h' ? UNIT_MS[letter] : UNIT_MS.d
  const spanMs = Number(digits) * unitMs
  if (digits !== '' && spanMs > 0 && spanMs <= daysMax * DAY_MS) return spanMs
  const fix = `write a number and s, m, h or d, like ${example}, of ${daysMax} days at most`
  reader.refuse(path, `${quoted(value)} is no length of time`, fix)
  return 0
}

type Conditions = Pick<Correlation, 'condition' | 'field'>

function readCondition(
  reader: RuleReader,
  holder: Members,
  path: Path,
  type: CorrelationType,
): Conditions {
  const needs = SHAPES[type]
  const value = own(holder, 'condition')
  const none = { condition: [], field: null }
  if (value === undefined) {
    const example = needs.field === 'must' ? '{ field: rows, gt: 100 }' : '{ gt: 100 }'
    const wanted = needs.condition === 'never' ? '{ field: source.ip }' : example
    if (needs.condition === 'must' || needs.field === 'must')
      reader.refuse(['correlation'], 'condition is missing', `add \`condition: ${wanted}\``)
    return none
  }
  const map = reader.map(value, path, 'condition')
  if (!map) return none
  const operators = OPERATORS.filter(one => own(map, one) !== undefined)
  const isRefused = needs.condition === 'never' && operators.length > 0
  const allowed = [...OPERATORS, ...(needs.field === 'never' ? [] : ['field'])]
  reader.checkKeys(map, path, allowed)
  if (isRefused) {
    const [first = ''] = operators
    reader.refuse([...path, first], `${type} has no threshold`, 'leave it out; p_max decides')
  }
  if (needs.condition === 'must' && operators.length === 0) {
    reader.refuse(path, 'the condition has no threshold', `add one of ${OPERATORS.join(', ')}`)
  }
  const condition = operators.flatMap<Comparison>(operator => {
    const bound = reader.number(map, path, operator)
    return bound === null ? [] : [{ operator, value: bound }]
  })
  return { condition, field: readCounted(reader, map, path, needs) }
}

function readCounted(reader: RuleReader, map: Members, path: Path, needs: Shape): string | null {
  if (needs.field === 'never') return null
  const at = [...path, 'field']
  if (Array.isArray(own(map, 'field')))
    return reader.refuse(at, 'several fields come later', 'name one field')
  const name = reader.text(map, path, 'field')
  if (name === null) {
    if (needs.field === 'must' && own(map, 'field') === undefined)
      reader.refuse(path, 'field is missing', 'add `field:` to the condition')
    return null
  }
  const field = readField(reader, name, at)
  const isNumber = field?.type === 'int' || field?.type === 'number' || field?.type === 'json'
  if (field && needs.isSum && !isNumber)
    return reader.refuse(at, `${name} holds no numbers to sum`, 'name one like rows or usage.out')
  return field?.path ?? null
}

type Past = Pick<Correlation, 'baselineMs' | 'minCount' | 'pMax'>

function readPast(reader: RuleReader, map: Members, path: Path, { isOwn }: Shape): Past {
  if (!isOwn) return { baselineMs: 0, minCount: 0, pMax: 1 }
  const baseline = own(map, 'baseline') ?? `${BASELINE_DAYS}d`
  const at = { reader, path: [...path, 'baseline'], daysMax: BASELINE_DAYS_MAX }
  const minCount = reader.number(map, path, 'min_count') ?? 0
  if (minCount < 0)
    reader.refuse([...path, 'min_count'], 'min_count is below 0', 'write the least that counts')
  const pMax = reader.number(map, path, 'p_max') ?? 1
  if (pMax <= 0 || pMax > 1)
    reader.refuse([...path, 'p_max'], 'p_max is a probability', 'write one like 0.001')
  return { baselineMs: readSpan(at, baseline, '30d'), minCount, pMax }
}
