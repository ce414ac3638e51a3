// What is expected in a sliding window: the hours it touches, each by the share of it that lies in the
// window. What is usual may come early, late, or all at once within its hour, so an hour counts for at
// least EARLY_SHARE of the hours beside it, and an hour that the window only touches for at least
// that share of itself. Ratios of 1 / EARLY_SHARE and less therefore say nothing about timing.

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

/** Expected of the window of `spanHours` that ends at `timeMs`. */
export function expectWindow(known: Expectation, spanHours: number, timeMs: number): number {
  const inNewest = Math.min((timeMs % HOUR_MS) / HOUR_MS, spanHours)
  const rest = spanHours - inNewest
  const whole = Math.floor(rest)
  const { newest, inner, lastButOne, last } = known
  const least = EARLY_SHARE * Math.min(1, spanHours)
  const share = (part: number) => (part <= 0 ? 0 : Math.max(least, part))
  const head = share(Math.max(inNewest, 1e-9)) * newest + inner
  // Depending on the minute, the window reaches one hour further back or not.
  if (whole < Math.floor(spanHours)) return head + share(rest - whole) * lastButOne
  return spanHours < 1 ? head + share(rest) * last : head + lastButOne + share(rest - whole) * last
}

/** For people, who may ask at any time. */
export function expectAt(span: Span, timeMs: number): number {
  return expectWindow(expectHour(span, hourOn(span.account, timeMs)), span.spanHours, timeMs)
}
