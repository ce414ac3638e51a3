// An order of things never seen of the entity. Each event is a symbol; a 3-gram model of the entity,
// which backs off to that of its cohort, says how likely it was after the two before. The score is
// the mean negative log-likelihood of the last 16, standardised by the entity's own mean and spread.
// Scores of one day hang together, so p is that of a day: the share of entity-days of the cohort
// whose highest score was at least as high.

import type { BaselineView, Detector, Hit, Step } from '../detector.ts'
import { countWords, numberWords } from '../plain-words.ts'
import { type CorrelationRule, DAY_MS } from '../rule.ts'
import type { StateReader, StateWriter } from '../state-bytes.ts'
import { type Alphabet, BETWEEN, loadAlphabet, nameOf, saveAlphabet, symbolOf } from './alphabet.ts'
import {
  type Gram,
  isKnown,
  learnGram,
  loadCounts,
  type NgramCounts,
  openCounts,
  predict,
  SYMBOLS_MAX,
  saveCounts,
} from './ngram-counts.ts'
import { addScore, loadPool, openPool, type ScorePool, savePool, upperTail } from './score-pool.ts'

const WINDOW = 16
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

type Recent = {
  readonly id: string
  readonly timeMs: number
  readonly name: string
  readonly isUnseen: boolean
  /** Negative log-likelihood, in nats. */
  readonly nats: number
}

export type SequenceGroup = {
  firstMs: number
  newestMs: number
  events: number
  before: readonly [number, number]
  counts: NgramCounts
  recent: Recent[]
  mean: number
  variance: number
  day: number
  /** Highest score of the day, of what was learnt from. */
  dayScore: number
  refused: Gram[]
}

export type SequenceCohort = {
  readonly alphabet: Alphabet
  readonly counts: NgramCounts
  readonly dayScores: ScorePool
}

