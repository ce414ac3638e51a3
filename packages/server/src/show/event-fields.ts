// Single fields of an event that stands as JSON: one value for a table, or the event with some
// fields only.

import type { Field } from '@tocsin/sdk/event'

/** Of a list of objects the list of what they have there. */
export function valueAt(event: unknown, path: string): unknown {
  let value = event
  for (const key of path.split('.')) {
    value = Array.isArray(value) ? value.map(item => memberOf(item, key)) : memberOf(value, key)
  }
  return value
}

/** What has none of the fields is left out; items of lists keep their places. */
export function pickFields(event: unknown, fields: readonly Field[]): object {
  return picked(
    event,
    fields.map(({ path }) => path.split('.')),
  )
}

function picked(value: unknown, paths: readonly (readonly string[])[]): object {
  const out: { [key: string]: unknown } = {}
  for (const [key = '', deeper] of Map.groupBy(paths, ([head]) => head)) {
    const member = memberOf(value, key)
    if (member === undefined) continue
    const rest = deeper.map(path => path.slice(1))
    const isWhole = rest.some(path => path.length === 0)
    if (isWhole) out[key] = member
    else if (Array.isArray(member)) out[key] = member.map(item => item && picked(item, rest))
    else out[key] = picked(member, rest)
  }
  return out
}

function memberOf(value: unknown, key: string): unknown {
  const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, key)
  return isObject ? Reflect.get(value, key) : undefined
}
