// Findings and alerts against labels: which campaigns were found and how late, which alerts were
// for nothing. Strict on both sides: a campaign is found by an alert on one of its own entities
// between its start and an hour after its end, and every other alert is false.

import type { Alert } from '@tocsin/detect/alert'
import { entityKey, type Finding } from '@tocsin/detect/finding'
import type { SealedEvent } from '@tocsin/sdk/event'
import { isLookAlike, type Label } from './labels.ts'
import { openRanking, type Ranked, type Ranking } from './ranking.ts'

/** So long after its end a campaign may still be found. */
export const GRACE_MS = 3_600_000
const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

export type CampaignScore = {
  readonly campaign: string
  readonly kind: string
  readonly strength: number | null
  readonly isLookAlike: boolean
  readonly entities: readonly string[]
  readonly start: number
  readonly end: number
  readonly events: number
  /** Of them, those in the file. */
  readonly eventsSeen: number
  readonly found: boolean
  /** From its start, and its own events before; null when not found, or none of its is known. */
  readonly delayMinutes: number | null
  readonly delayEvents: number | null
  /** The rule whose finding made or joined the alert. */
  readonly foundBy: string | null
  /** The heaviest finding on its entities in its time, with or without an alert. */
  readonly best: { readonly rule: string; readonly score: number } | null
}

export type AlertScore = {
  readonly id: string
  readonly entity: string
  readonly entityType: string
  readonly openedMs: number
  /** Highest it came to. */
  readonly score: number
  readonly rules: readonly string[]
  readonly sentence: string
  readonly verdict: 'attack' | 'look-alike' | 'other'
  /** Campaigns it found, or rests on by events of theirs. */
  readonly campaigns: readonly string[]
  /** False by its entity, though events of an attack are behind it. */
  readonly isBesideAttack: boolean
}

export type KindScore = {
  readonly kind: string
  readonly strength: number | null
  readonly campaigns: number
  readonly found: number
  readonly delayMinutesMedian: number | null
  readonly delayEventsMedian: number | null
}

export type Score = {
  readonly days: number
  readonly budget: number
  readonly attacks: number
  readonly found: number
  readonly byKind: readonly KindScore[]
  readonly campaigns: readonly CampaignScore[]
  readonly lookAlikes: { readonly campaigns: number; readonly alerted: number }
  readonly alerts: readonly AlertScore[]
  readonly falseAlerts: number
  readonly falseAlertsPerDay: number
  /** Of the false ones. */
  readonly falseOnLookAlikes: number
  readonly falseBesideAttacks: number
  readonly alertsPerDay: number
  readonly precision: number | null
  readonly recall: number | null
  /**
   * Of the entities with the heaviest findings, with or without an alert, as many as the budget
   * lets through in these days.
   */
  readonly atBudget: {
    readonly entities: number
    readonly precision: number | null
    readonly recall: number | null
  }
}

type Campaign = {
  readonly label: Label
  readonly number: number
  readonly ownTimes: number[]
  startMs: number
  endMs: number
}

type AlertRow = {
  readonly alert: Alert
  score: number
  /** When a finding made it or joined it. */
  readonly moments: { readonly timeMs: number; readonly rule: string }[]
  readonly rules: Set<string>
  readonly touched: Set<number>
  sentence: string
  sentenceScore: number
}

type Seen = { readonly timeMs: number; readonly rule: string; readonly score: number }

export interface Scorer {
  /** Every event of the file, in any order. */
  event(event: SealedEvent): void
  /** Every finding in its order, with the alert that its entity has after it. */
  finding(finding: Finding, alert: Alert | null): void
  finish(span: {
    readonly firstMs: number
    readonly lastMs: number
    readonly budget: number
  }): Score
}

