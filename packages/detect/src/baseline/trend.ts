// Whether a series of daily values climbs: evidence that it is not noise (Mann–Kendall), that it
// adds up (a one-sided CUSUM), and that it is a climb rather than a step that then stays level.

/** Standard score of Mann–Kendall's S: pairs in rising order less pairs in falling order. */
export function mannKendall(values: readonly number[]): number {
  const n = values.length
  let rising = 0
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) rising += Math.sign((values[j] ?? 0) - (values[i] ?? 0))
  }
  const deviation = Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  return deviation > 0 ? (rising - Math.sign(rising)) / deviation : 0
}

/** What one value may add: a single busy day is no drift. */
const Z_MAX = 3
/** Half of the shift, in standard deviations, that is to be found soonest (Page 1954). */
const SLACK = 0.5

/** Highest excess of the sum of standardised values over SLACK each, up to the last. */
export function cusum(standardised: readonly number[]): number {
  return standardised.reduce(
    (sum, z) => Math.max(0, sum + Math.min(Z_MAX, Math.max(-Z_MAX, z)) - SLACK),
    0,
  )
}

export type Climb = {
  /** Index of the last value before it rises. */
  readonly knot: number
  readonly slope: number
  /** Sum of squares left by a level that begins to climb there, and by the best single step. */
  readonly climbError: number
  readonly stepError: number
}

/** The best fit of a level that climbs from one day on, beside the best fit of one step. */
export function fitClimb(values: readonly number[]): Climb {
  let best: Climb = { knot: 0, slope: 0, climbError: Number.POSITIVE_INFINITY, stepError: 0 }
  let stepError = Number.POSITIVE_INFINITY
  for (let knot = 0; knot < values.length - 1; knot++) {
    const ramp = fitLine(values, i => Math.max(0, i - knot))
    if (ramp.error < best.climbError) {
      best = { knot, slope: ramp.slope, climbError: ramp.error, stepError: 0 }
    }
    stepError = Math.min(stepError, fitLine(values, i => (i > knot ? 1 : 0)).error)
  }
  return { ...best, stepError }
}

/** Least squares of the values on one regressor. */
function fitLine(
  values: readonly number[],
  regressor: (index: number) => number,
): { readonly slope: number; readonly error: number } {
  const n = values.length
  let [sumX, sumY, sumXX, sumXY, sumYY] = [0, 0, 0, 0, 0]
  for (const [i, y] of values.entries()) {
    const x = regressor(i)
    sumX += x
    sumY += y
    sumXX += x * x
    sumXY += x * y
    sumYY += y * y
  }
  const spread = sumXX - (sumX * sumX) / n
  const slope = spread > 0 ? (sumXY - (sumX * sumY) / n) / spread : 0
  const error = sumYY - (sumY * sumY) / n - slope * slope * spread
  return { slope, error: Math.max(0, error) }
}
