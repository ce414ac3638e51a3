// How rare a score is among benign ones of the same kind: a pool of scores and the p of a new one.
// Where the pool is dense, p is conformal, (1 + number at least as high) / (n + 1), which makes the
// stated rate the true one as long as the new score is one like the others (exchangeable). Above
// the last TAIL_SCORES of them a generalised Pareto tail takes over, since conformal p ends at 1/(n
// + 1). p falls as the score grows, and is never 0.
//
// Scores are kept in bins that widen with the score, 4 % each; all of a score's bin counts as "at
// least as high", so p is never too small for it. Memory is constant; an old score fades when
// POOL_MAX newer ones have come.

import type { StateReader, StateWriter } from '../state-bytes.ts'
import { fitTail, type Tail, tailShare } from './tail.ts'

export type Pool = {
  /** Scores per bin, lowest first; weights, once old ones have faded. */
  readonly bins: Float64Array
  size: number
  tail: FittedTail | null
  /** Scores that came after the tail was fitted. */
  sinceFit: number
}

/** `bin` is the first of the tail. */
type FittedTail = Tail & { readonly bin: number }

const BINS = 320
/** Bins that a doubling of 1 + score takes. */
const BINS_PER_DOUBLING = 16
/** Scores that the tail is fitted to: enough for two parameters, few enough to be a tail. */
const TAIL_SCORES = 50
/** A pool of fewer says nothing beyond 1/(n + 1). */
const TAIL_POOL_MIN = 30
const POOL_MAX = 40_000
const FIRST_SCORES = 100
/** The tail is fitted again when so large a share is new. */
const REFIT_SHARE = 0.05

export const P_MIN = 1e-12

/**
 * With `scale`, scores are taken to be exponential with that mean until FIRST_SCORES and more have
 * come: a pool of few could call nothing rare.
 */
export function openPool(scale: number | null = null): Pool {
  const pool = { bins: new Float64Array(BINS), size: 0, tail: null, sinceFit: 0 }
  if (scale === null) return pool
  for (let i = 0; i < FIRST_SCORES; i++) {
    addScore(pool, -scale * Math.log((i + 0.5) / FIRST_SCORES))
  }
  return pool
}

/** A score of a benign time; what is not a number is left out. */
export function addScore(pool: Pool, score: number): void {
  if (Number.isNaN(score)) return
  const bin = binOf(score)
  pool.bins[bin] = (pool.bins[bin] ?? 0) + 1
  pool.size += 1
  pool.sinceFit += 1
  if (pool.size >= POOL_MAX) fade(pool)
}

/** Upper-tail probability: how often a benign score is as high. 1 for what is not a number. */
export function pOf(pool: Pool, score: number): number {
  if (Number.isNaN(score)) return 1
  const bin = binOf(score)
  const tail = currentTail(pool)
  if (!tail || bin < tail.bin) return conformal(countFrom(pool, bin), pool.size)
  const beyond = Math.max(0, score - lowerEdge(tail.bin))
  const reached = conformal(countFrom(pool, tail.bin), pool.size)
  return Math.max(P_MIN, reached * tailShare(tail, beyond))
}

/** The lowest score whose p is at most `p`: where a threshold must lie for that rate. */
export function scoreOfP(pool: Pool, p: number): number {
  let [low, high] = [0, BINS]
  while (low < high) {
    const middle = (low + high) >> 1
    if (pOf(pool, lowerEdge(middle)) <= p) high = middle
    else low = middle + 1
  }
  return lowerEdge(low)
}

function conformal(count: number, size: number): number {
  return (1 + count) / (1 + size)
}

function binOf(score: number): number {
  if (score <= 0) return 0
  return Math.min(BINS - 1, 1 + Math.floor(Math.log2(1 + score) * BINS_PER_DOUBLING))
}

function lowerEdge(bin: number): number {
  return bin === 0 ? Number.NEGATIVE_INFINITY : 2 ** ((bin - 1) / BINS_PER_DOUBLING) - 1
}

function countFrom({ bins }: Pool, from: number): number {
  let count = 0
  for (let bin = from; bin < BINS; bin++) count += bins[bin] ?? 0
  return count
}

function currentTail(pool: Pool): FittedTail | null {
  if (pool.size < TAIL_POOL_MIN) return null
  if (pool.tail === null || pool.sinceFit > REFIT_SHARE * pool.size) {
    pool.tail = fitPool(pool)
    pool.sinceFit = 0
  }
  return pool.tail
}

function fitPool({ bins, size }: Pool): FittedTail | null {
  const wanted = Math.min(TAIL_SCORES, Math.max(8, size / 10))
  let bin = BINS
  let count = 0
  while (bin > 1 && count < wanted) {
    bin -= 1
    count += bins[bin] ?? 0
  }
  if (count < wanted) return null
  const edge = lowerEdge(bin)
  const excesses: { readonly excess: number; readonly weight: number }[] = []
  for (let at = bin; at < BINS; at++) {
    const weight = bins[at] ?? 0
    if (weight > 0)
      excesses.push({ excess: (lowerEdge(at) + lowerEdge(at + 1)) / 2 - edge, weight })
  }
  return { ...fitTail(excesses), bin }
}

/** Halves the weight of all that is known. */
function fade(pool: Pool): void {
  pool.size = 0
  for (let bin = 0; bin < BINS; bin++) {
    const half = (pool.bins[bin] ?? 0) / 2
    pool.bins[bin] = half
    pool.size += half
  }
}

export function savePool({ bins, size, tail, sinceFit }: Pool, out: StateWriter): void {
  out.number(size)
  out.count(sinceFit)
  const filled = [...bins.entries()].filter(([, weight]) => weight > 0)
  out.count(filled.length)
  for (const [bin, weight] of filled) {
    out.count(bin)
    out.number(weight)
  }
  out.count(tail ? 1 : 0)
  if (!tail) return
  out.count(tail.bin)
  out.number(tail.scale)
  out.number(tail.shape)
}

export function loadPool(input: StateReader): Pool {
  const pool = openPool()
  pool.size = input.number()
  pool.sinceFit = input.count()
  for (let left = input.count(); left > 0; left--) {
    const bin = input.count()
    pool.bins[bin] = input.number()
  }
  if (input.count() === 0) return pool
  const bin = input.count()
  pool.tail = { bin, scale: input.number(), shape: input.number() }
  return pool
}
