// The order in which a search looks at a range when it wants only the first events of it: from one
// end on, in windows of time that hold few events at first and then four times as many each. What
// is asked of a log is mostly recent and mostly there, so most searches end with the first window;
// one that finds nothing reads everything, in a handful of steps.

import type { PartFile, TimeRange } from './part-files.ts'

/** Events in the first window, about. */
const FIRST_EVENTS = 32_768
const GROWTH = 4

type Spread = Pick<PartFile, 'minTime' | 'maxTime' | 'rows'>

/** Ranges that do not overlap and are `range` together, `newest` first or oldest first. */
export function* windowsOf(
  range: TimeRange,
  files: readonly Spread[],
  newest: boolean,
): Generator<TimeRange> {
  let { fromMs, toMs } = range
  for (let most = FIRST_EVENTS; fromMs < toMs; most *= GROWTH) {
    const cut = cutFor({ fromMs, toMs }, files, { newest, most })
    yield newest ? { fromMs: cut, toMs } : { fromMs, toMs: cut }
    if (newest) toMs = cut
    else fromMs = cut
  }
}

type Wanted = { readonly newest: boolean; readonly most: number }

/** Where a window ends that holds about `most` events; the other end when there are fewer. */
function cutFor({ fromMs, toMs }: TimeRange, files: readonly Spread[], wanted: Wanted): number {
  const { newest, most } = wanted
  const eventsTo = (cut: number) =>
    newest ? eventsIn({ fromMs: cut, toMs }, files) : eventsIn({ fromMs, toMs: cut }, files)
  const far = newest ? fromMs : toMs
  if (eventsTo(far) <= most) return far
  // The narrowest that holds as many, so that each window takes in something.
  let enough = far
  let few = newest ? toMs : fromMs
  while (Math.abs(enough - few) > 1) {
    const middle = Math.floor((enough + few) / 2)
    if (eventsTo(middle) >= most) enough = middle
    else few = middle
  }
  return enough
}

/** As if the events of a file were spread evenly over its time. */
function eventsIn({ fromMs, toMs }: TimeRange, files: readonly Spread[]): number {
  return files.reduce((sum, { minTime, maxTime, rows }) => {
    const shared = Math.min(toMs, maxTime + 1) - Math.max(fromMs, minTime)
    return sum + (shared > 0 ? (rows * shared) / (maxTime + 1 - minTime) : 0)
  }, 0)
}
