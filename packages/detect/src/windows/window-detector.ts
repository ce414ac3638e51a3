// Sigma's counting correlations as a detector: a sliding window per group, judged at each of its
// events. An event that comes out of order is put where it belongs, and every window that it is
// in is judged again. What asks for little is judged as time passes, too, and only once the
// entity has been watched for a whole span: before that nothing is missing.

import type { SealedEvent } from '@tocsin/sdk/event'
import type { BaselineView, Detector, Hit, Step } from '../detector.ts'
import { type EventTrail, loadTrail, openTrail } from '../event-trail.ts'
import { EVENT_IDS_MAX } from '../finding.ts'
import { numberWords, spanWords } from '../plain-words.ts'
import type { CorrelationRule } from '../rule.ts'
import type { StateReader } from '../state-bytes.ts'
import { type Condition, compileCondition } from './condition.ts'
import { LATE_MS, type SlidingWindow } from './sliding-window.ts'

export type WindowKind<V> = {
  /** null when the event has nothing to count. */
  readonly read: (event: SealedEvent) => V | null
  readonly open: () => SlidingWindow<V>
  readonly load: (input: StateReader) => SlidingWindow<V>
  /** What is counted: `rows`, `different resource.id`. */
  readonly unit: string
}

export type WindowGroup<V> = {
  readonly window: SlidingWindow<V>
  readonly trail: EventTrail
  /** Since when the entity is watched. */
  sinceMs: number
  /** What is missing has been said, and has not come since. */
  isSaid: boolean
}

export function buildWindow<V>(
  rule: CorrelationRule,
  kind: WindowKind<V>,
): Detector<WindowGroup<V>, null> {
  const { timespanMs: spanMs } = rule
  const condition = compileCondition(rule.condition, rule.minCount)

  function isMet({ window, sinceMs }: WindowGroup<V>, endMs: number): boolean {
    if (condition.asksForLittle && sinceMs > endMs - spanMs) return false
    return condition.holds(window.valueAt(endMs))
  }

  function hitAt({ window, trail }: WindowGroup<V>, endMs: number): Hit {
    const found = { endMs, value: window.valueAt(endMs), events: window.eventsAt(endMs) }
    const eventIds = trail.within(endMs - spanMs, endMs)
    return { ...claimOf({ spanMs, condition, unit: kind.unit }, found), eventIds }
  }

  function step(group: WindowGroup<V>, _: null, at: Step): Hit | null {
    const value = at.isLate ? null : kind.read(at.event)
    group.sinceMs = Math.min(group.sinceMs, at.firstMs, at.timeMs)
    if (value === null) return null
    group.window.add(at.timeMs, value)
    group.trail.add(at.timeMs, at.event.id)
    group.trail.forget(group.window.newestMs - spanMs - LATE_MS)
    const endMs = group.window.endsFrom(at.timeMs).find(end => isMet(group, end))
    group.isSaid = endMs !== undefined
    return endMs === undefined ? null : hitAt(group, endMs)
  }

  function tick(group: WindowGroup<V>, _: null, nowMs: number): Hit | null {
    if (nowMs <= group.window.newestMs) return null
    const wasSaid = group.isSaid
    group.isSaid = isMet(group, nowMs)
    return group.isSaid && !wasSaid ? hitAt(group, nowMs) : null
  }

  return {
    openGroup: () => groupOf(kind.open(), openTrail(EVENT_IDS_MAX)),
    openCohort: () => null,
    step,
    ...(condition.asksForLittle ? { tick } : {}),
    saveGroup({ window, trail, sinceMs, isSaid }, out) {
      out.number(sinceMs)
      out.count(isSaid ? 1 : 0)
      window.save(out)
      trail.save(out)
    },
    loadGroup(input) {
      const sinceMs = input.number()
      const isSaid = input.count() === 1
      return {
        ...groupOf(kind.load(input), loadTrail(input, EVENT_IDS_MAX)),
        sinceMs,
        isSaid,
      }
    },
    saveCohort() {},
    loadCohort: () => null,
    describe: ({ window }, _, nowMs) => viewOf(window, rule, nowMs),
  }
}

function groupOf<V>(window: SlidingWindow<V>, trail: EventTrail): WindowGroup<V> {
  return { window, trail, sinceMs: Number.POSITIVE_INFINITY, isSaid: false }
}

type Asked = { readonly spanMs: number; readonly condition: Condition; readonly unit: string }
type Found = { readonly endMs: number; readonly value: number; readonly events: number }

function claimOf(
  { spanMs, condition, unit }: Asked,
  { endMs, value, events }: Found,
): Omit<Hit, 'eventIds'> {
  const span = spanWords(spanMs)
  return {
    confidence: 1,
    p: null,
    startMs: endMs - spanMs,
    expected: `not ${condition.words}`,
    seen: value,
    says: `had ${numberWords(value)} ${unit} in ${span}; the rule asks for ${condition.words}`,
    features: [
      { name: `${unit} in ${span}`, expected: `not ${condition.words}`, seen: value, weight: 1 },
    ],
    eventCount: events,
    learning: null,
  }
}

function viewOf(
  window: SlidingWindow<unknown>,
  rule: CorrelationRule,
  nowMs: number,
): BaselineView | null {
  if (window.newestMs === Number.NEGATIVE_INFINITY) return null
  return {
    now: window.valueAt(Math.max(nowMs, window.newestMs)),
    expected: rule.condition[0]?.value ?? 0,
    learning: { days: 0, of: 0 },
    hourOfWeek: [],
    firstSeen: [],
  }
}
