// A question as something to be pasted elsewhere: a command of Tocsin's command line, a call of
// curl. Both are for a POSIX shell; nothing in a question can leave its quotes.

import type { Asked } from '../api/api.ts'
import { urlOf } from '../api/api.ts'

type Question = {
  readonly q: string
  /** RFC 3339. */
  readonly from: string
  readonly to: string
}

export function asCommand({ q, from, to }: Question): string {
  return `tocsin events search ${quoted(q === '' ? '*' : q)} --from ${quoted(from)} --to ${quoted(to)}`
}

/** The key is the reader's own, so it is named and not shown. */
export function asCurl(origin: string, query: Asked<'GET /v1/events'>['query']): string {
  const url = `${origin}${urlOf('GET /v1/events', query === undefined ? {} : { query })}`
  return `curl -sS -H "Authorization: Bearer $TOCSIN_API_KEY" ${quoted(url)}`
}

/** In single quotes, where a shell takes every character as it is but the quote. */
export function quoted(text: string): string {
  return /^[\w.:/@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
