// Conformal calibration of one cohort: the newest 1,024 scores that were normal, and the share of
// them that is at least as high: p = (1 + #{cal ≥ s}) / (n + 1), exact when scores are exchangeable.

import type { StateReader, StateWriter } from '../state-bytes.ts'

const SCORES_KEPT = 1024

export type ScorePool = { readonly scores: number[]; at: number }

export function openPool(): ScorePool {
  return { scores: [], at: 0 }
}

export function addScore(pool: ScorePool, score: number): void {
  pool.scores[pool.at] = score
  pool.at = (pool.at + 1) % SCORES_KEPT
}

export function upperTail({ scores }: ScorePool, score: number): number {
  let asHigh = 0
  for (const one of scores) if (one >= score) asHigh += 1
  return (asHigh + 1) / (scores.length + 1)
}

export function savePool({ scores, at }: ScorePool, out: StateWriter): void {
  out.count(at)
  out.count(scores.length)
  for (const score of scores) out.number(score)
}

export function loadPool(input: StateReader): ScorePool {
  const at = input.count()
  const scores: number[] = []
  for (let left = input.count(); left > 0; left--) scores.push(input.number())
  return { scores, at }
}
