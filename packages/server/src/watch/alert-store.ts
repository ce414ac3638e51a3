// Alerts as people see them: findings gathered under their alert, what was said of each, the risk
// of an entity. All of it is a projection of events in the log (`tocsin.finding`,
// `tocsin.disposition`) in SQLite, taken idempotently, and made again from the log when it is lost.

import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Cause } from '@tocsin/detect/alert'
import type { Finding } from '@tocsin/detect/finding'
import { assessRisk, independent, type Risk } from '@tocsin/detect/risk'
import { TocsinError } from '@tocsin/sdk/errors'
import type { SealedEvent } from '@tocsin/sdk/event'
import type { Clock } from '../base/clock.ts'
import { OWN_VIA } from '../query/query.ts'
import {
  fitting,
  joined,
  type Narrowing,
  openAlertDatabase,
  parseFinding,
  parseSaid,
  type Row,
  toEntity,
  whole,
} from './alert-database.ts'
import { type AlertHead, type AlertSummary, headOf } from './alert-head.ts'
import { type AlertPage, type AlertQuestion, searchAlerts } from './alert-search.ts'
import { type AlertTaker, openAlertTaker } from './alert-taker.ts'
import type { AlertState, Disposed } from './dispositions.ts'
import { type EntityRisks, openEntityRisk } from './entity-risk.ts'
import { openSuppressionTable, type SuppressionTable } from './suppression-table.ts'
import type { SuppressedTest } from './suppressions.ts'

export { parseDisposition } from './dispositions.ts'

export type AlertDetail = Omit<AlertSummary, 'findings'> & {
  /** Oldest first, with those that were there before it became an alert. */
  readonly findings: readonly Finding[]
  /** What people said, oldest first. */
  readonly history: readonly Disposed[]
  /** How its findings make the score; one of each rule counts. */
  readonly risk: Risk
}

export type FindingQuestion = Narrowing & { readonly limit: number }

export interface AlertStore extends AlertTaker, EntityRisks, SuppressionTable {
  has(findingId: string): boolean
  /** As `take`; events that others wrote are passed over. */
  apply(event: SealedEvent): void
  /** Throws `query.*` for a question that cannot be asked. */
  list(question: AlertQuestion): AlertPage
  /** How many alerts each suppression holds back now. */
  heldBack(): ReadonlyMap<string, number>
  /** null when there is no such alert. */
  get(alertId: string): AlertDetail | null
  /** The one alert whose id begins so. Throws `alert.unknown`, `alert.ambiguous`. */
  resolveId(prefix: string): string
  /** What was said of an alert, oldest first. */
  historyOf(alertId: string): readonly Disposed[]
  /** What was said of many alerts at once, by its number; empty for a number that is none. */
  saidAtOnce(batch: string): readonly Disposed[]
  /** Newest first. */
  findings(question: FindingQuestion): readonly Finding[]
  close(): void
}

/** `clock` says which suppressions are in force, and what `now` means in questions. */
export function openAlertStore(stateDirectory: string, clock: Clock): AlertStore {
  return buildStore(openAlertDatabase(join(stateDirectory, 'alerts.sqlite')), clock)
}

