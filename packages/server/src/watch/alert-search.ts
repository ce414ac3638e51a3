// Which alerts a question finds: in the query language over the fields of alerts, newest first, in
// pages, with exact counts. Suppressed alerts are left out unless the question names them: by
// `suppressed` or by `id`.

import type { DatabaseSync } from 'node:sqlite'
import { ALERT_FIELDS } from '@tocsin/sdk/alert-fields'
import { TocsinError } from '@tocsin/sdk/errors'
import { type Checked, compilePredicate, readQuery } from '@tocsin/sdk/query'
import { fitting, joined, type Narrowing, type Row } from './alert-database.ts'
import type { AlertSummary } from './alert-head.ts'
import type { AlertState } from './dispositions.ts'

export type AlertCounts = { readonly [state in AlertState]: number }

export type AlertPage = {
  /** Newest first, by when they became alerts. */
  readonly alerts: readonly AlertSummary[]
  /** Cursor of the next page; null at the end. */
  readonly next: string | null
  /** How many fit, on all pages. */
  readonly total: number
  /** Of all that fit, whatever their state. */
  readonly counts: AlertCounts
  /** Of all that would fit, those that a suppression holds back, shown or not. */
  readonly suppressed: number
}

export type AlertQuestion = Narrowing & {
  /** In the query language; all but suppressed ones where it is empty. */
  readonly text?: string
  readonly state?: AlertState
  readonly cursor?: string
  readonly limit: number
}

type Reader = {
  readonly database: DatabaseSync
  readonly nowMs: number
  readonly toSummary: (row: Row) => AlertSummary
}

/** Throws `query.*`, and `http.bad_request` for a cursor of another's making. */
export function searchAlerts(reader: Reader, question: AlertQuestion): AlertPage {
  const { state, cursor, limit } = question
  const isAfter = cursor === undefined ? () => true : afterCursor(cursor)
  const fits = testOf(question.text ?? '', reader.nowMs)
  const counts = { open: 0, acknowledged: 0, resolved: 0 }
  const alerts: AlertSummary[] = []
  let total = 0
  let suppressed = 0
  let isMore = false
  for (const row of rowsOf(reader, question)) {
    const alert = reader.toSummary(row)
    const { isFound, isShown } = fits(alert)
    if (isFound && alert.suppressed) suppressed += 1
    if (!isShown) continue
    counts[alert.state] += 1
    if (state !== undefined && alert.state !== state) continue
    total += 1
    if (!isAfter(alert)) continue
    if (alerts.length < limit) alerts.push(alert)
    else isMore = true
  }
  const last = alerts.at(-1)
  const next = isMore && last ? `${last.openedMs}.${last.id}` : null
  return { alerts, next, total, counts, suppressed }
}

function rowsOf({ database }: Reader, question: AlertQuestion): Iterable<Row> {
  const { sql, params } = joined(fitting(question, 'opened_ms'))
  return database
    .prepare(`SELECT * FROM alert WHERE ${sql} ORDER BY opened_ms DESC, id DESC`)
    .iterate(...params)
}

type Verdict = { readonly isFound: boolean; readonly isShown: boolean }

function testOf(text: string, nowMs: number): (alert: AlertSummary) => Verdict {
  const checked = readQuery(text, ALERT_FIELDS, nowMs)
  const matches = compilePredicate(checked)
  const showsSuppressed = names(checked, ['suppressed', 'id'])
  return alert => {
    const isFound = matches(factsOf(alert))
    return { isFound, isShown: isFound && (showsSuppressed || alert.suppressed === null) }
  }
}

function names(asked: Checked, paths: readonly string[]): boolean {
  if (asked.kind === 'and' || asked.kind === 'or') return asked.items.some(one => names(one, paths))
  if (asked.kind === 'not') return names(asked.item, paths)
  return 'field' in asked && paths.includes(asked.field.path)
}

/** An alert under the names of ALERT_FIELDS. */
export function factsOf(alert: AlertSummary): object {
  const { id, state, level, score, entity, title, sentence, findings } = alert
  const { assignee, disposition, cause, openedMs, rules, tags, suppressed } = alert
  return {
    ...{ id, state, level, score, entity, title, sentence, findings },
    ...{ assignee, disposition, cause },
    opened: openedMs,
    rule: rules,
    tag: tags,
    suppressed: suppressed !== null,
  }
}

function afterCursor(cursor: string): (alert: AlertSummary) => boolean {
  const [, openedMs, id] = /^(\d{1,16})\.([0-9a-f]{1,64})$/.exec(cursor) ?? []
  if (openedMs === undefined || id === undefined) {
    throw new TocsinError('http.bad_request', {
      public: 'the cursor is not one of ours; take `next` of the page before, as it is',
      field: 'cursor',
    })
  }
  const at = Number(openedMs)
  return alert => alert.openedMs < at || (alert.openedMs === at && alert.id < id)
}
