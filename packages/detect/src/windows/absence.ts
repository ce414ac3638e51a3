// Silence: a group that used to come regularly does not. What is normal is the longest silence of
// each day, over the last 30 days with events; one outage among them is forgiven, so that it does
// not hide the next. Silence counts beyond twice as much, and beyond the rule's span.

import type { BaselineView, Detector, Hit, Step } from '../detector.ts'
import { type EventTrail, loadTrail, openTrail } from '../event-trail.ts'
import { numberWords, spanWords } from '../plain-words.ts'
import { type CorrelationRule, DAY_MS } from '../rule.ts'
import type { StateReader, StateWriter } from '../state-bytes.ts'

const DAYS_KEPT = 30
/** Nothing is claimed before the first; with the second three weekends were seen. */
const DAYS_MIN = 3
const DAYS_FULL = 21
const EVENTS_MIN = 20
const MARGIN = 2
/** From so many days on, the longest silence may have been an outage. */
const DAYS_TO_FORGIVE = 14
const IDS_KEPT = 3

type DayGap = { readonly day: number; readonly gapMs: number }

export type AbsenceGroup = {
  firstMs: number
  newestMs: number
  events: number
  /** Longest silence that ended on each day, oldest first. */
  gaps: DayGap[]
  /** This silence has been found. */
  isSaid: boolean
  /** While it is suspected, silences are no norm: those wait for a person's word. */
  refused: DayGap[]
  trail: EventTrail
}

export function buildAbsence(rule: CorrelationRule): Detector<AbsenceGroup, null> {
  const eventsMin = Math.max(EVENTS_MIN, rule.minCount)

  function tick(group: AbsenceGroup, _: null, nowMs: number): Hit | null {
    const silentMs = nowMs - group.newestMs
    if (group.isSaid || silentMs <= rule.timespanMs || group.events < eventsMin) return null
    const days = daysOf(group)
    const normMs = normOf(group)
    const p = pOf(group, silentMs)
    if (days < DAYS_MIN || silentMs <= MARGIN * normMs || p > rule.pMax) return null
    group.isSaid = true
    return claimOf(group, { silentMs, normMs, p, days })
  }

  return {
    openGroup,
    openCohort: () => null,
    step,
    tick,
    accept(group) {
      for (const { day, gapMs } of group.refused) learn(group.gaps, day, gapMs)
      group.refused = []
    },
    reject(group) {
      group.refused = []
    },
    saveGroup,
    loadGroup,
    saveCohort() {},
    loadCohort: () => null,
    describe: (group, _, nowMs) => viewOf(group, nowMs),
  }
}

function openGroup(): AbsenceGroup {
  return {
    firstMs: 0,
    newestMs: 0,
    events: 0,
    gaps: [],
    isSaid: false,
    refused: [],
    trail: openTrail(IDS_KEPT),
  }
}

function step(group: AbsenceGroup, _: null, { event, timeMs, mayLearn }: Step): null {
  if (group.events === 0) group.firstMs = timeMs
  group.events += 1
  group.trail.add(timeMs, event.id)
  if (timeMs < group.newestMs) return null
  if (group.events > 1) {
    const into = mayLearn ? group.gaps : group.refused
    learn(into, Math.floor(timeMs / DAY_MS), timeMs - group.newestMs)
  }
  group.newestMs = timeMs
  group.isSaid = false
  return null
}

/** `gaps` stay ascending by day: events come here in the order of time, accepted ones may not. */
function learn(gaps: DayGap[], day: number, gapMs: number): void {
  let at = gaps.length
  while (at > 0 && (gaps[at - 1]?.day ?? day) > day) at -= 1
  const same = gaps[at - 1]
  if (same?.day !== day) gaps.splice(at, 0, { day, gapMs })
  else if (gapMs > same.gapMs) gaps[at - 1] = { day, gapMs }
  if (gaps.length > DAYS_KEPT) gaps.shift()
}

function daysOf({ firstMs, newestMs }: AbsenceGroup): number {
  return Math.floor((newestMs - firstMs) / DAY_MS)
}

function normOf(group: AbsenceGroup): number {
  const longest = group.gaps.map(({ gapMs }) => gapMs).sort((a, b) => b - a)
  return longest[daysOf(group) >= DAYS_TO_FORGIVE ? 1 : 0] ?? longest[0] ?? 0
}

/** How likely a day with events is to end a silence so long. */
function pOf({ gaps }: AbsenceGroup, silentMs: number): number {
  const asLong = gaps.filter(({ gapMs }) => gapMs >= silentMs).length
  return (asLong + 1) / (gaps.length + 1)
}

type Silence = {
  readonly silentMs: number
  readonly normMs: number
  readonly p: number
  readonly days: number
}

function claimOf(
  { newestMs, trail, events }: AbsenceGroup,
  { silentMs, normMs, p, days }: Silence,
): Hit {
  const [silent, norm] = [spanWords(silentMs), spanWords(normMs)]
  const eventIds = trail.within(0, newestMs)
  const span = `${numberWords(days)} days`
  return {
    confidence: Math.min(1, days / DAYS_FULL),
    p,
    startMs: newestMs,
    expected: norm,
    seen: silent,
    says: `has been silent for ${silent}; in ${span} (${numberWords(events)} events) at most ${norm}`,
    features: [{ name: 'silence', expected: norm, seen: silent, weight: 1 }],
    eventIds,
    eventCount: eventIds.length,
    learning: days < DAYS_FULL ? { days, of: DAYS_FULL } : null,
  }
}

function viewOf(group: AbsenceGroup, nowMs: number): BaselineView | null {
  if (group.events === 0) return null
  return {
    now: Math.max(0, nowMs - group.newestMs),
    expected: normOf(group),
    learning: { days: Math.min(DAYS_FULL, daysOf(group)), of: DAYS_FULL },
    hourOfWeek: [],
    firstSeen: [],
  }
}

function saveGroup(group: AbsenceGroup, out: StateWriter): void {
  out.number(group.firstMs)
  out.number(group.newestMs)
  out.count(group.events)
  out.count(group.isSaid ? 1 : 0)
  for (const list of [group.gaps, group.refused]) {
    out.count(list.length)
    for (const { day, gapMs } of list) {
      out.number(day)
      out.number(gapMs)
    }
  }
  group.trail.save(out)
}

function loadGroup(input: StateReader): AbsenceGroup {
  return {
    firstMs: input.number(),
    newestMs: input.number(),
    events: input.count(),
    isSaid: input.count() === 1,
    gaps: loadGaps(input),
    refused: loadGaps(input),
    trail: loadTrail(input, IDS_KEPT),
  }
}

function loadGaps(input: StateReader): DayGap[] {
  const gaps: DayGap[] = []
  for (let left = input.count(); left > 0; left--) {
    gaps.push({ day: input.number(), gapMs: input.number() })
  }
  return gaps
}
