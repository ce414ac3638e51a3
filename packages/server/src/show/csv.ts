// Events as comma-separated values (RFC 4180) for people's spreadsheets, which take a cell that
// begins like a formula for one: what senders wrote gets an apostrophe before it
// (owasp.org/www-community/attacks/CSV_Injection). Times are RFC 3339, lists are joined.

import type { Field } from '@tocsin/sdk/event'
import { valueAt } from './event-fields.ts'

const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/
/** Besides what RFC 4180 asks for, what programs of other countries split at. */
const QUOTED = /[",;\t\r\n]|^\s|\s$/
const LINE_END = '\r\n'

export function csvHead(fields: readonly Field[]): string {
  return fields.map(({ path }) => path).join(',') + LINE_END
}

export function csvLine(event: unknown, fields: readonly Field[]): string {
  return fields.map(field => cellOf(field, valueAt(event, field.path))).join(',') + LINE_END
}

function cellOf(field: Field, value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'number' && field.type !== 'time') return String(value)
  const text = textOf(field, value)
  const safe = FORMULA.test(text) ? `'${text}` : text
  return QUOTED.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

function textOf(field: Field, value: unknown): string {
  if (field.type === 'json') return JSON.stringify(value)
  if (Array.isArray(value)) return value.map(item => textOf(field, item ?? '')).join('; ')
  if (field.type === 'time') return new Date(Number(value)).toISOString()
  return String(value)
}
