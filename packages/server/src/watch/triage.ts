// Saying something of alerts: of one, of all that a question finds, and taking back what was said
// of many at once. One after the other, so that each is judged by what was said before it; durable
// in the log before anybody is told; each change an event of its own, by whoever said it.

import type { Cause } from '@tocsin/detect/alert'
import { TocsinError } from '@tocsin/sdk/errors'
import type { WireEvent } from '@tocsin/sdk/event'
import type { Clock } from '../base/clock.ts'
import type { Entropy } from '../base/entropy.ts'
import type { Receipt } from '../capture/capture.ts'
import type { TimeRange } from '../query/query.ts'
import type { AlertDetail, AlertStore } from './alert-store.ts'
import {
  type Action,
  checkAction,
  checkAssignee,
  checkUndo,
  type Decider,
  type Disposed,
  type Disposition,
  dispositionEvent,
  NOTHING_PREVENTED,
  type Prevented,
} from './dispositions.ts'

/** Alerts of which something can be said at once. */
export const BULK_ALERTS_MAX = 1000
/** What was said at once can be undone at once so long. */
export const UNDO_MS: number = 10 * 60_000

export type Said = {
  readonly action: Exclude<Action, 'undone'>
  readonly cause: Cause | null
  readonly prevented: Prevented
  readonly note: string | null
  /** With `assigned`: to whom; null for nobody, and with everything else. */
  readonly assignee: string | null
}

/** What a resolution, an assignment or a note adds to. */
export const NOTHING_SAID: Omit<Said, 'action'> = {
  cause: null,
  prevented: NOTHING_PREVENTED,
  note: null,
  assignee: null,
}

export type BulkRequest = {
  /** In the query language, as in the inbox. */
  readonly text: string
  readonly range: TimeRange | null
  /** How many the person saw that it finds. */
  readonly expect: number
  readonly said: Said
}

export type NotDone = { readonly id: string; readonly code: string; readonly detail: string }

export type BulkDone = {
  readonly batch: string
  readonly done: number
  readonly failed: readonly NotDone[]
  readonly undoUntilMs: number
}

export type BulkUndone = Pick<BulkDone, 'done' | 'failed'>

export interface Triage {
  /** `id` may be the beginning of one. Throws `alert.unknown`, `alert.state`. */
  say(id: string, said: Said, by: Decider): Promise<AlertDetail>
  /**
   * Throws `alert.count_changed` where the question finds another number than was seen, and
   * `alert.too_many`; what does not fit an alert's state is told and the others are done.
   */
  sayAll(request: BulkRequest, by: Decider): Promise<BulkDone>
  /**
   * Puts each alert back to what it was, unless somebody said something of it since. Throws
   * `alert.batch_unknown`, `alert.undo_over`.
   */
  undo(batch: string, by: Decider): Promise<BulkUndone>
}

export type TriageDeps = {
  readonly alerts: AlertStore
  readonly recordAll: (events: readonly WireEvent[]) => Promise<Receipt>
  readonly clock: Clock
  readonly entropy: Entropy
}

export function openTriage(deps: TriageDeps): Triage {
  let before: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(step: () => Promise<T>): Promise<T> => {
    const now = before.then(step)
    before = now.catch(() => undefined)
    return now
  }
  return {
    say: (id, said, by) => inTurn(() => sayOne(deps, { id, said, by })),
    sayAll: (request, by) => inTurn(() => sayMany(deps, request, by)),
    undo: (batch, by) => inTurn(() => undoMany(deps, batch, by)),
  }
}

type OneSaid = { readonly id: string; readonly said: Said; readonly by: Decider }

async function sayOne(deps: TriageDeps, { id, said, by }: OneSaid): Promise<AlertDetail> {
  const { alerts, clock } = deps
  const alert = findAlert(alerts, id)
  check(said, alert.history)
  const change = { alertId: alert.id, entity: alert.entity, ...next(alert.history), ...said }
  const { failed } = await store(deps, [
    { change, event: dispositionEvent(change, by, clock.nowMs()) },
  ])
  const [first] = failed
  if (first) {
    const code = first.code === 'alert.state' ? first.code : 'http.bad_request'
    throw new TocsinError(code, { public: first.detail })
  }
  return findAlert(alerts, alert.id)
}

export function findAlert(alerts: AlertStore, id: string): AlertDetail {
  const alert = alerts.get(alerts.resolveId(id))
  if (alert) return alert
  throw new TocsinError('alert.unknown', { public: 'the alert is not there any more' })
}

function check({ action, assignee }: Said, history: readonly Disposed[]): void {
  if (action === 'assigned') checkAssignee(assignee, history)
  else checkAction(action, history)
}

