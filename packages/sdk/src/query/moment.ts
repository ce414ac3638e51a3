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

/**
 * From inclusive, to exclusive: a day for a date, one millisecond otherwise; null when it is no
 * time.
 */
export function momentRange(
  text: string,
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number } | null {
  const relative = /^now(?:-(\d{1,6})([smhdw]))?$/i.exec(text)
  if (relative) {
    const unit = UNIT_MS[relative[2]?.toLowerCase() ?? 's'] ?? 0
    return moment(nowMs - Number(relative[1] ?? 0) * unit)
  }
  if (/^\d{10,16}$/.test(text)) return moment(Number(text))
  if (/^\d{4}-\d\d-\d\d$/.test(text)) {
    const fromMs = Date.parse(text)
    return Number.isFinite(fromMs) ? { fromMs, toMs: fromMs + DAY_MS } : null
  }
  const form = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?$/i
  const [, date, time, offset = 'Z'] = form.exec(text) ?? []
  if (date === undefined || time === undefined) return null
  const ms = Date.parse(`${date}T${time}${offset.toUpperCase()}`)
  return Number.isFinite(ms) ? moment(ms) : null
}

function moment(fromMs: number): { readonly fromMs: number; readonly toMs: number } {
  return { fromMs, toMs: fromMs + 1 }
}
