// Times in words: UTC or the reader's own zone, and how long ago.

export type Zone = 'utc' | 'local'

const OPTIONS = {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
} as const
const FORMATS = {
  utc: new Intl.DateTimeFormat('en-CA', { ...OPTIONS, timeZone: 'UTC' }),
  local: new Intl.DateTimeFormat('en-CA', OPTIONS),
} as const

/** 2026-11-24 08:15:02, without the zone. */
export function stamp(ms: number, zone: Zone): string {
  return FORMATS[zone].format(ms).replace(', ', ' ').replace('T', ' ')
}

/** Asked once: making a format costs more than all that is done with it. */
const LOCAL_NAME = FORMATS.local.resolvedOptions().timeZone ?? 'local'

export function zoneName(zone: Zone): string {
  return zone === 'utc' ? 'UTC' : LOCAL_NAME
}

/** Only as much as is needed: the time today, else month, day and time. */
export function brief(ms: number, zone: Zone, nowMs: number): string {
  const full = stamp(ms, zone)
  const isToday = full.slice(0, 10) === stamp(nowMs, zone).slice(0, 10)
  if (isToday) return full.slice(11)
  const isThisYear = full.slice(0, 4) === stamp(nowMs, zone).slice(0, 4)
  return isThisYear ? full.slice(5, 16) : full.slice(0, 16)
}

/** The clock of a screen ticks now and then: what came since its last tick is now, no future. */
const TICK_MS = 6000

export function ago(ms: number, nowMs: number): string {
  const gone = nowMs - ms
  if (gone < 2000 && gone > -TICK_MS) return 'now'
  const text = span(Math.abs(gone))
  return gone > 0 ? `${text} ago` : `in ${text}`
}

/** 45 s, 12 min, 3 h, 5 d. */
export function span(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`
  if (ms < 48 * 3_600_000) return `${Math.round(ms / 3_600_000)} h`
  return `${Math.round(ms / 86_400_000)} d`
}
