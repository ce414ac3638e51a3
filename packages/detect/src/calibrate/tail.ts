// The tail of a distribution beyond a threshold: a generalised Pareto, fitted by
// probability-weighted moments (Hosking and Wallis 1987), which needs no iteration. Few excesses
// say little of its shape, so scale and shape are drawn to a prior, and the shape is kept at or
// above that of an exponential: scores that seem to have an upper end have one only until the next.

export type Tail = { readonly scale: number; readonly shape: number }

type Excess = { readonly excess: number; readonly weight: number }

/** Benign residuals of bursty accounts: a little heavier than exponential. */
const PRIOR_SHAPE = 0.2
const PRIOR_SHAPE_WEIGHT = 25
const PRIOR_SCALE = 1
const PRIOR_SCALE_WEIGHT = 2
const SHAPE_MAX = 0.6

/** `excesses` in rising order; a weight is the number of scores with it. */
export function fitTail(excesses: readonly Excess[]): Tail {
  const total = excesses.reduce((sum, { weight }) => sum + weight, 0)
  let [mean, weighted, below] = [0, 0, 0]
  for (const { excess, weight } of excesses) {
    // Share of excesses above, in the middle of those that are equal.
    const above = 1 - (below + weight / 2) / total
    mean += (excess * weight) / total
    weighted += (excess * above * weight) / total
    below += weight
  }
  const own = mean > 2 * weighted ? 2 - mean / (mean - 2 * weighted) : PRIOR_SHAPE
  const drawn =
    (total * Math.min(SHAPE_MAX, Math.max(0, own)) + PRIOR_SHAPE_WEIGHT * PRIOR_SHAPE) /
    (total + PRIOR_SHAPE_WEIGHT)
  const center = (total * mean + PRIOR_SCALE_WEIGHT * PRIOR_SCALE) / (total + PRIOR_SCALE_WEIGHT)
  return { scale: center * (1 - drawn), shape: drawn }
}

/** Share of the tail that lies at least so far beyond the threshold. */
export function tailShare({ scale, shape }: Tail, beyond: number): number {
  if (beyond <= 0) return 1
  if (beyond === Number.POSITIVE_INFINITY) return 0
  if (shape < 1e-6) return Math.exp(-beyond / scale)
  return (1 + (shape * beyond) / scale) ** (-1 / shape)
}
