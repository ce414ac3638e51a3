// The writing half of the alerts: takes findings, dispositions and criticality out of events that
// the server itself wrote, each whole or not at all, and any of them again without effect.

import type { DatabaseSync } from 'node:sqlite'
import type { Alert } from '@tocsin/detect/alert'
import { findKind, type SealedEvent, typeUid } from '@tocsin/sdk/event'
import { joinSections, type ShardReader } from '../log/log.ts'
import { OWN_VIA } from '../query/query.ts'
import { parseSaid, whole } from './alert-database.ts'
import { type OwnEvent, parseCriticality, parseDisposed, stateAfter } from './dispositions.ts'
import type { Found } from './found.ts'
import { parseLift, parseSuppression } from './suppressions.ts'

export interface AlertTaker {
  /** Takes an event that the server itself wrote and that is durable; again does nothing. */
  take(event: OwnEvent): void
  /** As `take`, all of them or none. */
  takeAll(events: readonly OwnEvent[]): void
  /** Takes what the log holds, from where the file stands to `size`. */
  replay(reader: ShardReader, size: number): void
}

/** Each changes nothing when what it brings is there. */
const WRITES = {
  addFinding: 'INSERT OR IGNORE INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  // Detectors that read the log again may find what lies before the newest.
  putAlert: `INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open', NULL, NULL, NULL, NULL)
    ON CONFLICT (id) DO UPDATE SET last_ms = excluded.last_ms, score = excluded.score,
      threshold = excluded.threshold WHERE excluded.last_ms >= last_ms`,
  addMember: 'INSERT OR IGNORE INTO member VALUES (?, ?)',
  // What is said of an alert in one line is made again when somebody asks.
  forgetHead: `UPDATE alert SET head = NULL
    WHERE id IN (SELECT alert_id FROM member WHERE finding_id = ?)`,
  addSaid: 'INSERT OR IGNORE INTO disposition VALUES (?, ?, ?, ?)',
  putState: 'UPDATE alert SET state = ?, disposition = ?, cause = ?, assignee = ? WHERE id = ?',
  addSuppression: 'INSERT OR IGNORE INTO suppression VALUES (?, ?, ?, ?)',
  addLifted: 'INSERT OR IGNORE INTO lifted VALUES (?, ?)',
  putCriticality: `INSERT INTO criticality VALUES (?, ?, ?, ?)
    ON CONFLICT (type, entity) DO UPDATE
    SET level = excluded.level, time_ms = excluded.time_ms WHERE excluded.time_ms >= time_ms`,
} as const

export function openAlertTaker(database: DatabaseSync): AlertTaker {
  const addFinding = database.prepare(WRITES.addFinding)
  const putAlert = database.prepare(WRITES.putAlert)
  const addMember = database.prepare(WRITES.addMember)
  const addSaid = database.prepare(WRITES.addSaid)
  const said = database.prepare('SELECT body FROM disposition WHERE alert_id = ? ORDER BY revision')
  const putState = database.prepare(WRITES.putState)
  const putCriticality = database.prepare(WRITES.putCriticality)
  const forgetHead = database.prepare(WRITES.forgetHead)
  const addSuppression = database.prepare(WRITES.addSuppression)
  const addLifted = database.prepare(WRITES.addLifted)

  function refresh(alertId: string): void {
    const { state, last, assignee } = stateAfter(said.all(alertId).map(parseSaid))
    const { action = null, cause = null } = (state === 'resolved' ? last : null) ?? {}
    putState.run(state, action, cause, assignee, alertId)
  }

  function takeFound({ finding, alert }: Found): void {
    const { id, entity, timeMs, score, rule, title } = finding
    const body = JSON.stringify(finding)
    const added = addFinding.run(id, entity.type, entity.id, timeMs, score, rule, title, body)
    if (Number(added.changes) === 0) return
    if (alert) takeAlert(alert, id)
    forgetHead.run(id)
  }

  function takeAlert(alert: Alert, newestId: string): void {
    const { type, id: name } = alert.entity
    const { startMs, openedMs, lastMs, threshold } = alert
    putAlert.run(alert.id, type, name, startMs, openedMs, lastMs, alert.score, threshold)
    for (const findingId of new Set([...alert.findingIds, newestId]))
      addMember.run(alert.id, findingId)
    refresh(alert.id)
  }

  function takeEvent(event: OwnEvent): void {
    const found = parseOwnFound(event)
    if (found) takeFound(found)
    const disposed = parseDisposed(event)
    if (disposed) {
      const { alertId, revision, batch } = disposed
      addSaid.run(alertId, revision, batch, JSON.stringify(disposed))
      refresh(disposed.alertId)
    }
    const set = parseCriticality(event)
    if (set) putCriticality.run(set.entity.type, set.entity.id, set.level, event.time)
    takeSuppression(event)
  }

  function takeSuppression(event: OwnEvent): void {
    const made = parseSuppression(event)
    if (made) addSuppression.run(made.id, made.untilMs, made.createdMs, JSON.stringify(made))
    const lifted = parseLift(event)
    if (lifted) addLifted.run(lifted.id, JSON.stringify(lifted))
  }

  return {
    take: event => whole(database, () => takeEvent(event)),
    takeAll: events => whole(database, () => events.forEach(takeEvent)),
    replay(reader, size) {
      const from = Number(database.prepare('SELECT size FROM cursor').get()?.size ?? 0)
      if (size <= from) return
      whole(database, () => {
        for (const event of ownEvents(reader, from, size)) takeEvent(event)
        database.prepare('UPDATE cursor SET size = ?').run(size)
      })
    },
  }
}

/** Only what the server itself wrote: `via` is the member that no producer can set. */
function* ownEvents(reader: ShardReader, from: number, size: number): Generator<SealedEvent> {
  const uids = new Set(['tocsin.finding', 'tocsin.disposition'].map(uidOf))
  for (const read of reader.read(from, size, entry => uids.has(entry.typeUid))) {
    if (!('sections' in read)) continue
    const text = joinSections(read.sections, { withContent: false })
    const event = text === null ? null : parseSealed(text)
    if (event?.via === OWN_VIA) yield event
  }
}

function uidOf(name: string): number {
  const kind = findKind(name)
  return kind ? typeUid(kind) : -1
}

/** What the log holds was checked before it was sealed. */
function parseSealed(text: string): SealedEvent {
  return JSON.parse(text) as SealedEvent
}

function parseOwnFound(event: OwnEvent): Found | null {
  if (event.kind !== 'tocsin.finding') return null
  const carried = event.ext?.tocsin as unknown as Partial<Found> | undefined
  return carried?.finding ? { finding: carried.finding, alert: carried.alert ?? null } : null
}
