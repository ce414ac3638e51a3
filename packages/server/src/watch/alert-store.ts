// Alerts as people see them: findings gathered under their alert, what was said of each, the risk
// of an entity. All of it is a projection of events in the log (`tocsin.finding`,
// `tocsin.disposition`) in SQLite, taken idempotently, and made again from the log when it is lost.

import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Alert, Cause } from '@tocsin/detect/alert'
import type { Finding } from '@tocsin/detect/finding'
import { assessRisk, independent, type Risk } from '@tocsin/detect/risk'
import { TocsinError } from '@tocsin/sdk/errors'
import type { SealedEvent } from '@tocsin/sdk/event'
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
  type Where,
} from './alert-database.ts'
import { type AlertTaker, openAlertTaker } from './alert-taker.ts'
import type { AlertState, Disposed } from './dispositions.ts'
import { type EntityRisks, openEntityRisk } from './entity-risk.ts'

export { parseDisposition } from './dispositions.ts'

export type AlertSummary = Omit<Alert, 'findingIds'> & {
  readonly state: AlertState
  /** How it was resolved; null while it is not. */
  readonly disposition: string | null
  readonly cause: Cause | null
  readonly findings: number
  /** Title and sentence of its heaviest finding. */
  readonly title: string
  readonly sentence: string
}

export type AlertCounts = { readonly [state in AlertState]: number }

export type AlertPage = {
  /** Newest first, by when they became alerts. */
  readonly alerts: readonly AlertSummary[]
  /** Cursor of the next page; null at the end. */
  readonly next: string | null
  /** Of all that fit, whatever their state. */
  readonly counts: AlertCounts
}

export type AlertDetail = Omit<AlertSummary, 'findings'> & {
  /** Oldest first, with those that were there before it became an alert. */
  readonly findings: readonly Finding[]
  /** What people said, oldest first. */
  readonly history: readonly Disposed[]
  /** How its findings make the score; one of each rule counts. */
  readonly risk: Risk
}

export type AlertQuestion = Narrowing & {
  readonly state?: AlertState
  readonly cursor?: string
  readonly limit: number
}

export type FindingQuestion = Narrowing & { readonly limit: number }

export interface AlertStore extends AlertTaker, EntityRisks {
  has(findingId: string): boolean
  /** As `take`; events that others wrote are passed over. */
  apply(event: SealedEvent): void
  list(question: AlertQuestion): AlertPage
  /** null when there is no such alert. */
  get(alertId: string): AlertDetail | null
  /** The one alert whose id begins so. Throws `alert.unknown`, `alert.ambiguous`. */
  resolveId(prefix: string): string
  /** Newest first. */
  findings(question: FindingQuestion): readonly Finding[]
  close(): void
}

export function openAlertStore(stateDirectory: string): AlertStore {
  return buildStore(openAlertDatabase(join(stateDirectory, 'alerts.sqlite')))
}

