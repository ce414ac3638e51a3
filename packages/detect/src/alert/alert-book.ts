// Which entities have an alert: keeps each entity's findings of the last 24 h, weighs them as risk,
// and compares with a threshold that follows the operator's budget of alerts a day. Nothing here
// reads a clock: time is the time of findings.

import type { Sha256 } from '@tocsin/sdk/crypto'
import { type EntityRef, entityKey, type Finding, parseEntityType } from '../finding.ts'
import { findingId } from '../finding-id.ts'
import { assessRisk, independent, type Weighed } from '../risk/risk.ts'
import { DAY_MS } from '../rule.ts'
import type { StateReader, StateWriter } from '../state-bytes.ts'

/** An alert as it stands after a finding: one entity within 24 h, with all its findings. */
export type Alert = {
  /** 32 hex digits, from the entity and the first finding. */
  readonly id: string
  readonly entity: EntityRef
  /** Time of its first finding, and of the one that made it an alert, ms. */
  readonly startMs: number
  readonly openedMs: number
  readonly lastMs: number
  /** The entity's risk from its findings of 24 h, 0 to 100, and what it had to reach. */
  readonly score: number
  readonly threshold: number
  /** All findings of the entity in it, oldest first. */
  readonly findingIds: readonly string[]
}

export type BookConfig = {
  readonly sha256: Sha256
  /**
   * Alerts a day that people can look at: the threshold follows it, up and down. null where nobody
   * said: then it follows DEFAULT_BUDGET, and comes down to THRESHOLD_USUAL only.
   */
  readonly budget: number | null
}

export interface AlertBook {
  /** The alert that the finding belongs to, as it stands now; null while its entity has none. */
  take(finding: Finding): Alert | null
  /** A person decided: the entity's findings so far count no more. */
  dispose(entity: EntityRef, timeMs: number): void
  /** What an entity's findings must reach now, and how many alerts a day it lets expect. */
  readonly threshold: number
  readonly expectedPerDay: number
  /** Alerts a day over the last days that were seen, at most WINDOW_DAYS. */
  readonly realisedPerDay: number
  save(out: StateWriter): void
}

/** One finding of level high is an alert, and so are two of level medium; one of medium is not. */
export const THRESHOLD_USUAL = 20
/** One finding of level low scores 7.66: there is nothing below that anybody would look at. */
export const THRESHOLD_MIN = 7.6
/** One finding of level critical scores 36 and is never below it. */
export const THRESHOLD_MAX = 36
export const DEFAULT_BUDGET = 10
/** With fewer days behind it nothing is known of what a threshold brings. */
const DAYS_KNOWN_MIN = 3
const WINDOW_DAYS = 14
const FINDINGS_KEPT = 200

type Open = {
  readonly entity: EntityRef
  findings: Weighed[]
  /** Where the alert began; null while it is none. */
  alert: { readonly id: string; readonly startMs: number; readonly openedMs: number } | null
  findingIds: string[]
  lastMs: number
}

/** Highest score of each entity on one day (UTC). */
type Day = { readonly day: number; readonly best: Map<string, number>; alerts: number }

type Book = {
  readonly config: BookConfig
  readonly open: Map<string, Open>
  /** In the order of time; the last is today. */
  days: Day[]
  threshold: number
}

export function openAlertBook(config: BookConfig, saved?: StateReader): AlertBook {
  const book: Book = { config, open: new Map(), days: [], threshold: THRESHOLD_USUAL }
  if (saved) load(book, saved)
  return {
    take: finding => take(book, finding),
    dispose(entity, timeMs) {
      for (const key of [entityKey(entity), unprovedKey(entity)]) {
        const found = book.open.get(key)
        if (found && found.lastMs <= timeMs) book.open.delete(key)
        // What is decided says nothing of how much is still to come.
        for (const { best } of book.days) best.delete(key)
      }
    },
    get threshold() {
      return book.threshold
    },
    get expectedPerDay() {
      return alertsAt(book.days.slice(0, -1), book.threshold)
    },
    get realisedPerDay() {
      const sum = book.days.reduce((total, { alerts }) => total + alerts, 0)
      return book.days.length === 0 ? 0 : sum / spanOf(book.days)
    },
    save: out => save(out, book),
  }
}

function take(book: Book, finding: Finding): Alert | null {
  const { entity, timeMs } = finding
  const day = dayOf(book, timeMs)
  const key = keyOf(finding)
  const entry = entryOf(book, key, finding)
  addTo(entry, finding)
  const risk = assessRisk(entry.findings, 0).score
  day.best.set(key, Math.max(day.best.get(key) ?? 0, risk))
  if (!entry.alert && risk >= book.threshold) {
    entry.alert = openAlert(book, key, entry, timeMs)
    day.alerts += 1
  }
  if (!entry.alert) return null
  const { lastMs, findingIds } = entry
  return { ...entry.alert, entity, lastMs, score: risk, threshold: book.threshold, findingIds }
}

/** What is found in a name that nobody proved says nothing of who has that name. */
function keyOf({ entity, actor }: Finding): string {
  const isUnproved = entity.type === 'actor' && actor.verified === 'none'
  return isUnproved ? unprovedKey(entity) : entityKey(entity)
}

function unprovedKey(entity: EntityRef): string {
  return `?${entityKey(entity)}`
}

