// A checked question as a function over one event, with the same meaning as the SQL: for live
// streams, and for events that stand in no index.

import { type Checked, isAsWritten, type QueryField } from './check.ts'
import { addressKey } from './network.ts'
import { literalOf } from './syntax.ts'
import { textMatcher } from './text-match.ts'

export type Predicate = (event: object) => boolean

export function compilePredicate(checked: Checked): Predicate {
  switch (checked.kind) {
    case 'all':
      return () => true
    case 'not': {
      const inner = compilePredicate(checked.item)
      return event => !inner(event)
    }
    case 'and': {
      const all = checked.items.map(compilePredicate)
      return event => all.every(test => test(event))
    }
    case 'or': {
      const any = checked.items.map(compilePredicate)
      return event => any.some(test => test(event))
    }
    case 'exists':
      return some(checked.field, value => value !== null && value !== undefined)
    case 'text': {
      const matches = matcherOf(checked)
      return some(checked.field, value => typeof value === 'string' && matches(value))
    }
    case 'between': {
      const { from, to } = checked
      return some(checked.field, value => typeof value === 'number' && from <= value && value < to)
    }
    case 'bool':
      return some(checked.field, value => value === checked.value)
    case 'network':
      return some(checked.field, value => isInside(value, checked))
    default:
      return some(checked.field, value => typeof value === 'number' && compares(value, checked))
  }
}

function matcherOf({ field, pattern }: Extract<Checked, { kind: 'text' }>): (t: string) => boolean {
  const literal = literalOf(pattern)
  return literal !== null && isAsWritten(field) ? text => text === literal : textMatcher(pattern)
}

type Bounds = { readonly low: string; readonly high: string }

function isInside(value: unknown, { low, high }: Bounds): boolean {
  const key = typeof value === 'string' ? addressKey(value) : null
  return key !== null && low <= key && key <= high
}

type Compared = Pick<Extract<Checked, { kind: 'number' }>, 'operator' | 'value'>

function compares(found: number, { operator, value }: Compared): boolean {
  if (operator === '=') return found === value
  if (operator === '>') return found > value
  if (operator === '>=') return found >= value
  return operator === '<' ? found < value : found <= value
}

/** A test on a field's value, or on any of its values. */
function some(field: QueryField, test: (value: unknown) => boolean): Predicate {
  const path = field.path.split('.')
  return event => {
    const value = valueAt(event, path, 0)
    return Array.isArray(value) ? value.some(test) : test(value)
  }
}

/** Follows the path; through a list it gives the list of what its items have there. */
function valueAt(value: unknown, path: readonly string[], depth: number): unknown {
  const key = path[depth]
  if (key === undefined) return value
  if (Array.isArray(value)) return value.map((item: unknown) => valueAt(item, path, depth))
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return valueAt(Reflect.get(value, key), path, depth + 1)
}
