// Risk of an entity from its findings: a ranked sum with decay and criticality, of which every
// point is explained. Sort scores descending, R = Σ s_i / i^1.5 / ζ(1.5) (Elastic's entity risk
// scoring uses the same sum); criticality multiplies the odds.

import type { Finding } from '../finding.ts'

export const CRITICALITY = { low: 0.5, medium: 1, high: 1.5, extreme: 2 } as const
export type Criticality = keyof typeof CRITICALITY

export const BANDS = ['unknown', 'low', 'moderate', 'high', 'critical'] as const
export type Band = (typeof BANDS)[number]

/** What one finding adds: the points of all parts and those of criticality make the score. */
export type RiskPart = {
  readonly findingId: string
  readonly rule: string
  readonly title: string
  readonly timeMs: number
  /** The finding's score after decay, and what of it counts at its rank. */
  readonly score: number
  readonly points: number
}

export type Risk = {
  /** 0 to 100. */
  readonly score: number
  readonly band: Band
  readonly parts: readonly RiskPart[]
  /** Points that criticality adds (or takes). */
  readonly criticality: { readonly level: Criticality; readonly points: number }
}

export type Weighed = Pick<Finding, 'id' | 'rule' | 'detector' | 'title' | 'timeMs' | 'score'>

const ZETA = 2.612_375_348_685_488
/** A finding counts half after a week. */
export const HALF_LIFE_MS: number = 7 * 86_400_000
const FINDINGS_MAX = 10_000

/** `findings` of one entity, in any order; at most FINDINGS_MAX of the heaviest count. */
export function assessRisk(
  findings: readonly Weighed[],
  nowMs: number,
  level: Criticality = 'medium',
): Risk {
  const ranked = findings
    .map(finding => ({ finding, score: finding.score * decay(nowMs - finding.timeMs) }))
    .sort((a, b) => b.score - a.score || (a.finding.id < b.finding.id ? -1 : 1))
    .slice(0, FINDINGS_MAX)
  const parts = ranked.map(({ finding, score }, i) => ({
    findingId: finding.id,
    rule: finding.rule,
    title: finding.title,
    timeMs: finding.timeMs,
    score,
    points: score / (i + 1) ** 1.5 / ZETA,
  }))
  const sum = parts.reduce((total, { points }) => total + points, 0)
  const score = weighOdds(sum, CRITICALITY[level])
  return { score, band: bandOf(score), parts, criticality: { level, points: score - sum } }
}

/** 36.16 with odds doubled is 53.11. */
function weighOdds(score: number, factor: number): number {
  if (score >= 100) return 100
  const odds = (score / (100 - score)) * factor
  return (100 * odds) / (1 + odds)
}

const SAID_ONCE: ReadonlySet<string> = new Set(['baseline_ratio', 'unusual_hour'])

/**
 * Of findings that say the same, the heaviest now: a rule that says it again makes nothing more
 * likely; rows, requests and cost above the usual are one and the same volume, and an hour is
 * unusual once, whatever was done in it.
 */
export function independent(findings: readonly Weighed[], nowMs: number): readonly Weighed[] {
  const best = new Map<string, Weighed>()
  const weight = ({ score, timeMs }: Weighed) => score * decay(nowMs - timeMs)
  for (const one of findings) {
    const said = SAID_ONCE.has(one.detector) ? one.detector : one.rule
    const before = best.get(said)
    if (!before || weight(one) > weight(before)) best.set(said, one)
  }
  return [...best.values()]
}

function decay(ageMs: number): number {
  return ageMs <= 0 ? 1 : 2 ** (-ageMs / HALF_LIFE_MS)
}

export function bandOf(score: number): Band {
  if (score < 20) return 'unknown'
  if (score < 40) return 'low'
  if (score < 70) return 'moderate'
  return score <= 90 ? 'high' : 'critical'
}
