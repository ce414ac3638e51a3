// An order of things never seen of the entity. Each event is a symbol; a 3-gram model of the
// entity, which backs off to that of its cohort, says how likely it was after the two before. The
// score is the mean negative log-likelihood of the last 16, standardised by the entity's own mean
// and spread. Scores of one day hang together, so p is that of a day: the share of entity-days of
// the cohort whose highest score was at least as high. A step is learnt when it leaves the last
// 16: what is done over and over for the first time stays strange for as long, and what led to a
// suspicion is not learnt at all.

import { addScore, loadPool, openPool, type Pool, pOf, savePool } from '../calibrate/calibrate.ts'
import type { BaselineView, Detector, Hit, Step } from '../detector.ts'
import { numberWords } from '../plain-words.ts'
import { type CorrelationRule, DAY_MS } from '../rule.ts'
import type { StateReader, StateWriter } from '../state-bytes.ts'
import {
  type Alphabet,
  BETWEEN,
  loadAlphabet,
  nameOf,
  saveAlphabet,
  symbolOf,
  wordsOf,
} from './alphabet.ts'
import {
  isKnown,
  learnGram,
  loadCounts,
  type NgramCounts,
  openCounts,
  packGram,
  predict,
  SYMBOLS_MAX,
  saveCounts,
  unpackGram,
} from './ngram-counts.ts'
import {
  leaving,
  listSteps,
  loadRecent,
  mayTeach,
  meanNats,
  openRecent,
  push,
  type Recent,
  type RecentStep,
  saveRecent,
  unseenOf,
  WINDOW,
} from './recent-steps.ts'

/** So long a silence ends a session: what comes next follows nothing. */
const SESSION_GAP_MS = 30 * 60_000
const DAYS_MIN = 7
const DAYS_FULL = 14
/** Fewer events than this do not say what an entity's order is. */
const EVENTS_MIN = 200
/** Never seen before, of the last 16, where the rule does not say. */
const UNSEEN_MIN = 3
/** Own mean and spread look back over so many events. */
const MEMORY_EVENTS = 2000
/** Nats: an entity that is always the same is not unusual for a trifle. */
const SPREAD_MIN = 0.1
const ENTITY_SLOTS = 2048
const COHORT_SLOTS = 65_536
const REFUSED_MAX = 256
const BASE = 1 / (SYMBOLS_MAX + 1)

export type SequenceGroup = {
  firstMs: number
  newestMs: number
  events: number
  before: readonly [number, number]
  counts: NgramCounts
  recent: Recent
  mean: number
  variance: number
  day: number
  /** Highest score of the day, of what was learnt from. */
  dayScore: number
  refused: number[]
}

export type SequenceCohort = {
  readonly alphabet: Alphabet
  readonly counts: NgramCounts
  readonly dayScores: Pool
}

export function buildUnusualSequence(
  rule: CorrelationRule,
): Detector<SequenceGroup, SequenceCohort> {
  const unseenMin = rule.minCount > 0 ? rule.minCount : UNSEEN_MIN

  function step(group: SequenceGroup, cohort: SequenceCohort, at: Step): Hit | null {
    // Where it stood in the order of things is not known any more.
    if (at.isLate) return null
    beginDay(group, cohort, at)
    learnLeaving(group, cohort, at.mayLearn)
    observe(group, cohort, at)
    const nats = meanNats(group.recent)
    const score = scoreOf(group, nats)
    const unseen = unseenOf(group.recent)
    const days = (at.timeMs - group.firstMs) / DAY_MS
    const isMature = days >= DAYS_MIN && group.events >= EVENTS_MIN
    const isJudged = isMature && score > 0 && unseen >= unseenMin
    const p = isJudged ? pOf(cohort.dayScores, score) : 1
    const isHit = isJudged && p <= rule.pMax
    const hit = isHit ? claimOf(group, cohort, { p, score, unseen, days, nats }) : null
    if (at.mayLearn) learnScore(group, nats, isMature ? score : 0)
    return hit
  }

  return {
    openGroup,
    openCohort: () => ({
      alphabet: new Map(),
      counts: openCounts(COHORT_SLOTS),
      dayScores: openPool(),
    }),
    step,
    accept(group) {
      const steps = listSteps(group.recent).map(({ gram }) => gram)
      for (const gram of [...group.refused, ...steps]) learnGram(group.counts, unpackGram(gram))
      group.refused = []
      group.recent = openRecent()
    },
    reject(group) {
      group.refused = []
      // The steps that are still in the window are part of it.
      group.recent = openRecent()
    },
    saveGroup,
    loadGroup,
    saveCohort({ alphabet, counts, dayScores }, out) {
      saveAlphabet(alphabet, out)
      saveCounts(counts, out)
      savePool(dayScores, out)
    },
    loadCohort: input => ({
      alphabet: loadAlphabet(input),
      counts: loadCounts(input, COHORT_SLOTS),
      dayScores: loadPool(input),
    }),
    describe: viewOf,
  }
}

function openGroup(): SequenceGroup {
  return {
    firstMs: 0,
    newestMs: 0,
    events: 0,
    before: [BETWEEN, BETWEEN],
    counts: openCounts(ENTITY_SLOTS),
    recent: openRecent(),
    mean: 0,
    variance: 0,
    day: 0,
    dayScore: 0,
    refused: [],
  }
}

/** A day that is over is one score of the cohort. */
function beginDay(group: SequenceGroup, { dayScores }: SequenceCohort, at: Step): void {
  const day = Math.floor(at.timeMs / DAY_MS)
  if (group.events === 0) group.firstMs = Math.min(at.firstMs, at.timeMs)
  if (day <= group.day) return
  const wasMature = group.newestMs - group.firstMs >= DAYS_MIN * DAY_MS
  if (wasMature && group.events >= EVENTS_MIN) addScore(dayScores, group.dayScore)
  group.day = day
  group.dayScore = 0
}