export function scoreLabels(labels: readonly Label[]): Scorer {
  const campaigns = labels.map((label, number) => ({
    label,
    number,
    ownTimes: [],
    startMs: label.start ?? Number.POSITIVE_INFINITY,
    endMs: label.end ?? Number.NEGATIVE_INFINITY,
  })) satisfies Campaign[]
  const ofEvent = new Map<string, Campaign[]>()
  for (const one of campaigns) for (const id of one.label.eventIds) pushTo(ofEvent, id, one)
  const rows = new Map<string, AlertRow>()
  const ofEntity = new Map<string, AlertRow[]>()
  const seen = new Map<string, Seen[]>()
  const ranking = openRanking()
  /** Findings that rest on events of campaigns. */
  const touching = new Map<string, ReadonlySet<number>>()

  function takeEvent({ id, time: timeMs }: SealedEvent): void {
    for (const one of ofEvent.get(id) ?? NOTHING) {
      one.ownTimes.push(timeMs)
      if (one.label.start === null) one.startMs = Math.min(one.startMs, timeMs)
      if (one.label.end === null) one.endMs = Math.max(one.endMs, timeMs)
    }
  }

  function takeFinding(finding: Finding, alert: Alert | null): void {
    const { id, entity, timeMs, rule, score, eventIds } = finding
    const touched = new Set(eventIds.flatMap(one => (ofEvent.get(one) ?? []).map(c => c.number)))
    if (touched.size > 0) touching.set(id, touched)
    for (const name of [entity.id, entityKey(entity)]) pushTo(seen, name, { timeMs, rule, score })
    ranking.add(finding)
    if (alert) takeAlert(finding, alert)
  }

  function takeAlert({ timeMs, rule, score, sentence }: Finding, alert: Alert): void {
    const row = rows.get(alert.id) ?? openRow(alert)
    row.score = Math.max(row.score, alert.score)
    row.moments.push({ timeMs, rule })
    row.rules.add(rule)
    for (const id of alert.findingIds) for (const n of touching.get(id) ?? []) row.touched.add(n)
    if (score > row.sentenceScore) Object.assign(row, { sentence, sentenceScore: score })
  }

  function openRow(alert: Alert): AlertRow {
    const row: AlertRow = {
      alert,
      score: 0,
      moments: [],
      rules: new Set(),
      touched: new Set(),
      sentence: '',
      sentenceScore: -1,
    }
    rows.set(alert.id, row)
    for (const name of [alert.entity.id, entityKey(alert.entity)]) pushTo(ofEntity, name, row)
    return row
  }

  return {
    event: takeEvent,
    finding: takeFinding,
    finish: span => finish({ campaigns, rows: [...rows.values()], ofEntity, seen, ranking }, span),
  }
}

const NOTHING: readonly Campaign[] = []

function pushTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}

type All = {
  readonly campaigns: readonly Campaign[]
  readonly rows: readonly AlertRow[]
  readonly ofEntity: ReadonlyMap<string, readonly AlertRow[]>
  readonly seen: ReadonlyMap<string, readonly Seen[]>
  readonly ranking: Ranking
}

function finish(all: All, span: Parameters<Scorer['finish']>[0]): Score {
  const { campaigns, rows } = all
  const { budget } = span
  const days = Math.max(1, (span.lastMs - span.firstMs) / DAY_MS)
  const foundBy = new Map(campaigns.map(one => [one, findersOf(one, all.ofEntity)]))
  const scores = campaigns.map(one => scoreCampaign(one, foundBy.get(one) ?? [], all.seen))
  const alerts = rows.map(row => scoreAlert(row, campaigns, foundBy))
  const attacks = scores.filter(one => !one.isLookAlike)
  const lookAlikes = scores.filter(one => one.isLookAlike)
  const wrong = alerts.filter(one => one.verdict !== 'attack')
  const found = attacks.filter(one => one.found).length
  return {
    days,
    budget,
    attacks: attacks.length,
    found,
    byKind: byKind(attacks),
    campaigns: scores,
    lookAlikes: { campaigns: lookAlikes.length, alerted: lookAlikes.filter(c => c.found).length },
    alerts,
    falseAlerts: wrong.length,
    falseAlertsPerDay: wrong.length / days,
    falseOnLookAlikes: wrong.filter(one => one.verdict === 'look-alike').length,
    falseBesideAttacks: wrong.filter(one => one.isBesideAttack).length,
    alertsPerDay: alerts.length / days,
    precision: share(alerts.length - wrong.length, alerts.length),
    recall: share(found, attacks.length),
    atBudget: scoreAtBudget(all, Math.max(1, Math.floor(budget * days))),
  }
}

type Moments = Pick<Ranked, 'moments'>
type Finder<R> = { readonly row: R; readonly timeMs: number; readonly rule: string }
type Finders = ReadonlyMap<Campaign, readonly Finder<AlertRow>[]>

