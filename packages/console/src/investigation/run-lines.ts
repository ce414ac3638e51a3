// The time line as lines: runs of equal operations before, in and after the stretch that is looked
// at, each with its place on one common axis. Pure.

import type { Investigation, Run } from './asked.ts'

export type Part = 'before' | 'during' | 'after'

export type Axis = { readonly fromMs: number; readonly toMs: number }

export const ZOOMS = ['whole', 'stretch'] as const
export type Zoom = (typeof ZOOMS)[number]

export function zoomOf(text: string | undefined): Zoom {
  return text === 'stretch' ? 'stretch' : 'whole'
}

/** What the axis spans: everything there is, or the stretch alone. Never of no length. */
export function axisOf(found: Investigation, zoom: Zoom): Axis {
  const runs = zoom === 'stretch' ? found.during : allRuns(found)
  const fromMs = Math.min(found.fromMs, ...runs.map(run => run.fromMs))
  const toMs = Math.max(found.toMs, ...runs.map(run => run.toMs))
  return { fromMs, toMs: Math.max(toMs, fromMs + 1) }
}

export function allRuns({ before, during, after }: Investigation): readonly Run[] {
  return [...before, ...during, ...after]
}

/** In hundredths of the axis; wide enough to be seen. */
export function placeOn(
  { fromMs, toMs }: Axis,
  run: Axis,
): { readonly left: number; readonly width: number } {
  const length = toMs - fromMs
  const width = Math.max(((run.toMs - run.fromMs) / length) * 100, WIDTH_MIN)
  const left = ((run.fromMs - fromMs) / length) * 100
  return { left: Math.max(0, Math.min(left, 100 - width)), width: Math.min(width, 100) }
}

const WIDTH_MIN = 0.8

/** Those that findings rest on, and those nearest to the stretch, in the order of time. */
export function shownRuns(runs: readonly Run[], most: number, part: Part): readonly Run[] {
  if (runs.length <= most) return runs
  const nearest = part === 'before' ? runs.toReversed() : runs
  const kept = new Set<Run>(nearest.filter(run => run.found > 0).slice(0, most))
  for (const run of nearest) {
    if (kept.size >= most) break
    kept.add(run)
  }
  return runs.filter(run => kept.has(run))
}
