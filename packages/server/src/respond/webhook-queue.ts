// What is to be told to webhooks, in SQLite: each message waits until its receiver took it, or is
// put among the dead with the reason. A message has the id of what it tells, so that a replay of
// the log tells nothing twice.

import { join } from 'node:path'
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'

export type Delivery = {
  readonly id: string
  readonly url: string
  readonly body: string
  readonly createdMs: number
  readonly attempts: number
}

export type DeadDelivery = Omit<Delivery, 'body'> & {
  readonly event: string
  readonly reason: string
}

export interface WebhookQueue {
  /** Nothing happens when the id is known. */
  put(message: Omit<Delivery, 'attempts'> & { readonly event: string }): void
  /** The oldest that may be tried now, for each receiver at most one. */
  due(nowMs: number): readonly Delivery[]
  done(id: string): void
  /** To be tried again then; everything for the same receiver waits as long. */
  retry(delivery: Delivery, nextMs: number, reason: string): void
  bury(id: string, reason: string): void
  dead(): readonly DeadDelivery[]
  /** False when there is none with this id. */
  revive(id: string, nowMs: number): boolean
  /** Forgets what was delivered before then, and the oldest dead beyond what is kept. */
  prune(beforeMs: number): void
  close(): void
}

/** Messages that wait for receivers; what is more goes to the dead at once. */
export const WAITING_MAX = 20_000
const DEAD_KEPT = 20_000
const DEAD_SHOWN = 1000
/** A time further ahead was set by a clock that has been put right since. */
const AHEAD_MAX_MS: number = 25 * 3_600_000

type Row = Record<string, SQLOutputValue>

const TABLES = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS message (
    id TEXT PRIMARY KEY, url TEXT NOT NULL, event TEXT NOT NULL, body TEXT NOT NULL,
    created_ms INTEGER NOT NULL, attempts INTEGER NOT NULL, next_ms INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'dead')), reason TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS message_due ON message (state, url, created_ms)`

export function openWebhookQueue(directory: string): WebhookQueue {
  const database = new DatabaseSync(join(directory, 'webhooks.sqlite'))
  database.exec(TABLES)
  const sql = {
    put: database.prepare(`INSERT OR IGNORE INTO message VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?)`),
    waiting: database.prepare(`SELECT count(*) AS n FROM message WHERE state = 'waiting'`),
    due: database.prepare(
      `SELECT *, min(created_ms) FROM message WHERE state = 'waiting'
         AND url NOT IN (SELECT url FROM message
           WHERE state = 'waiting' AND attempts > 0 AND next_ms > ? AND next_ms < ?)
       GROUP BY url`,
    ),
    done: database.prepare(`UPDATE message SET state = 'done', body = '' WHERE id = ?`),
    retry: database.prepare(
      `UPDATE message SET attempts = attempts + 1, next_ms = ?, reason = ? WHERE id = ?`,
    ),
    bury: database.prepare(
      `UPDATE message SET attempts = attempts + 1, state = 'dead', reason = ? WHERE id = ?`,
    ),
    dead: database.prepare(
      `SELECT * FROM message WHERE state = 'dead' ORDER BY created_ms DESC LIMIT ${DEAD_SHOWN}`,
    ),
    revive: database.prepare(
      `UPDATE message SET state = 'waiting', attempts = 0, next_ms = ? WHERE id = ? AND state = 'dead'`,
    ),
    pruneDone: database.prepare(`DELETE FROM message WHERE state = 'done' AND created_ms < ?`),
    pruneDead: database.prepare(
      `DELETE FROM message WHERE id IN (SELECT id FROM message WHERE state = 'dead'
         ORDER BY created_ms DESC LIMIT -1 OFFSET ${DEAD_KEPT})`,
    ),
  }
  return {
    put({ id, url, event, body, createdMs }) {
      const isFull = Number(sql.waiting.get()?.n ?? 0) >= WAITING_MAX
      const state = isFull ? 'dead' : 'waiting'
      const reason = isFull ? `${WAITING_MAX} messages wait already` : ''
      sql.put.run(id, url, event, body, createdMs, createdMs, state, reason)
    },
    due: nowMs => sql.due.all(nowMs, nowMs + AHEAD_MAX_MS).map(toDelivery),
    done: id => void sql.done.run(id),
    retry: ({ id }, nextMs, reason) => void sql.retry.run(nextMs, reason, id),
    bury: (id, reason) => void sql.bury.run(reason, id),
    dead: () =>
      sql.dead.all().map(row => {
        const { body: _, ...rest } = toDelivery(row)
        return { ...rest, event: String(row.event), reason: String(row.reason) }
      }),
    revive: (id, nowMs) => sql.revive.run(nowMs, id).changes > 0,
    prune(beforeMs) {
      sql.pruneDone.run(beforeMs)
      sql.pruneDead.run()
    },
    close: () => database.close(),
  }
}

function toDelivery(row: Row): Delivery {
  return {
    id: String(row.id),
    url: String(row.url),
    body: String(row.body),
    createdMs: Number(row.created_ms),
    attempts: Number(row.attempts),
  }
}
