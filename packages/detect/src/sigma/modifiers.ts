// What may stand behind a field's name: `field|contains|all`. What comes later is refused by name.

import { meant, type Path, quoted, type RuleReader } from './reading.ts'

const SHAPES = [
  'contains',
  'startswith',
  'endswith',
  'exists',
  'lt',
  'lte',
  'gt',
  'gte',
  'cidr',
] as const
const FLAGS = ['all', 'cased', 'neq'] as const

/** Sigma 2.1's others, with what can be done until they come. */
const LATER: ReadonlyMap<string, string> = new Map([
  ...['re', 'i', 'm', 's'].map(
    name => [name, 'use contains, startswith, endswith, or * and ? in the value'] as const,
  ),
  ...['windash', 'base64', 'base64offset', 'utf16le', 'wide', 'utf16be', 'utf16'].map(
    name => [name, 'write the spellings out as a list of values'] as const,
  ),
  ...['minute', 'hour', 'day', 'week', 'month', 'year'].map(
    name => [name, 'for hours that an account is never active, use type unusual_hour'] as const,
  ),
  ['expand', 'write the values out as a list'],
  ['fieldref', 'compare with values instead of another field'],
])

type Shape = (typeof SHAPES)[number]
type Flag = (typeof FLAGS)[number]

export type Modifiers = {
  readonly shape: Shape | 'equals'
  /** Each of the values must match, not one of them. */
  readonly isAll: boolean
  readonly isCased: boolean
  readonly isNot: boolean
}

/** null with the mistakes noted. */
export function readModifiers(
  reader: RuleReader,
  names: readonly string[],
  path: Path,
): Modifiers | null {
  const known = names.map(name => isKnown(name) || refuseModifier(reader, name, path))
  if (known.includes(false)) return null
  const shapes = SHAPES.filter(shape => names.includes(shape))
  const has = (flag: Flag) => names.includes(flag)
  const shape: Modifiers['shape'] = shapes[0] ?? 'equals'
  const how: Modifiers = { shape, isAll: has('all'), isCased: has('cased'), isNot: has('neq') }
  if (shapes.length > 1 || new Set(names).size < names.length) {
    return reader.refuse(path, `${names.join(' and ')} do not go together`, 'use one of them')
  }
  const isText = ['equals', 'contains', 'startswith', 'endswith'].includes(shape)
  const odd = how.isCased && !isText ? 'cased' : how.isNot && !isText ? 'neq' : null
  if (odd) {
    const fix = odd === 'neq' ? 'write `not` in the condition' : 'leave it out'
    return reader.refuse(path, `${odd} does not go with ${shape}`, fix)
  }
  return how
}

function isKnown(name: string): boolean {
  return [...SHAPES, ...FLAGS].some(known => known === name)
}

function refuseModifier(reader: RuleReader, name: string, path: Path): false {
  const later = LATER.get(name)
  if (later === undefined) {
    const names = [...SHAPES, ...FLAGS]
    const fix = meant(name, names, `the modifiers are ${names.join(', ')}`)
    reader.refuse(path, `${quoted(name)} is no modifier`, fix)
  } else reader.refuse(path, `the modifier ${name} comes later`, later)
  return false
}
