// The parameters of an address: text to values and back. Pure. Going to another screen keeps the
// questions and the time range, so that no filter is lost on the way.

/** Parameters by name. Absent and empty are the same. */
export type Search = { readonly [name: string]: string }

/** `null` takes a parameter away. */
export type Changes = { readonly [name: string]: string | null }

const VERSION = '1'
/** Kept wherever one goes: questions on events and on alerts, time range, zone of the clock. */
export const KEPT: readonly string[] = ['q', 'aq', 'from', 'to', 'tz']
const VALUE_CHARS_MAX = 8192

export const DEFAULT_FROM = 'now-24h'
export const DEFAULT_TO = 'now'
/**
 * Where a day is too short: what waits for a decision may have waited for longer, and what is
 * unlike somebody is seen beside a week.
 */
const DEFAULT_FROM_AT: { readonly [place: string]: string } = {
  alerts: 'now-30d',
  entities: 'now-7d',
}

export function parseSearch(text: string): Search {
  const found: { [name: string]: string } = {}
  for (const [name, value] of new URLSearchParams(text)) {
    const isOwn = /^[a-z][a-zA-Z0-9]{0,31}$/.test(name) && name !== 'v'
    if (isOwn && value !== '' && value.length <= VALUE_CHARS_MAX) found[name] = value
  }
  return found
}

/** With its question mark; the version tells a later console how to read it. */
export function printSearch(search: Search): string {
  const names = Object.keys(search)
    .filter(name => search[name] !== '' && search[name] !== undefined)
    .sort()
  if (names.length === 0) return ''
  const printed = new URLSearchParams([['v', VERSION]])
  for (const name of names) printed.set(name, search[name] ?? '')
  return `?${printed}`
}

export function changed(search: Search, changes: Changes): Search {
  const merged = { ...search, ...changes }
  const kept = Object.entries(merged).filter(([, value]) => value !== null && value !== '')
  return Object.fromEntries(kept.map(([name, value]) => [name, value ?? '']))
}

/** What goes along to another screen, with what is asked there. */
export function carried(search: Search, changes: Changes = {}): Search {
  return changed(Object.fromEntries(KEPT.map(name => [name, search[name] ?? ''])), changes)
}

/** The time range asked for, as the API takes it; the default is stated on the screen. */
export function rangeOf(search: Search, path = ''): { readonly from: string; readonly to: string } {
  const [, place = ''] = path.split('/')
  const from = DEFAULT_FROM_AT[place] ?? DEFAULT_FROM
  return { from: search.from ?? from, to: search.to ?? DEFAULT_TO }
}

const RELATIVE = /^now(?:-(\d{1,6})([smhdw]))?$/
const UNIT_MS: { readonly [unit: string]: number } = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Milliseconds since 1970; null for what is no time. */
export function momentOf(text: string, nowMs: number): number | null {
  const relative = RELATIVE.exec(text)
  if (relative) return nowMs - Number(relative[1] ?? 0) * (UNIT_MS[relative[2] ?? 's'] ?? 0)
  if (/^\d{10,16}$/.test(text)) return Number(text)
  // A time without an offset is UTC, as for the server.
  const isBare = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?$/.test(text)
  const ms = Date.parse(isBare ? `${text.replace(' ', 'T')}Z` : text)
  return Number.isFinite(ms) ? ms : null
}

/** For a link that means the same tomorrow: relative times become moments. */
export function frozen(search: Search, nowMs: number, path = ''): Search {
  const { from, to } = rangeOf(search, path)
  const fixed = (text: string) => {
    const ms = momentOf(text, nowMs)
    return ms === null ? text : new Date(ms).toISOString()
  }
  return changed(search, { from: fixed(from), to: fixed(to) })
}