/** Alerts that find it, each with its first moment within its time, the earliest first. */
function findersOf<R extends Moments>(
  { label, startMs, endMs }: Campaign,
  ofEntity: ReadonlyMap<string, readonly R[]>,
): readonly Finder<R>[] {
  const rows = new Set(label.entities.flatMap(id => ofEntity.get(id) ?? []))
  return [...rows]
    .flatMap(row => {
      const at = row.moments.find(m => m.timeMs >= startMs && m.timeMs <= endMs + GRACE_MS)
      return at ? [{ row, ...at }] : []
    })
    .sort((a, b) => a.timeMs - b.timeMs)
}

function scoreCampaign(
  { label, startMs, endMs, ownTimes }: Campaign,
  [first]: readonly Finder<AlertRow>[],
  seen: ReadonlyMap<string, readonly Seen[]>,
): CampaignScore {
  const best = label.entities
    .flatMap(id => seen.get(id) ?? [])
    .filter(one => one.timeMs >= startMs && one.timeMs <= endMs + GRACE_MS)
    .reduce<Seen | null>((a, b) => (a && a.score >= b.score ? a : b), null)
  return {
    campaign: label.campaign,
    kind: label.kind,
    strength: label.strength,
    isLookAlike: isLookAlike(label),
    entities: label.entities,
    start: Number.isFinite(startMs) ? startMs : 0,
    end: Number.isFinite(endMs) ? endMs : 0,
    events: label.eventIds.length,
    eventsSeen: ownTimes.length,
    found: first !== undefined,
    delayMinutes: first ? Math.max(0, first.timeMs - startMs) / MINUTE_MS : null,
    delayEvents:
      first && ownTimes.length > 0 ? ownTimes.filter(timeMs => timeMs < first.timeMs).length : null,
    foundBy: first?.rule ?? null,
    best: best && { rule: best.rule, score: best.score },
  }
}

function scoreAlert(row: AlertRow, campaigns: readonly Campaign[], foundBy: Finders): AlertScore {
  const { alert, score, rules, touched, sentence } = row
  const own = campaigns.filter(one => foundBy.get(one)?.some(finder => finder.row === row))
  const isAttack = own.some(one => !isLookAlike(one.label))
  const beside = campaigns.filter(({ number }) => touched.has(number))
  return {
    id: alert.id,
    entity: alert.entity.id,
    entityType: alert.entity.type,
    openedMs: alert.openedMs,
    score,
    rules: [...rules],
    sentence,
    verdict: isAttack ? 'attack' : own.length > 0 ? 'look-alike' : 'other',
    campaigns: [...new Set([...own, ...beside].map(({ label }) => label.campaign))],
    isBesideAttack: !isAttack && beside.some(({ label }) => !isLookAlike(label)),
  }
}

/** By kind, then the strongest first. */
function byKind(attacks: readonly CampaignScore[]): readonly KindScore[] {
  const groups = Map.groupBy(attacks, one => `${one.kind}\0${one.strength ?? ''}`)
  return [...groups.values()]
    .flatMap(group => {
      const [first] = group
      if (!first) return []
      const { kind, strength } = first
      const found = group.filter(one => one.found)
      return [
        {
          kind,
          strength,
          campaigns: group.length,
          found: found.length,
          delayMinutesMedian: median(found.flatMap(one => one.delayMinutes ?? [])),
          delayEventsMedian: median(found.flatMap(one => one.delayEvents ?? [])),
        },
      ]
    })
    .sort((a, b) =>
      a.kind === b.kind ? (b.strength ?? 0) - (a.strength ?? 0) : a.kind < b.kind ? -1 : 1,
    )
}

function scoreAtBudget({ campaigns, ranking }: All, most: number): Score['atBudget'] {
  const top = ranking.all().slice(0, most)
  const ofEntity = new Map<string, Ranked[]>()
  for (const one of top) {
    for (const name of [one.entity.id, entityKey(one.entity)]) pushTo(ofEntity, name, one)
  }
  const attacks = campaigns.filter(({ label }) => !isLookAlike(label))
  const finders = attacks.map(one => findersOf(one, ofEntity).map(({ row }) => row))
  return {
    entities: top.length,
    precision: share(new Set(finders.flat()).size, top.length),
    recall: share(finders.filter(rows => rows.length > 0).length, attacks.length),
  }
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return low === undefined || high === undefined ? null : (low + high) / 2
}
