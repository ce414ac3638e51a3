// Acts on findings, as the policy has it, and counts what events show against releases.

import type { SealedEvent } from '@tocsin/sdk/event'
import type { DurableBatch } from '../log/log.ts'
import { useUp } from './answer.ts'
import { change, type Parts } from './parts.ts'
import type { Draft, FindingInput } from './planner.ts'

/** What happened longer ago is not acted on: the person may be gone, the key revoked. */
export const FINDING_AGE_MAX_MS: number = 15 * 60_000
/** Senders' clocks may be ahead by as much (TIME_AHEAD_MAX_MS of @tocsin/sdk/event). */
const AHEAD_MAX_MS: number = 10 * 60_000
/** Measures that may stand at once before the policy takes no more. */
export const OPEN_MAX = 5000
const REPORT_EVERY_MS: number = 3_600_000

export type TurnedDown = {
  /** Findings of identities that nobody proved, and of what is long past. */
  readonly unverified: number
  readonly stale: number
  /** Not done because too much stands already, or because the log did not take it. */
  readonly dropped: number
}

export function acting(parts: Parts): {
  onFinding(input: FindingInput): Promise<void>
  onBatch(batch: DurableBatch): void
  turnedDown(): TurnedDown
} {
  const { keeper, planner, deps } = parts
  const { clock, telemetry } = deps
  const down = { unverified: 0, stale: 0, dropped: 0 }
  const reported = new Map<string, number>()

  function report(sentence: string): void {
    const nowMs = clock.nowMs()
    const lastMs = reported.get(sentence) ?? Number.NEGATIVE_INFINITY
    if (Math.abs(nowMs - lastMs) < REPORT_EVERY_MS) return
    reported.set(sentence, nowMs)
    telemetry.report('warn', sentence)
  }

  async function take(draft: Draft): Promise<void> {
    const id = `d_${Buffer.from(deps.entropy.bytes(8)).toString('hex')}`
    const measure = { id, ...draft }
    if (draft.heldBack !== null) report(`a response was held back: ${draft.heldBack}`)
    try {
      await change(parts, { action: 'taken', measure }, measure)
    } catch (error) {
      planner.forget(draft)
      down.dropped += 1
      telemetry.report('error', `a response is not in the log and was not taken: ${String(error)}`)
    }
  }

  return {
    turnedDown: () => ({ ...down }),
    async onFinding(input) {
      const { actor, timeMs } = input.finding
      const nowMs = clock.nowMs()
      const ageMs = nowMs - timeMs
      if (actor.verified === 'none') down.unverified += 1
      else if (!(ageMs <= FINDING_AGE_MAX_MS && ageMs >= -AHEAD_MAX_MS)) down.stale += 1
      else if (keeper.table.size >= OPEN_MAX) {
        down.dropped += 1
        report(`${OPEN_MAX} responses stand already; no more are taken until some end`)
      } else await Promise.all(planner.plan(input, nowMs).map(take))
    },
    onBatch(batch) {
      for (const event of eventsNaming(batch, keeper.releases.actors())) count(event)
    },
  }

  function count({ actor, rows, outcome, time }: SealedEvent): void {
    if (rows === undefined || outcome !== 'success' || actor.verified === 'none') return
    const { releases, table } = keeper
    for (const id of releases.see(actor.id, rows, time)) {
      const measure = table.get(id)?.measure
      releases.close(id)
      if (measure) useUp(parts, measure)
    }
  }
}

/** Only lines that hold one of the names are parsed: there are few releases and many events. */
function* eventsNaming(batch: DurableBatch, actors: readonly string[]): Generator<SealedEvent> {
  const { events, eventOffsets, count } = batch
  if (actors.length === 0) return
  const bytes = Buffer.from(events.buffer, events.byteOffset, events.length)
  const names = actors.map(actor => Buffer.from(JSON.stringify(actor)))
  const holdsName = (line: Buffer) => names.some(name => line.includes(name))
  if (!holdsName(bytes)) return
  for (let i = 0; i < count; i++) {
    const line = bytes.subarray(eventOffsets[i], eventOffsets[i + 1])
    if (holdsName(line)) yield JSON.parse(line.toString())
  }
}
