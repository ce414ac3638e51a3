// A figure beside the same figure of the span before: by how much it changed, in words. Pure.

export type Change = {
  readonly text: string
  readonly direction: 'up' | 'down' | 'same'
}

/** Beyond this a percentage says less than a factor. */
const FACTOR_FROM = 10

/** null where there is nothing to compare. */
export function changeOf(now: number | null, before: number | null): Change | null {
  if (now === null || before === null) return null
  if (now === before) return { text: 'as before', direction: 'same' }
  if (before === 0) return { text: 'none before', direction: 'up' }
  const direction = now > before ? 'up' : 'down'
  const factor = now / before
  if (factor >= FACTOR_FROM) return { text: `${Math.round(factor)} times`, direction }
  const percent = Math.round(Math.abs(factor - 1) * 100)
  if (percent === 0) return { text: 'about as before', direction }
  return { text: `${direction === 'up' ? '+' : '−'}${percent} %`, direction }
}

export type Range = { readonly from: string; readonly to: string }

const RELATIVE = /^now-(\d{1,5})([smhdw])$/

/** As long as the range, and directly before it; null for what is no range. */
export function spanBefore(
  { from, to }: Range,
  momentOf: (text: string) => number | null,
): Range | null {
  const [, number, unit] = RELATIVE.exec(from) ?? []
  // Both then move on with the clock, and stay the same question.
  if (number && unit && to === 'now') return { from: `now-${Number(number) * 2}${unit}`, to: from }
  const start = momentOf(from)
  const end = momentOf(to)
  if (start === null || end === null || start >= end) return null
  return { from: String(Math.max(0, start - (end - start))), to: String(start) }
}