/** Puts the event behind the last 16, judged by what is known so far. */
function observe(group: SequenceGroup, cohort: SequenceCohort, at: Step): void {
  const { event, timeMs, mayLearn } = at
  const name = nameOf(event)
  const isNewSession = timeMs - group.newestMs > SESSION_GAP_MS
  const [a, b] = isNewSession ? [BETWEEN, BETWEEN] : group.before
  const c = symbolOf(cohort.alphabet, name)
  const gram = { a, b, c }
  const others = predict(cohort.counts, gram, BASE)
  const nats = -Math.log(predict(group.counts, gram, others))
  const isUnseen = !isKnown(group.counts, gram)
  push(group.recent, { id: event.id, timeMs, gram: packGram(gram), mayLearn, isUnseen, nats })
  group.before = [b, c]
  group.newestMs = Math.max(group.newestMs, timeMs)
  group.events += 1
}

/** Standard deviations above the entity's own mean; 0 before there is one. */
function scoreOf({ recent, events, mean, variance }: SequenceGroup, nats: number): number {
  if (recent.size < WINDOW || events < EVENTS_MIN) return 0
  return (nats - mean) / Math.max(SPREAD_MIN, Math.sqrt(variance))
}

/** Before the next step takes its place. */
function learnLeaving(group: SequenceGroup, cohort: SequenceCohort, mayLearn: boolean): void {
  const { recent, refused } = group
  const packed = leaving(recent)
  if (packed < 0) return
  if (mayLearn && mayTeach(recent)) {
    const gram = unpackGram(packed)
    learnGram(group.counts, gram)
    learnGram(cohort.counts, gram)
  } else if (refused.length < REFUSED_MAX) refused.push(packed)
}

function learnScore(group: SequenceGroup, nats: number, score: number): void {
  group.dayScore = Math.max(group.dayScore, score)
  if (group.recent.size < WINDOW) return
  const share = 1 / Math.min(group.events - WINDOW + 1, MEMORY_EVENTS)
  const off = nats - group.mean
  group.mean += share * off
  group.variance += share * (off * off * (1 - share) - group.variance)
}

type Claim = {
  readonly p: number
  readonly score: number
  readonly unseen: number
  readonly days: number
  readonly nats: number
}

function claimOf(group: SequenceGroup, { alphabet }: SequenceCohort, claim: Claim): Hit {
  const { p, score, unseen, days, nats } = claim
  const { recent, mean } = group
  const steps = listSteps(recent)
  const [surprise, usual] = [numberWords(nats), numberWords(mean)]
  return {
    confidence: Math.min(1, days / DAYS_FULL),
    p,
    startMs: steps[0]?.timeMs ?? 0,
    expected: mean,
    seen: nats,
    says:
      `did things in an order unlike it: ${numberWords(unseen)} of its last ${WINDOW} steps ` +
      `never came so in ${Math.floor(days)} days (${strangest(steps, alphabet)}); ` +
      `surprise ${surprise} nats a step, usually ${usual}`,
    features: [
      { name: 'surprise of a step, nats', expected: mean, seen: nats, weight: score },
      { name: 'steps that never came so', expected: 0, seen: unseen, weight: unseen / 4 },
    ],
    eventIds: steps.map(({ id }) => id),
    eventCount: steps.length,
    learning: days < DAYS_FULL ? { days: Math.floor(days), of: DAYS_FULL } : null,
  }
}

/** The least likely of the steps never seen, with the one before: `a → b`. */
function strangest(steps: readonly RecentStep[], alphabet: Alphabet): string {
  let [worst, worstAt] = [-1, 0]
  steps.forEach(({ isUnseen, nats }, i) => {
    if (isUnseen && nats > worst) [worst, worstAt] = [nats, i]
  })
  const pair = steps.slice(Math.max(0, worstAt - 1), worstAt + 1)
  return pair.map(({ gram }) => wordsOf(alphabet, unpackGram(gram).c)).join(' → ')
}

function viewOf(group: SequenceGroup, _: SequenceCohort, nowMs: number): BaselineView | null {
  if (group.events === 0) return null
  const days = Math.max(0, Math.floor((nowMs - group.firstMs) / DAY_MS))
  return {
    now: meanNats(group.recent),
    expected: group.mean,
    learning: { days: Math.min(DAYS_FULL, days), of: DAYS_FULL },
    hourOfWeek: [],
    firstSeen: [],
  }
}

function saveGroup(group: SequenceGroup, out: StateWriter): void {
  const { firstMs, newestMs, mean, variance, day, dayScore } = group
  for (const value of [firstMs, newestMs, mean, variance, day, dayScore]) out.number(value)
  out.count(group.events)
  for (const symbol of group.before) out.count(symbol)
  saveCounts(group.counts, out)
  saveRecent(group.recent, out)
  out.count(group.refused.length)
  for (const gram of group.refused) out.count(gram)
}

function loadGroup(input: StateReader): SequenceGroup {
  const group = openGroup()
  group.firstMs = input.number()
  group.newestMs = input.number()
  group.mean = input.number()
  group.variance = input.number()
  group.day = input.number()
  group.dayScore = input.number()
  group.events = input.count()
  group.before = [input.count(), input.count()]
  group.counts = loadCounts(input, ENTITY_SLOTS)
  group.recent = loadRecent(input)
  for (let left = input.count(); left > 0; left--) group.refused.push(input.count())
  return group
}
