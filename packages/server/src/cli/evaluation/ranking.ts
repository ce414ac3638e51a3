// Entities ranked by what was found of them, with or without an alert: what people see who read the
// list from the top as far as their budget goes. An entity's findings within 24 h are one line, and
// weigh as they do in the book of alerts, but for its threshold.

import { type EntityRef, entityKey, type Finding } from '@tocsin/detect/finding'
import { assessRisk } from '@tocsin/detect/risk'

const DAY_MS = 86_400_000

export type Ranked = {
  readonly id: string
  readonly entity: EntityRef
  readonly openedMs: number
  readonly score: number
  readonly moments: readonly { readonly timeMs: number; readonly rule: string }[]
}

type Open = {
  readonly entity: EntityRef
  readonly id: string
  readonly startMs: number
  readonly moments: { readonly timeMs: number; readonly rule: string }[]
  /** The heaviest of each rule. */
  readonly best: Map<string, Finding>
}

export interface Ranking {
  add(finding: Finding): void
  /** The heaviest first. */
  all(): readonly Ranked[]
}

export function openRanking(): Ranking {
  const newest = new Map<string, Open>()
  const lines: Open[] = []

  function lineOf({ entity, timeMs, id }: Finding): Open {
    const key = entityKey(entity)
    const found = newest.get(key)
    if (found && timeMs - found.startMs <= DAY_MS) return found
    const made = { entity, id, startMs: timeMs, moments: [], best: new Map<string, Finding>() }
    newest.set(key, made)
    lines.push(made)
    return made
  }

  return {
    add(finding) {
      const { rule, timeMs, score } = finding
      const line = lineOf(finding)
      line.moments.push({ timeMs, rule })
      if (score > (line.best.get(rule)?.score ?? -1)) line.best.set(rule, finding)
    },
    all: () =>
      lines
        .map(({ id, entity, startMs, moments, best }) => {
          // Without decay: within 24 h all findings weigh the same.
          const { score } = assessRisk([...best.values()], 0)
          return { id, entity, openedMs: startMs, score, moments }
        })
        .sort((a, b) => b.score - a.score || a.openedMs - b.openedMs || (a.id < b.id ? -1 : 1)),
  }
}
