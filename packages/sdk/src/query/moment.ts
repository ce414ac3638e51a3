// A time in a question: a day, a moment, milliseconds, or relative to now. Always UTC unless it has
// an offset of its own.

const UNIT_MS: { readonly [unit: string]: number } = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
}
const DAY_MS = 86_400_000

export type Moment = {
  readonly fromMs: number
  readonly toMs: number
  /** Where the minute, second or day ends that was written, for asking what lies in it. */
  readonly unitToMs: number
}

/**
 * From inclusive, to exclusive: a day for a date, one millisecond otherwise; null when it is no
 * time.
 */
export function momentRange(text: string, nowMs: number): Moment | null {
  const relative = /^now(?:-(\d{1,6})([smhdw]))?$/i.exec(text)
  if (relative) {
    const unit = UNIT_MS[relative[2]?.toLowerCase() ?? 's'] ?? 0
    return moment(nowMs - Number(relative[1] ?? 0) * unit)
  }
  if (/^\d{10,16}$/.test(text)) return moment(Number(text))
  const form = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/i
  const [, date, time, offset = 'Z'] = form.exec(text) ?? []
  if (date === undefined || !isDate(date)) return null
  if (time === undefined) return moment(Date.parse(date), DAY_MS)
  const unitMs = [60_000, 1000][(time.length - 5) / 3] ?? 1
  return moment(Date.parse(`${date}T${time}${offset.toUpperCase()}`), 1, unitMs)
}

/** V8 reads 30 February as 2 March. */
function isDate(text: string): boolean {
  const ms = Date.parse(text)
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(text)
}

function moment(fromMs: number, spanMs = 1, unitMs = spanMs): Moment | null {
  if (!Number.isSafeInteger(fromMs)) return null
  return { fromMs, toMs: fromMs + spanMs, unitToMs: fromMs + unitMs }
}
