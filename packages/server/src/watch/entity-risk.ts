// Risk of entities from findings that are stored: which count, how much, and who is riskiest.

import type { DatabaseSync } from 'node:sqlite'
import type { EntityRef, Finding } from '@tocsin/detect/finding'
import {
  assessRisk,
  type Criticality,
  independent,
  type Risk,
  type Weighed,
} from '@tocsin/detect/risk'
import {
  entityOfRow,
  fitting,
  joined,
  parseFinding,
  type Row,
  toEntity,
  toWeighed,
} from './alert-database.ts'
import { isCriticality } from './dispositions.ts'

/** Findings count for an entity's risk so long. */
export const RISK_MS: number = 30 * 86_400_000
const DAY_MS = 86_400_000
const RISK_FINDINGS_MAX = 50_000

export type EntityRisk = {
  readonly entity: EntityRef
  readonly risk: Risk
  /** Its score less that of 24 h ago, from what was found until then and is not taken back now. */
  readonly delta: number
  readonly findings: number
  readonly newest: Finding
}

export interface EntityRisks {
  /** From findings of 30 days that nobody called benign or false. */
  riskOf(entity: EntityRef, nowMs: number): Risk
  /** Riskiest first. */
  riskiest(nowMs: number, limit: number): readonly EntityRisk[]
  criticalityOf(entity: EntityRef): Criticality
}

export function openEntityRisk(database: DatabaseSync): EntityRisks {
  const critical = database.prepare('SELECT level FROM criticality WHERE type = ? AND entity = ?')
  function criticalityOf({ type, id }: EntityRef): Criticality {
    const level = critical.get(type, id)?.level
    return typeof level === 'string' && isCriticality(level) ? level : 'medium'
  }

  return {
    riskOf(entity, nowMs) {
      const rows = selectWeighed(database, nowMs, entity)
      const weighed = independent(rows.map(toWeighed), nowMs)
      return assessRisk(weighed, nowMs, criticalityOf(entity))
    },
    riskiest(nowMs, limit) {
      const byEntity = Map.groupBy(selectWeighed(database, nowMs), entityOfRow)
      const ranked = [...byEntity.values()].map(rows => {
        const entity = toEntity(rows[0] ?? {})
        const weighed = rows.map(toWeighed)
        const level = criticalityOf(entity)
        const risk = assessRisk(independent(weighed, nowMs), nowMs, level)
        return { entity, risk, level, weighed, newestId: newestOf(weighed)?.id ?? '' }
      })
      ranked.sort((a, b) => b.risk.score - a.risk.score || (a.newestId < b.newestId ? -1 : 1))
      const body = database.prepare('SELECT body FROM finding WHERE id = ?')
      return ranked.slice(0, limit).map(({ entity, risk, level, weighed, newestId }) => ({
        entity,
        risk,
        delta: risk.score - scoreAt(weighed, nowMs - DAY_MS, level),
        findings: weighed.length,
        newest: parseFinding(body.get(newestId) ?? {}),
      }))
    },
    criticalityOf,
  }
}

/** What counts for risk: not what somebody called benign or false. */
function selectWeighed(database: DatabaseSync, nowMs: number, entity?: EntityRef): readonly Row[] {
  const question = { fromMs: nowMs - RISK_MS, limit: 0, ...(entity ? { entity } : {}) }
  const { sql, params } = joined(fitting(question, 'time_ms'))
  const statement = database.prepare(
    `SELECT id, type, entity, time_ms, score, rule, title,
       json_extract(body, '$.detector') AS detector FROM finding WHERE ${sql}
     AND NOT EXISTS (SELECT 1 FROM member JOIN alert ON alert.id = alert_id
       WHERE finding_id = finding.id AND disposition IN ('benign', 'false'))
     ORDER BY time_ms DESC, id DESC LIMIT ?`,
  )
  return statement.all(...params, RISK_FINDINGS_MAX)
}

function scoreAt(findings: readonly Weighed[], timeMs: number, level: Criticality): number {
  const before = findings.filter(one => one.timeMs <= timeMs)
  return assessRisk(independent(before, timeMs), timeMs, level).score
}

function newestOf(findings: readonly Weighed[]): Weighed | null {
  return findings.reduce<Weighed | null>((a, b) => (a && a.timeMs >= b.timeMs ? a : b), null)
}
