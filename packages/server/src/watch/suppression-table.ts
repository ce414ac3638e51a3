// Suppressions that are stored: which there are, and which are in force now.

import type { DatabaseSync } from 'node:sqlite'
import type { Row } from './alert-database.ts'
import {
  type Lifted,
  type ShownSuppression,
  type SuppressedTest,
  type Suppression,
  stateOf,
  suppressedTest,
} from './suppressions.ts'

export interface SuppressionTable {
  /** Newest first, also those that are over. */
  suppressions(nowMs: number, limit: number): readonly ShownSuppression[]
  /** null where there is none. */
  suppression(id: string, nowMs: number): ShownSuppression | null
  suppressedNow(nowMs: number): SuppressedTest
}

const JOINED = `SELECT suppression.body AS body, lifted.body AS lift
  FROM suppression LEFT JOIN lifted ON lifted.id = suppression.id`

export function openSuppressionTable(database: DatabaseSync): SuppressionTable {
  const newest = database.prepare(`${JOINED} ORDER BY created_ms DESC, suppression.id LIMIT ?`)
  const byId = database.prepare(`${JOINED} WHERE suppression.id = ?`)
  const inForce = database.prepare(`${JOINED} WHERE lifted.id IS NULL AND until_ms > ?`)
  return {
    suppressions: (nowMs, limit) => newest.all(limit).map(row => toShown(row, nowMs)),
    suppression(id, nowMs) {
      const row = byId.get(id)
      return row ? toShown(row, nowMs) : null
    },
    suppressedNow: nowMs => suppressedTest(inForce.all(nowMs).map(parseRow)),
  }
}

function toShown(row: Row, nowMs: number): ShownSuppression {
  const suppression = parseRow(row)
  const lifted = parseLifted(row)
  const state = stateOf(suppression, lifted, nowMs)
  return { ...suppression, state, lifted: lifted && { by: lifted.by, timeMs: lifted.timeMs } }
}

/** The columns hold only what the taker puts there. */
function parseRow(row: Row): Suppression {
  return JSON.parse(String(row.body)) as Suppression
}

function parseLifted(row: Row): Lifted | null {
  return row.lift === null ? null : (JSON.parse(String(row.lift)) as Lifted)
}
