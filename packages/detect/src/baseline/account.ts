// One account's own past and what is expected of it: hours as they come in, closing of days, the
// norm learnt from them. What is in a window and whether it is a finding is decided elsewhere
// (baseline.ts).
//
// Nothing is its own norm: a day is learnt LAG_HOURS after it ended, and an hour during which the
// account was under suspicion, with the hours just before, counts as not observed. Silence counts
// as observed, but for at most SILENT_DAYS: then the account is away, and its clock stops in whole
// weeks (`shiftDays`), so that no silence is closed hour by hour and no absence erases a baseline.

import type { StateReader, StateWriter } from '../state-bytes.ts'
import { decodeAmount, packCode, unpackCode } from './hour-code.ts'
import {
  addAmount,
  amountOf,
  forgetBefore,
  forgetUnseen,
  HOURS,
  isUnseen,
  loadDays,
  markAllSeen,
  markUnseen,
  type OwnDays,
  openDays,
  saveDays,
  WEEK_HOURS,
} from './own-days.ts'
import { type CohortShape, hourOfWeek, learnWeek, teachShape } from './week-norm.ts'

export type Account = {
  days: OwnDays
  /** Newest hour with an event, on the account's own clock; -1 before the first. */
  hour: number
  /** Hour of the first event, until the day before it is marked as not observed; then -1. */
  firstHour: number
  shiftDays: number
  /** Exact amounts of the newest hours, by hour mod RECENT_HOURS. */
  readonly recent: number[]
  isFrozen: boolean
  /** What was learnt: expected per hour of the week, mean hour, days behind them. */
  week: Uint16Array
  meanHour: number
  seenDays: number
  /** Faded sums for the size of one event (Σv²/Σv) and for the own over-dispersion φ. */
  squares: number
  amounts: number
  excess: number
  scale: number
  activeHours: number
}

/** Of the accounts of a cohort together. */
export type Cohort = { readonly shape: CohortShape; phi: number; phiCount: number }

export const HOUR_MS = 3_600_000
export const DAYS_MIN = 3
const LAG_HOURS = 6
const SILENT_DAYS = 14
const RECENT_HOURS = 3
/** What a day adds to the sums of spread fades by this each day. */
const FADE = 0.95
/** One hour's deviation counts for at most so many times what is expected or usual. */
const DEVIATION_MAX = 6
const PHI_FIRST = 0.5
/** Hours of activity that the cohort's φ is worth. */
const PHI_WEIGHT = 12
const PHI_MIN = 0.05
const PHI_MAX = 25
const PHI_COUNT_MAX = 2000

const NO_WEEK = new Uint16Array(0)

export function openAccount(): Account {
  return {
    days: openDays(0),
    hour: -1,
    firstHour: -1,
    shiftDays: 0,
    recent: [0, 0, 0],
    isFrozen: false,
    week: NO_WEEK,
    meanHour: 0,
    seenDays: 0,
    squares: 0,
    amounts: 0,
    excess: 0,
    scale: 0,
    activeHours: 0,
  }
}

export function hourOn(account: Account, timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS) - account.shiftDays * HOURS
}

/** The first event ever. Who is never seen again costs no more than this. */
export function beginAccount(account: Account, timeMs: number): void {
  account.hour = Math.floor(timeMs / HOUR_MS)
  account.firstHour = account.hour
  account.days = openDays(Math.floor(account.hour / HOURS))
}

/** What of the first day lies before the first event was not observed. */
function closeFirstDay(account: Account): void {
  const { days, firstHour } = account
  if (firstHour < 0) return
  markUnseen(days, days.sinceDay * HOURS, firstHour - 1)
  account.firstHour = -1
}

/** Time went on to a newer hour: older ones are filed, days that are over are learnt. */
export function advance(account: Account, cohort: Cohort, at: Advance): void {
  closeFirstDay(account)
  let hour = hourOn(account, at.timeMs)
  const before = account.hour
  const counted = account.isFrozen ? 0 : SILENT_DAYS
  const weeks = Math.floor(((hour - before) / HOURS - counted) / 7)
  if (weeks > 0) {
    account.shiftDays += 7 * weeks
    hour -= 7 * weeks * HOURS
  }
  for (let old = before - RECENT_HOURS + 1; old <= Math.min(before, hour - RECENT_HOURS); old++) {
    if (old < 0) continue
    addAmount(account.days, old, account.recent[old % RECENT_HOURS] ?? 0)
    account.recent[old % RECENT_HOURS] = 0
  }
  if (account.isFrozen) markUnseen(account.days, before + 1, hour - 1)
  account.hour = hour
  const due = Math.floor((hour - Math.max(LAG_HOURS, at.spanHours + 1)) / HOURS)
  if (due > account.days.untilDay) learn(account, cohort, { due, keptDays: at.keptDays })
}

export type Advance = {
  readonly timeMs: number
  readonly spanHours: number
  readonly keptDays: number
}

/** An amount seen in an hour that is not newer than the newest. */
export function record(account: Account, hour: number, amount: number): void {
  const { days } = account
  if (hour > account.hour - RECENT_HOURS) {
    const at = hour % RECENT_HOURS
    account.recent[at] = (account.recent[at] ?? 0) + amount
  } else if (hour >= days.sinceDay * HOURS) {
    addAmount(days, hour, amount)
  }
}

