// What a finding says: amounts by the name of what was counted, the norm by its hour, and which of
// the conditions decided, which is the one that was met most narrowly.

import type { Hit } from '../detector.ts'
import { clockWords, numberWords, spanWords, weekdayOf, weekdayWords } from '../plain-words.ts'

export type Judged = {
  readonly field: string | null
  readonly kind: string
  readonly timespanMs: number
  readonly timeMs: number
  readonly seen: number
  readonly expected: number
  /** The account's own norm at that hour was lower still. */
  readonly isFloored: boolean
  readonly p: number
  readonly ratioAsked: number
  readonly minCount: number
  readonly pMax: number
}

const READS = /^(?:data\.read|ai\.(?:feature|retrieve|weights))/

export function ratioWords(judged: Judged): string {
  const { seen, expected, timespanMs, timeMs, p } = judged
  const what = amountWords(judged, seen)
  const times = numberWords(rounded(seen / expected))
  const day = weekdayWords(weekdayOf(timeMs))
  const norm = numberWords(rounded(inUnits(judged.field, expected)))
  const when = `on a ${day} at ${clockWords(timeMs)} UTC`
  const sure = `(p = ${numberWords(rounded(p))})`
  return `${what} in ${spanWords(timespanMs)}, ${times} × the ${norm} expected of it ${when} ${sure}`
}

function amountWords({ field, kind }: Judged, seen: number): string {
  const amount = numberWords(rounded(inUnits(field, seen)))
  const isRead = READS.test(kind)
  if (field === null) return `made ${amount} ${isRead ? 'reads' : 'requests'}`
  if (field === COST) return `spent ${amount}`
  return `${isRead ? 'read' : 'took'} ${amount} ${unitOf(field)}`
}

const COST = 'costMicros'
const MICROS = 1e6

const UNITS: { readonly [field: string]: string } = {
  'usage.in': 'input tokens',
  'usage.out': 'output tokens',
  'bytes.in': 'bytes in',
  'bytes.out': 'bytes out',
  [COST]: 'cost',
}

/** `rows`, `output tokens`: what is counted, in words. */
export function unitOf(field: string | null): string {
  return field === null ? 'requests' : (UNITS[field] ?? field.replaceAll('.', ' '))
}

/** Cost in the tenant's currency, the rest as it is. */
function inUnits(field: string | null, value: number): number {
  return field === COST ? value / MICROS : value
}

/** Three digits, so that a sentence does not claim more than is known. */
export function rounded(value: number): number {
  return value >= 1000 ? Math.round(value) : Number(value.toPrecision(3))
}

export function ratioFeatures(judged: Judged): Hit['features'] {
  const { field, seen, expected, timespanMs, isFloored, p, ratioAsked, minCount, pMax } = judged
  const margins = [
    { name: 'ratio', margin: Math.log(seen / expected / ratioAsked) },
    { name: 'floor', margin: minCount > 0 ? Math.log(seen / minCount) : Number.POSITIVE_INFINITY },
    { name: 'p', margin: pMax < 1 ? Math.log(pMax / p) : Number.POSITIVE_INFINITY },
  ]
  const narrowest = margins.reduce((least, one) => (one.margin < least.margin ? one : least))
  const weight = (name: string) => {
    const margin = margins.find(one => one.name === name)?.margin ?? 0
    return Number.isFinite(margin) ? Math.max(0.1, margin) : 0
  }
  const unit = unitOf(field)
  const norm = isFloored
    ? 'floor of the norm, for an hour at which it does next to nothing'
    : 'norm'
  return [
    {
      name: `${unit} in ${spanWords(timespanMs)}`,
      expected: rounded(inUnits(field, expected)),
      seen: rounded(inUnits(field, seen)),
      weight: weight('ratio'),
    },
    {
      name: `how rare among its like`,
      expected: pMax < 1 ? `p above ${numberWords(pMax)}` : 'any p',
      seen: `p = ${numberWords(rounded(p))}`,
      weight: weight('p'),
    },
    {
      name: 'least that counts',
      expected: `below ${numberWords(inUnits(field, minCount))}`,
      seen: rounded(inUnits(field, seen)),
      weight: weight('floor') / 10,
    },
    { name: 'decided by', expected: norm, seen: narrowest.name, weight: 0 },
  ]
}