function buildStore(database: DatabaseSync): AlertStore {
  const taker = openAlertTaker(database)
  const has = database.prepare('SELECT 1 FROM finding WHERE id = ?')
  const byId = database.prepare('SELECT * FROM alert WHERE id = ?')
  const withPrefix = database.prepare('SELECT id FROM alert WHERE id >= ? AND id < ? LIMIT 2')
  const members = database.prepare(
    `SELECT body FROM member JOIN finding ON finding.id = finding_id
     WHERE alert_id = ? ORDER BY time_ms, finding.id`,
  )
  const said = database.prepare('SELECT body FROM disposition WHERE alert_id = ? ORDER BY revision')
  const findingsOf = (alertId: string) => members.all(alertId).map(parseFinding)

  function summaryOf(row: Row, findings: readonly Finding[]): AlertSummary {
    const first = heaviest(findings)
    const { title = '', sentence = '' } = first ?? {}
    return { ...toAlert(row), findings: findings.length, title, sentence }
  }

  return {
    has: findingId => has.get(findingId) !== undefined,
    take: taker.take,
    apply(event) {
      if (event.via === OWN_VIA) taker.take(event)
    },
    replay: taker.replay,
    list(question) {
      const { rows, next } = selectAlerts(database, question)
      const alerts = rows.map(row => summaryOf(row, findingsOf(String(row.id))))
      return { alerts, next, counts: countAlerts(database, question) }
    },
    get(alertId) {
      const row = byId.get(alertId)
      if (!row) return null
      const findings = findingsOf(alertId)
      const history = said.all(alertId).map(parseSaid)
      const risk = assessRisk(independent(findings, 0), 0)
      return { ...summaryOf(row, findings), findings, history, risk }
    },
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

function selectAlerts(
  database: DatabaseSync,
  question: AlertQuestion,
): { readonly rows: readonly Row[]; readonly next: string | null } {
  const { state, cursor, limit } = question
  const parts = fitting(question, 'opened_ms')
  if (state) parts.push({ sql: 'state = ?', params: [state] })
  if (cursor !== undefined) parts.push(isAfter(cursor))
  const { sql, params } = joined(parts)
  const statement = database.prepare(
    `SELECT * FROM alert WHERE ${sql} ORDER BY opened_ms DESC, id DESC LIMIT ?`,
  )
  const found = statement.all(...params, limit + 1)
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  const isMore = found.length > limit && last !== undefined
  return { rows, next: isMore ? `${last.opened_ms}.${last.id}` : null }
}

function isAfter(cursor: string): Where {
  const [, openedMs, id] = /^(\d{1,16})\.([0-9a-f]{1,64})$/.exec(cursor) ?? []
  if (openedMs === undefined || id === undefined) {
    throw new TocsinError('http.bad_request', {
      public: 'the cursor is not one of ours; take `next` of the page before, as it is',
      field: 'cursor',
    })
  }
  return { sql: '(opened_ms, id) < (?, ?)', params: [Number(openedMs), id] }
}

function countAlerts(database: DatabaseSync, question: AlertQuestion): AlertCounts {
  const { sql, params } = joined(fitting(question, 'opened_ms'))
  const rows = database
    .prepare(`SELECT state, count(*) AS n FROM alert WHERE ${sql} GROUP BY state`)
    .all(...params)
  const of = (state: AlertState) => Number(rows.find(row => row.state === state)?.n ?? 0)
  return { open: of('open'), acknowledged: of('acknowledged'), resolved: of('resolved') }
}

function selectFindings(database: DatabaseSync, question: FindingQuestion): readonly Finding[] {
  const { sql, params } = joined(fitting(question, 'time_ms'))
  const statement = database.prepare(
    `SELECT body FROM finding WHERE ${sql} ORDER BY time_ms DESC, id DESC LIMIT ?`,
  )
  return statement.all(...params, question.limit).map(parseFinding)
}

function heaviest(findings: readonly Finding[]): Finding | null {
  return findings.reduce<Finding | null>((a, b) => (a && a.score >= b.score ? a : b), null)
}

function unknownAlert(text: string): TocsinError {
  const shown = JSON.stringify(text.slice(0, 40))
  return new TocsinError('alert.unknown', {
    public: `no alert has the id ${shown}; \`tocsin alerts list\` shows them`,
  })
}

function toAlert(row: Row): Omit<AlertSummary, 'findings' | 'title' | 'sentence'> {
  return {
    id: String(row.id),
    entity: toEntity(row),
    startMs: Number(row.start_ms),
    openedMs: Number(row.opened_ms),
    lastMs: Number(row.last_ms),
    score: Number(row.score),
    threshold: Number(row.threshold),
    ...parseOutcome(row),
  }
}

/** The columns hold only what `refresh` puts there. */
function parseOutcome(row: Row): Pick<AlertSummary, 'state' | 'disposition' | 'cause'> {
  const disposition = row.disposition === null ? null : String(row.disposition)
  return { state: row.state as AlertState, disposition, cause: row.cause as Cause | null }
}
