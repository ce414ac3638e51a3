// The engine and the book of alerts over events of the past, in their own time: what watch would
// have found, had it been there.

import { type Alert, openAlertBook } from '@tocsin/detect/alert'
import { createEngine } from '@tocsin/detect/detect'
import type { EntityRef, Finding } from '@tocsin/detect/finding'
import type { Rule } from '@tocsin/detect/rule'
import type { SealedEvent } from '@tocsin/sdk/event'
import { sha256 } from '@tocsin/sdk/node'

export type Found = { readonly finding: Finding; readonly alert: Alert | null }

export interface Replay {
  step(event: SealedEvent): readonly Found[]
  /** Time has come so far without a further event. */
  tick(nowMs: number): readonly Found[]
  /** A person decided about what was found of an entity until then: normal, or not. */
  dispose(entity: EntityRef, isNormal: boolean, timeMs: number): void
  readonly budget: {
    readonly threshold: number
    readonly expectedPerDay: number
    readonly realisedPerDay: number
  }
}

export type ReplayConfig = { readonly rules: readonly Rule[]; readonly budget: number | null }

export function openReplay({ rules, budget }: ReplayConfig): Replay {
  const engine = createEngine({ rules, sha256 })
  const book = openAlertBook({ sha256, budget })
  let state = engine.begin()

  function take(stepped: ReturnType<typeof engine.step>): readonly Found[] {
    state = stepped.state
    if (stepped.findings.length === 0) return NOTHING
    return stepped.findings.map(finding => ({ finding, alert: book.take(finding) }))
  }

  return {
    step: event => take(engine.step(state, event)),
    tick: nowMs => take(engine.tick(state, nowMs)),
    dispose(entity, isNormal, timeMs) {
      state = engine.dispose(state, entity, isNormal)
      book.dispose(entity, timeMs)
    },
    get budget() {
      const { threshold, expectedPerDay, realisedPerDay } = book
      return { threshold, expectedPerDay, realisedPerDay }
    },
  }
}

const NOTHING: readonly Found[] = []
