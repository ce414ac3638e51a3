// How alerts, entities and investigations are put on a terminal: wrapped to the width there is,
// numbers that add up as they are shown, times in UTC. What comes from events is hostile: it is
// shown, never obeyed, and cut where nobody would read on.

import { visible } from './table.ts'

const WIDTH_MAX = 110
const NAME_CHARS_MAX = 80
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const

export function textWidth(width: number): number {
  return Math.max(40, Math.min(width, WIDTH_MAX))
}

/** Lines of at most `width` characters, each behind `indent`; what is too long for one is cut. */
export function wrap(text: string, width: number, indent: string = ''): string {
  const most = Math.max(20, width - indent.length)
  const lines: string[] = []
  let line = ''
  for (const word of visible(text).split(/\s+/)) {
    const short = word.length > most ? `${word.slice(0, most - 1)}…` : word
    if (line !== '' && line.length + 1 + short.length > most) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? short : `${line} ${short}`
  }
  return [...lines, line].map(one => `${indent}${one}\n`).join('')
}

/** An id of somebody else's making, whole where it is short. */
export function shownName(id: string, most: number = NAME_CHARS_MAX): string {
  const text = visible(id.length > 4 * most ? id.slice(0, 4 * most) : id)
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}

/** A word of a command line that a shell takes as it is. */
export function shellWord(text: string): string {
  const shown = visible(text)
  return /^[\w.:@/+-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", `'\\''`)}'`
}

/** `Sat 2026-11-21 20:14:03`. */
export function moment(ms: number): string {
  const date = new Date(ms)
  if (Number.isNaN(date.getTime())) return String(ms)
  return `${DAYS[date.getUTCDay()]} ${date.toISOString().slice(0, 19).replace('T', ' ')}`
}

/** `20:14:03`, or the whole moment on another day than `dayMs`. */
export function clock(ms: number, dayMs: number): string {
  const isSameDay = Math.floor(ms / 86_400_000) === Math.floor(dayMs / 86_400_000)
  return isSameDay ? moment(ms).slice(-8) : moment(ms)
}

/** `48,000`, `12.3`; text as it is. */
export function amount(value: number | string | null): string {
  if (value === null) return '–'
  if (typeof value === 'string') return shownName(value)
  const rounded = Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))
  const [whole = '', rest] = String(rounded).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return rest === undefined ? grouped : `${grouped}.${rest}`
}

export function span(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`
  if (ms < 2 * 3_600_000) return `${Math.round(ms / 60_000)} min`
  return ms < 2 * 86_400_000
    ? `${Math.round(ms / 3_600_000)} h`
    : `${Math.round(ms / 86_400_000)} days`
}

/** Parts with one decimal that add up to the total with one decimal, as they are shown. */
export function tenths(parts: readonly number[], total: number): readonly string[] {
  const floors = parts.map(part => Math.floor(part * 10))
  let missing = Math.round(total * 10) - floors.reduce((sum, part) => sum + part, 0)
  const byRest = parts
    .map((part, i) => ({ i, rest: part * 10 - Math.floor(part * 10) }))
    .sort((a, b) => b.rest - a.rest)
  for (const { i } of byRest) {
    if (missing <= 0) break
    floors[i] = (floors[i] ?? 0) + 1
    missing -= 1
  }
  return floors.map(part => (part / 10).toFixed(1))
}
