// Numbers as people read them; the exact one always stands beside, in a title or a table.

const WHOLE = new Intl.NumberFormat('en')
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

export function count(value: number): string {
  return WHOLE.format(value)
}

/** 1.2K, 3.4M: for axes and figures; below 10,000 as it is. */
export function short(value: number): string {
  return Math.abs(value) < 10_000 ? WHOLE.format(Math.round(value * 10) / 10) : SHORT.format(value)
}

export function percent(part: number, whole: number): string {
  if (whole === 0) return '–'
  const value = (part / whole) * 100
  if (value > 0 && value < 0.1) return '<0.1 %'
  return `${value.toFixed(value < 10 ? 1 : 0)} %`
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

export function bytes(value: number): string {
  let shown = value
  let unit = 0
  while (shown >= 1000 && unit < BYTE_UNITS.length - 1) {
    shown /= 1000
    unit += 1
  }
  return `${shown < 10 && unit > 0 ? shown.toFixed(1) : Math.round(shown)} ${BYTE_UNITS[unit]}`
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`
  if (ms < 86_400_000) return `${(ms / 3_600_000).toFixed(ms < 36_000_000 ? 1 : 0)} h`
  return `${Math.round(ms / 86_400_000)} d`
}

/** Millionths of the tenant's currency. */
export function cost(micros: number): string {
  const value = micros / 1e6
  return value >= 100 ? WHOLE.format(Math.round(value)) : value.toFixed(value < 1 ? 4 : 2)
}

/**
 * Parts with one decimal that add up to their whole as it is shown: what rounding leaves over goes
 * to those that lost most by it.
 */
export function tenths(parts: readonly number[], whole: number): readonly string[] {
  const floors = parts.map(part => Math.floor(part * 10))
  const missing = Math.round(whole * 10) - floors.reduce((sum, part) => sum + part, 0)
  const byRest = parts
    .map((part, i) => ({ i, rest: part * 10 - Math.floor(part * 10) }))
    .sort((a, b) => b.rest - a.rest)
  const raised = new Set(byRest.slice(0, Math.max(0, missing)).map(({ i }) => i))
  return floors.map((part, i) => ((part + (raised.has(i) ? 1 : 0)) / 10).toFixed(1))
}
