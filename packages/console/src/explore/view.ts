// How results are shown, as it stands in the address: which columns in which order, what they are
// sorted by, how high a row is, which fields of the panel are open. What the address says wrong is
// as if it were not said.

import { FIELD_BY_NAME, type Field } from '@tocsin/sdk/event'
import type { Search } from '../address/address.tsx'

/** The model, tool, resource or endpoint that was reached, whichever an event has. */
export const TARGET = 'target'
/** Fields of the column `target`, the first that is there. */
export const TARGET_FIELDS: readonly string[] = [
  'model.served',
  'model.requested',
  'resource.id',
  'tool.name',
  'endpoint',
]

export const DEFAULT_COLUMNS: readonly string[] = [
  'time',
  'outcome',
  'actor.id',
  'kind',
  'operation',
  TARGET,
  'source.ip',
  'rows',
  'durationMs',
]
const COLUMNS_MAX = 24

export const DEFAULT_SORT = '-time'

/** Whose values are shown before anybody chose: what most questions turn on. */
export const OPEN_FIELDS: readonly string[] = [
  'kind',
  'outcome',
  'actor.id',
  'model.served',
  'resource.id',
  'agent.id',
  'source.geo.country',
  'reasonCode',
]
const OPEN_MAX = 24

export function columnsOf(search: Search): readonly string[] {
  const asked = (search.cols ?? '').split(',').flatMap(name => {
    const known = name === TARGET ? TARGET : FIELD_BY_NAME.get(name)?.path
    return known === undefined ? [] : [known]
  })
  const columns = [...new Set(asked)].slice(0, COLUMNS_MAX)
  return columns.length === 0 ? DEFAULT_COLUMNS : columns
}

/** null for the default. */
export function printColumns(columns: readonly string[]): string | null {
  const text = columns.join(',')
  return text === '' || text === DEFAULT_COLUMNS.join(',') ? null : text
}

/** In it becomes out, and out becomes the last. */
export function withColumnToggled(columns: readonly string[], name: string): readonly string[] {
  return columns.includes(name) ? columns.filter(one => one !== name) : [...columns, name]
}

/** One place to the left (-1) or right (1). */
export function withColumnMoved(
  columns: readonly string[],
  name: string,
  by: -1 | 1,
): readonly string[] {
  const from = columns.indexOf(name)
  const to = from + by
  if (from === -1 || to < 0 || to >= columns.length) return columns
  return columns.toSpliced(from, 1).toSpliced(to, 0, name)
}

/** `-time`: by time, the newest first. */
export function sortOf({ sort = DEFAULT_SORT }: Search): string {
  const field = FIELD_BY_NAME.get(sort.replace(/^-/, ''))
  return field && isSortable(field) ? sort : DEFAULT_SORT
}

export function isSortable({ type, many }: Field): boolean {
  return !many && (type === 'time' || type === 'int' || type === 'number')
}

export type Density = 'dense' | 'roomy'

export const ROW_PX: { readonly [density in Density]: number } = { dense: 28, roomy: 40 }

export function densityOf({ density }: Search): Density {
  return density === 'roomy' ? 'roomy' : 'dense'
}

/** Fields whose values the server counts: of time there is a chart, JSON is not searched. */
export function isCounted({ type }: Field): boolean {
  return type !== 'time' && type !== 'json'
}

/** `open=none` is nobody's: every field is closed. */
export function openFieldsOf({ open }: Search): readonly string[] {
  if (open === undefined) return OPEN_FIELDS
  const names = open.split(',').filter(name => {
    const field = FIELD_BY_NAME.get(name)
    return field !== undefined && isCounted(field)
  })
  return [...new Set(names)].slice(0, OPEN_MAX)
}

export function printOpenFields(fields: readonly string[]): string | null {
  if (fields.length === 0) return 'none'
  const isDefault =
    fields.length === OPEN_FIELDS.length && OPEN_FIELDS.every(name => fields.includes(name))
  return isDefault ? null : fields.join(',')
}