function dayOf(book: Book, timeMs: number): Day {
  const day = Math.floor(timeMs / DAY_MS)
  const found = book.days.find(one => one.day === day)
  if (found) return found
  const made = { day, best: new Map<string, number>(), alerts: 0 }
  // What comes from long ago is judged by the bar of today, and is no day of it.
  if (day < (book.days.at(-1)?.day ?? 0)) return made
  book.days = [...book.days, made].sort((a, b) => a.day - b.day).slice(-WINDOW_DAYS)
  // Set once a day, on what is past: an attack cannot raise the bar it has to pass today.
  const past = book.days.filter(one => one.day < day)
  book.threshold = thresholdFor(past, book.config.budget)
  for (const [key, { lastMs }] of book.open) if (timeMs - lastMs > DAY_MS) book.open.delete(key)
  return made
}

function entryOf({ open }: Book, key: string, { entity, timeMs }: Finding): Open {
  const found = open.get(key)
  const isOver = found?.alert
    ? timeMs - found.alert.startMs > DAY_MS
    : found !== undefined && timeMs - found.lastMs > DAY_MS
  if (found && !isOver) return found
  const made: Open = { entity, findings: [], alert: null, findingIds: [], lastMs: timeMs }
  open.set(key, made)
  return made
}

function addTo(entry: Open, finding: Finding): void {
  const { id, rule, detector, title, score, timeMs } = finding
  const isNear = (one: Weighed) => Math.abs(timeMs - one.timeMs) <= DAY_MS
  if (!entry.alert) entry.findings = entry.findings.filter(isNear)
  const findings = [...entry.findings, { id, rule, detector, title, score, timeMs }]
  // Without decay: within 24 h all findings weigh the same.
  entry.findings = independent(findings, 0).toSorted((a, b) => a.timeMs - b.timeMs)
  entry.findingIds = entry.alert
    ? [...entry.findingIds, id].slice(-FINDINGS_KEPT)
    : entry.findings.map(one => one.id)
  entry.lastMs = Math.max(entry.lastMs, timeMs)
}

function openAlert({ config }: Book, key: string, { findings }: Open, timeMs: number) {
  const first = findings.reduce((a, b) => (b.timeMs < a.timeMs ? b : a))
  const id = findingId(config.sha256, 'alert', key, first.id)
  return { id, startMs: first.timeMs, openedMs: timeMs }
}

/** Days from the first to the last, also those on which nothing was found. */
function spanOf(days: readonly Day[]): number {
  return Math.max(1, (days.at(-1)?.day ?? 0) - (days[0]?.day ?? 0) + 1)
}

function alertsAt(days: readonly Day[], threshold: number): number {
  const scores = days.flatMap(({ best }) => [...best.values()])
  return days.length === 0 ? 0 : scores.filter(s => s >= threshold).length / spanOf(days)
}

/** The lowest threshold at which the past days would have met the budget. */
function thresholdFor(days: readonly Day[], asked: number | null): number {
  const least = asked === null ? THRESHOLD_USUAL : THRESHOLD_MIN
  if (days.length === 0 || spanOf(days) < DAYS_KNOWN_MIN) return THRESHOLD_USUAL
  const most = Math.floor((asked ?? DEFAULT_BUDGET) * spanOf(days))
  const scores = days.flatMap(({ best }) => [...best.values()]).sort((a, b) => b - a)
  // Just above the first score that no longer fits.
  const next = scores[most] ?? 0
  return Math.min(THRESHOLD_MAX, Math.max(least, next + (next > 0 ? 0.01 : 0)))
}

function save(out: StateWriter, { open, days, threshold }: Book): void {
  out.number(threshold)
  out.count(days.length)
  for (const { day, best, alerts } of days) {
    out.count(day)
    out.count(alerts)
    out.count(best.size)
    for (const [key, score] of best) {
      out.text(key)
      out.number(score)
    }
  }
  out.count(open.size)
  for (const [key, entry] of open) {
    out.text(key)
    saveOpen(out, entry)
  }
}

function load(book: Book, input: StateReader): void {
  book.threshold = input.number()
  for (let left = input.count(); left > 0; left--) book.days.push(loadDay(input))
  for (let left = input.count(); left > 0; left--) {
    const key = input.text()
    book.open.set(key, loadOpen(input))
  }
}

function loadDay(input: StateReader): Day {
  const day = input.count()
  const alerts = input.count()
  const best = new Map<string, number>()
  for (let left = input.count(); left > 0; left--) best.set(input.text(), input.number())
  return { day, alerts, best }
}

function saveOpen(out: StateWriter, { entity, findings, alert, findingIds, lastMs }: Open): void {
  out.text(entity.type)
  out.text(entity.id)
  out.integer(lastMs)
  out.count(findings.length)
  for (const { id, rule, detector, title, timeMs, score } of findings) {
    for (const text of [id, rule, detector, title]) out.text(text)
    out.integer(timeMs)
    out.number(score)
  }
  out.count(findingIds.length)
  for (const id of findingIds) out.text(id)
  out.count(alert ? 1 : 0)
  if (!alert) return
  out.text(alert.id)
  out.integer(alert.startMs)
  out.integer(alert.openedMs)
}

function loadOpen(input: StateReader): Open {
  const entity = { type: parseEntityType(input.text()), id: input.text() }
  const lastMs = input.integer()
  const findings: Weighed[] = []
  for (let left = input.count(); left > 0; left--) {
    const [id, rule, detector, title] = [input.text(), input.text(), input.text(), input.text()]
    const when = { timeMs: input.integer(), score: input.number() }
    findings.push({ id, rule, detector, title, ...when })
  }
  const findingIds: string[] = []
  for (let left = input.count(); left > 0; left--) findingIds.push(input.text())
  const isAlert = input.count() === 1
  const alert = isAlert
    ? { id: input.text(), startMs: input.integer(), openedMs: input.integer() }
    : null
  return { entity, findings, alert, findingIds, lastMs }
}
