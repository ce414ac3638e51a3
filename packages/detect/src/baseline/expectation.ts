// What is expected in a sliding window: the hours it touches, each by the share of it that lies in
// the window. What is usual may come early, late, or all at once within its hour: an hour counts
// for at least EARLY_SHARE of the hours beside it, and an hour that lies in the window with a part
// only for what was seen in that part, up to EARLY_SHARE of it.

import { type Account, expectedOf, HOUR_MS, hourOn } from './account.ts'

const EARLY_SHARE = 0.4

/** The hours of windows that end in `hour`: summed where all of the hour lies in each of them. */
export type Expectation = {
  hour: number
  newest: number
  inner: number
  lastButOne: number
  last: number
}

export function noExpectation(): Expectation {
  return { hour: -1, newest: 0, inner: 0, lastButOne: 0, last: 0 }
}

type Span = { readonly account: Account; readonly spanHours: number }

/** Reads the baseline: once an hour and account. */
export function expectHour({ account, spanHours }: Span, hour: number): Expectation {
  const whole = Math.floor(spanHours)
  const result = { ...noExpectation(), hour }
  let [later, here] = [expectedOf(account, hour + 1), expectedOf(account, hour)]
  for (let back = 0; back <= whole + 1; back++) {
    const earlier = expectedOf(account, hour - back - 1)
    const usual = Math.max(here, EARLY_SHARE * later, EARLY_SHARE * earlier)
    if (back === 0) result.newest = usual
    else if (back < whole) result.inner += usual
    else if (back === whole) result.lastButOne = usual
    else result.last = usual
    later = here
    here = earlier
  }
  return result
}

/** Expected of the window of `spanHours` that ends at `timeMs`, in which `seen` was seen. */
export function expectWindow(
  { newest, inner, lastButOne, last }: Expectation,
  { spanHours, timeMs, seen }: Window,
): number {
  const inNewest = Math.min((timeMs % HOUR_MS) / HOUR_MS, spanHours)
  const rest = spanHours - inNewest
  const whole = Math.floor(rest)
  const head = partOf(newest, inNewest, seen.newest) + inner
  // Depending on the minute, the window reaches one hour further back or not.
  if (whole < Math.floor(spanHours)) return head + partOf(lastButOne, rest - whole, seen.oldest)
  const between = spanHours < 1 ? 0 : lastButOne
  return head + between + partOf(last, rest - whole, seen.oldest)
}

export type Window = {
  readonly spanHours: number
  readonly timeMs: number
  /** In the hours that lie in the window with a part only. */
  readonly seen: { readonly oldest: number; readonly newest: number }
}

function partOf(usual: number, part: number, seen: number): number {
  return Math.max(part * usual, Math.min(EARLY_SHARE * usual, seen))
}

const NOTHING_SEEN = { oldest: 0, newest: 0 }

/** For people, who may ask at any time. */
export function expectAt(span: Span, timeMs: number): number {
  const { spanHours } = span
  const known = expectHour(span, hourOn(span.account, timeMs))
  return expectWindow(known, { spanHours, timeMs, seen: NOTHING_SEEN })
}