export function buildUnusualSequence(
  rule: CorrelationRule,
): Detector<SequenceGroup, SequenceCohort> {
  const unseenMin = rule.minCount > 0 ? rule.minCount : UNSEEN_MIN

  function step(group: SequenceGroup, cohort: SequenceCohort, at: Step): Hit | null {
    // Where it stood in the order of things is not known any more.
    if (at.isLate) return null
    beginDay(group, cohort, at)
    const gram = observe(group, cohort, at)
    const score = scoreOf(group)
    const unseen = group.recent.reduce((sum, { isUnseen }) => sum + (isUnseen ? 1 : 0), 0)
    const days = (at.timeMs - group.firstMs) / DAY_MS
    const isMature = days >= DAYS_MIN && group.events >= EVENTS_MIN
    const p = isMature && score > 0 && unseen >= unseenMin ? upperTail(cohort.dayScores, score) : 1
    const hit = p <= rule.pMax && p < 1 ? claimOf(group, { p, score, unseen, days }) : null
    if (at.mayLearn) learn(group, cohort, { gram, score: isMature ? score : 0 })
    else if (group.refused.length < REFUSED_MAX) group.refused.push(gram)
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
      for (const gram of group.refused) learnGram(group.counts, gram)
      group.refused = []
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
    recent: [],
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
function observe(group: SequenceGroup, cohort: SequenceCohort, at: Step): Gram {
  const { event, timeMs, mayLearn } = at
  const name = nameOf(event)
  const isNewSession = timeMs - group.newestMs > SESSION_GAP_MS
  const [a, b] = isNewSession ? [BETWEEN, BETWEEN] : group.before
  const c = symbolOf(cohort.alphabet, name, mayLearn)
  const gram = { a, b, c }
  const others = predict(cohort.counts, gram, BASE)
  const nats = -Math.log(predict(group.counts, gram, others))
  const isUnseen = !isKnown(group.counts, gram)
  group.recent.push({ id: event.id, timeMs, name, isUnseen, nats })
  if (group.recent.length > WINDOW) group.recent.shift()
  group.before = [b, c]
  group.newestMs = Math.max(group.newestMs, timeMs)
  group.events += 1
  return gram
}

function meanOf({ recent }: SequenceGroup): number {
  return recent.reduce((sum, { nats }) => sum + nats, 0) / Math.max(1, recent.length)
}

/** Standard deviations above the entity's own mean; 0 before there is one. */
function scoreOf(group: SequenceGroup): number {
  if (group.recent.length < WINDOW || group.events < EVENTS_MIN) return 0
  return (meanOf(group) - group.mean) / Math.max(SPREAD_MIN, Math.sqrt(group.variance))
}

function learn(
  group: SequenceGroup,
  cohort: SequenceCohort,
  { gram, score }: { readonly gram: Gram; readonly score: number },
): void {
  learnGram(group.counts, gram)
  learnGram(cohort.counts, gram)
  group.dayScore = Math.max(group.dayScore, score)
  if (group.recent.length < WINDOW) return
  const share = 1 / Math.min(group.events - WINDOW + 1, MEMORY_EVENTS)
  const off = meanOf(group) - group.mean
  group.mean += share * off
  group.variance += share * (off * off * (1 - share) - group.variance)
}

type Claim = {
  readonly p: number
  readonly score: number
  readonly unseen: number
  readonly days: number
}

function claimOf(group: SequenceGroup, { p, score, unseen, days }: Claim): Hit {
  const { recent, mean } = group
  const likeliness = meanOf(group)
  const example = unseenWords(recent)
  return {
    confidence: Math.min(1, days / DAYS_FULL),
    p,
    startMs: recent[0]?.timeMs ?? 0,
    expected: mean,
    seen: likeliness,
    says:
      `did things in an order unlike it: ${numberWords(unseen)} of its last ${WINDOW} steps ` +
      `were never seen of it in ${Math.floor(days)} days (${example}); ` +
      `surprise ${numberWords(likeliness)} nats a step, usually ${numberWords(mean)}`,
    features: [
      { name: 'surprise of a step', expected: mean, seen: likeliness, weight: score },
      { name: 'steps never seen', expected: 0, seen: unseen, weight: unseen },
    ],
    eventIds: recent.map(({ id }) => id),
    eventCount: recent.length,
    learning: days < DAYS_FULL ? { days: Math.floor(days), of: DAYS_FULL } : null,
  }
}

/** The least likely of the steps never seen, with the one before: `a → b`. */
function unseenWords(recent: readonly Recent[]): string {
  const steps = recent.map((step, i) => ({ ...step, previous: recent[i - 1]?.name }))
  const [worst] = steps.filter(({ isUnseen }) => isUnseen).sort((x, y) => y.nats - x.nats)
  if (worst === undefined) return countWords(0, 'step')
  return worst.previous === undefined ? worst.name : `${worst.previous} → ${worst.name}`
}

function viewOf(group: SequenceGroup, _: SequenceCohort, nowMs: number): BaselineView | null {
  if (group.events === 0) return null
  const days = Math.max(0, Math.floor((nowMs - group.firstMs) / DAY_MS))
  return {
    now: meanOf(group),
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
  out.count(group.recent.length)
  for (const { id, timeMs, name, isUnseen, nats } of group.recent) {
    out.text(id)
    out.number(timeMs)
    out.text(name)
    out.count(isUnseen ? 1 : 0)
    out.number(nats)
  }
  out.count(group.refused.length)
  for (const { a, b, c } of group.refused) for (const symbol of [a, b, c]) out.count(symbol)
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
  for (let left = input.count(); left > 0; left--) {
    group.recent.push({
      id: input.text(),
      timeMs: input.number(),
      name: input.text(),
      isUnseen: input.count() === 1,
      nats: input.number(),
    })
  }
  for (let left = input.count(); left > 0; left--) {
    group.refused.push({ a: input.count(), b: input.count(), c: input.count() })
  }
  return group
}