function buildStore(database: DatabaseSync, { nowMs }: Clock): AlertStore {
  const taker = openAlertTaker(database)
  const suppressions = openSuppressionTable(database)
  const has = database.prepare('SELECT 1 FROM finding WHERE id = ?')
  const byId = database.prepare('SELECT * FROM alert WHERE id = ?')
  const all = database.prepare('SELECT * FROM alert')
  const withPrefix = database.prepare('SELECT id FROM alert WHERE id >= ? AND id < ? LIMIT 2')
  const members = database.prepare(MEMBERS)
  const said = database.prepare('SELECT body FROM disposition WHERE alert_id = ? ORDER BY revision')
  const atOnce = database.prepare('SELECT body FROM disposition WHERE batch = ? ORDER BY alert_id')
  const findingsOf = (alertId: string) => members.all(alertId).map(parseFinding)
  const historyOf = (alertId: string) => said.all(alertId).map(parseSaid)
  const refreshHeads = buildHeads(database, findingsOf)

  return {
    has: findingId => has.get(findingId) !== undefined,
    ...taker,
    ...suppressions,
    apply(event) {
      if (event.via === OWN_VIA) taker.take(event)
    },
    list(question) {
      refreshHeads()
      const isSuppressed = suppressions.suppressedNow(nowMs())
      const toSummary = (row: Row) => summaryOf(row, isSuppressed)
      return searchAlerts({ database, nowMs: nowMs(), toSummary }, question)
    },
    heldBack() {
      refreshHeads()
      const isSuppressed = suppressions.suppressedNow(nowMs())
      const summaries = all.all().map(row => summaryOf(row, isSuppressed))
      return countBy(summaries.map(({ suppressed }) => suppressed?.suppressionId ?? null))
    },
    get(alertId) {
      refreshHeads()
      const row = byId.get(alertId)
      if (!row) return null
      const findings = findingsOf(alertId)
      const history = historyOf(alertId)
      const risk = assessRisk(independent(findings, 0), 0)
      const summary = summaryOf(row, suppressions.suppressedNow(nowMs()))
      return { ...summary, findings, history, risk }
    },
    historyOf,
    saidAtOnce: batch => atOnce.all(batch).map(parseSaid),
    resolveId(prefix) {
      const text = prefix.toLowerCase()
      if (!/^[0-9a-f]{4,32}$/.test(text)) throw unknownAlert(prefix)
      const rows = withPrefix.all(text, `${text}g`)
      if (rows.length === 0) throw unknownAlert(prefix)
      if (rows.length === 1) return String(rows[0]?.id)
      throw new TocsinError('alert.ambiguous', {
        public: `more than one alert begins with ${text}; give more digits of the id`,
      })
    },
    findings: question => selectFindings(database, question),
    ...openEntityRisk(database),
    close: () => database.close(),
  }
}

const MEMBERS = `SELECT body FROM member JOIN finding ON finding.id = finding_id
  WHERE alert_id = ? ORDER BY time_ms, finding.id`

/** Makes the heads that findings have changed since somebody asked. */
function buildHeads(
  database: DatabaseSync,
  findingsOf: (alertId: string) => readonly Finding[],
): () => void {
  const headless = database.prepare('SELECT id FROM alert WHERE head IS NULL')
  const putHead = database.prepare('UPDATE alert SET head = ? WHERE id = ?')
  return () => {
    const ids = headless.all().map(({ id }) => String(id))
    if (ids.length === 0) return
    whole(database, () => {
      for (const id of ids) putHead.run(JSON.stringify(headOf(findingsOf(id))), id)
    })
  }
}

function selectFindings(database: DatabaseSync, question: FindingQuestion): readonly Finding[] {
  const { sql, params } = joined(fitting(question, 'time_ms'))
  const statement = database.prepare(
    `SELECT body FROM finding WHERE ${sql} ORDER BY time_ms DESC, id DESC LIMIT ?`,
  )
  return statement.all(...params, question.limit).map(parseFinding)
}

function unknownAlert(text: string): TocsinError {
  const shown = JSON.stringify(text.slice(0, 40))
  return new TocsinError('alert.unknown', {
    public: `no alert has the id ${shown}; \`tocsin alerts list\` shows them`,
  })
}

function countBy(names: readonly (string | null)[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

function summaryOf(row: Row, isSuppressed: SuppressedTest): AlertSummary {
  const entity = toEntity(row)
  const head = parseHead(row)
  return {
    id: String(row.id),
    entity,
    startMs: Number(row.start_ms),
    openedMs: Number(row.opened_ms),
    lastMs: Number(row.last_ms),
    score: Number(row.score),
    threshold: Number(row.threshold),
    ...parseOutcome(row),
    assignee: row.assignee === null ? null : String(row.assignee),
    suppressed: isSuppressed(head.rules, entity),
    ...head,
  }
}

/** The columns hold only what this file and `refresh` put there. */
function parseHead(row: Row): AlertHead {
  return JSON.parse(String(row.head)) as AlertHead
}

function parseOutcome(row: Row): Pick<AlertSummary, 'state' | 'disposition' | 'cause'> {
  const disposition = row.disposition === null ? null : String(row.disposition)
  return { state: row.state as AlertState, disposition, cause: row.cause as Cause | null }
}