function next(history: readonly Disposed[]): { readonly revision: number } {
  return { revision: (history.at(-1)?.revision ?? 0) + 1 }
}

async function sayMany(
  deps: TriageDeps,
  { text, range, expect, said }: BulkRequest,
  by: Decider,
): Promise<BulkDone> {
  const { alerts, clock, entropy } = deps
  const page = alerts.list({ text, ...range, limit: BULK_ALERTS_MAX })
  checkCount(page.total, expect)
  const batch = `b_${Buffer.from(entropy.bytes(9)).toString('hex')}`
  const timeMs = clock.nowMs()
  const { changes, failed } = draft(page.alerts, ({ id, entity }) => {
    const history = alerts.historyOf(id)
    check(said, history)
    return { alertId: id, entity, ...next(history), ...said, batch }
  })
  const stored = await store(
    deps,
    changes.map(change => ({ change, event: dispositionEvent(change, by, timeMs) })),
  )
  const all = [...failed, ...stored.failed]
  return { batch, done: stored.done, failed: all, undoUntilMs: timeMs + UNDO_MS }
}

function checkCount(total: number, expect: number): void {
  if (total !== expect) {
    throw new TocsinError('alert.count_changed', {
      public: `the question finds ${total} alerts now, not ${expect}; look again before you decide`,
      field: 'expect',
    })
  }
  if (total > BULK_ALERTS_MAX) {
    throw new TocsinError('alert.too_many', {
      public: `the question finds ${total} alerts; at most ${BULK_ALERTS_MAX} are decided at once`,
      field: 'q',
    })
  }
}

async function undoMany(deps: TriageDeps, batch: string, by: Decider): Promise<BulkUndone> {
  const { alerts, clock } = deps
  const said = alerts.saidAtOnce(batch).filter(({ action }) => action !== 'undone')
  const [first] = said
  if (!first) {
    const shown = JSON.stringify(batch.slice(0, 40).toWellFormed())
    throw new TocsinError('alert.batch_unknown', { public: `nothing was said at once as ${shown}` })
  }
  const timeMs = clock.nowMs()
  if (timeMs > first.timeMs + UNDO_MS) {
    throw new TocsinError('alert.undo_over', {
      public: `it was said at ${new Date(first.timeMs).toISOString()}, more than ${UNDO_MS / 60_000} min ago`,
    })
  }
  const targets = said.map(one => ({ id: one.alertId, entity: one.entity, said: one }))
  const { changes, failed } = draft(targets, ({ id, entity, said: { revision } }) => {
    const history = alerts.historyOf(id)
    checkUndo(revision, history)
    const undone = { ...NOTHING_SAID, action: 'undone', undoes: revision, batch } as const
    return { alertId: id, entity, ...next(history), ...undone }
  })
  const stored = await store(
    deps,
    changes.map(change => ({ change, event: dispositionEvent(change, by, timeMs) })),
  )
  return { done: stored.done, failed: [...failed, ...stored.failed] }
}

/** What can be said, and of which alerts it cannot. */
function draft<T extends { readonly id: string }>(
  targets: readonly T[],
  change: (target: T) => Disposition,
): { readonly changes: readonly Disposition[]; readonly failed: readonly NotDone[] } {
  const changes: Disposition[] = []
  const failed: NotDone[] = []
  for (const target of targets) {
    try {
      changes.push(change(target))
    } catch (error) {
      if (!(error instanceof TocsinError)) throw error
      failed.push({ id: target.id, code: error.code, detail: error.message })
    }
  }
  return { changes, failed }
}

const FIRST = 'somebody said something of it at the same moment; look at it again'

type Drafted = { readonly change: Disposition; readonly event: WireEvent }

/** All in one batch of the log: as durable as one by one, and no slower than one. */
async function store(
  { alerts, recordAll }: TriageDeps,
  drafted: readonly Drafted[],
): Promise<BulkUndone> {
  if (drafted.length === 0) return { done: 0, failed: [] }
  const { results } = await recordAll(drafted.map(({ event }) => event))
  const failed: NotDone[] = []
  const stored: WireEvent[] = []
  for (const { line, status, code = '', reason = '' } of results) {
    const one = drafted[line]
    if (!one) continue
    const id = one.change.alertId
    if (status === 'stored') stored.push(one.event)
    else if (status === 'refused') failed.push({ id, code, detail: reason })
    else failed.push({ id, code: 'alert.state', detail: FIRST })
  }
  alerts.takeAll(stored)
  return { done: stored.length, failed }
}