/** The account is under suspicion: the newest hours, which may have led to it, teach nothing. */
export function freeze(account: Account): void {
  if (account.isFrozen && isHourUnseen(account)) return
  const first = account.days.sinceDay * HOURS
  markUnseen(account.days, Math.max(first, account.hour - LAG_HOURS), account.hour)
  account.isFrozen = true
}

/** A late event of a suspicious time: only its own hour. */
export function freezeHour(account: Account, hour: number): void {
  if (hour >= account.days.sinceDay * HOURS) markUnseen(account.days, hour, hour)
}

export function isHourUnseen(account: Account): boolean {
  return isUnseen(account.days, account.hour)
}

/** All that was kept from learning was normal. */
export function acceptAll(account: Account): void {
  account.isFrozen = false
  markAllSeen(account.days)
}

/** None of it was: should the account be accepted one day, these hours count as silent. */
export function rejectAll(account: Account): void {
  forgetUnseen(account.days)
}

/** Size of one event, weighed by itself: what a sum varies by, as √(mean × size). */
export function noteSize(account: Account, amount: number): void {
  account.squares += amount * amount
  account.amounts += amount
}

export function sizeOf({ squares, amounts }: Account): number {
  return amounts > 0 ? squares / amounts : 1
}

/** Over-dispersion: own, drawn to the cohort's while the account was hardly seen active. */
export function phiOf({ excess, scale, activeHours }: Account, cohort: Cohort): number {
  const own = scale > 0 ? Math.max(0, excess / scale) : cohort.phi
  const drawn = (activeHours * own + PHI_WEIGHT * cohort.phi) / (activeHours + PHI_WEIGHT)
  return Math.min(PHI_MAX, Math.max(PHI_MIN, drawn))
}

/** Expected of an hour on the account's clock. */
export function expectedOf({ week }: Account, hour: number): number {
  return decodeAmount(week[hourOfWeek(hour)] ?? 0)
}

type Due = { readonly due: number; readonly keptDays: number }

function learn(account: Account, cohort: Cohort, { due, keptDays }: Due): void {
  const { days } = account
  const from = Math.max(days.untilDay, due - SILENT_DAYS)
  for (let day = from; day < due; day++) {
    if (account.seenDays >= DAYS_MIN) measureSpread(account, cohort, day)
  }
  days.untilDay = due
  forgetBefore(days, due - keptDays)
  const { shape } = cohort
  if (account.week.length === 0) account.week = new Uint16Array(WEEK_HOURS)
  const level = learnWeek(days, { shape, meanHour: account.meanHour }, account.week)
  account.meanHour = level.meanHour
  account.seenDays = level.days
  for (let day = Math.max(from, days.sinceDay); day < due; day++) {
    teachShape(shape, days, day, level)
  }
  account.squares *= FADE
  account.amounts *= FADE
}

/** How far the hours of a closed day lay from what had been expected of them. */
function measureSpread(account: Account, cohort: Cohort, day: number): void {
  const size = sizeOf(account)
  const usual = Math.max(size, account.meanHour)
  account.excess *= FADE
  account.scale *= FADE
  account.activeHours *= FADE
  let active = 0
  for (let hour = day * HOURS; hour < (day + 1) * HOURS; hour++) {
    const amount = amountOf(account.days, hour)
    if (Number.isNaN(amount)) continue
    const expected = expectedOf(account, hour)
    const most = DEVIATION_MAX * Math.max(expected, usual)
    const deviation = Math.min(most, Math.abs(amount - expected))
    account.excess += deviation * deviation - size * expected
    account.scale += expected * expected
    if (amount > 0) active += 1
  }
  account.activeHours += active
  if (active === 0 || account.scale <= 0) return
  const own = Math.min(PHI_MAX, Math.max(0, account.excess / account.scale))
  cohort.phiCount = Math.min(PHI_COUNT_MAX, cohort.phiCount + 1)
  cohort.phi += (own - cohort.phi) / (cohort.phiCount + 1)
}

export function openCohortNorm(shape: CohortShape): Cohort {
  return { shape, phi: PHI_FIRST, phiCount: 0 }
}

const NUMBERS = [
  'meanHour',
  'seenDays',
  'squares',
  'amounts',
  'excess',
  'scale',
  'activeHours',
] as const

export function saveAccount(account: Account, out: StateWriter): void {
  out.integer(account.hour)
  if (account.hour < 0) return
  out.integer(account.firstHour)
  saveDays(account.days, out)
  out.count(account.shiftDays)
  out.count(account.isFrozen ? 1 : 0)
  for (const amount of account.recent) out.number(amount)
  for (const name of NUMBERS) out.number(account[name])
  out.count(account.week.length)
  for (const code of account.week) out.count(packCode(code))
}

export function loadAccount(input: StateReader): Account {
  const account = openAccount()
  account.hour = input.integer()
  if (account.hour < 0) return account
  account.firstHour = input.integer()
  account.days = loadDays(input)
  account.shiftDays = input.count()
  account.isFrozen = input.count() === 1
  for (let at = 0; at < RECENT_HOURS; at++) account.recent[at] = input.number()
  for (const name of NUMBERS) account[name] = input.number()
  const codes: number[] = []
  for (let left = input.count(); left > 0; left--) codes.push(unpackCode(input.count()))
  account.week = Uint16Array.from(codes)
  return account
}
