// What the parts of a responder share.

import type { WireEvent } from '@tocsin/sdk/event'
import type { Clock } from '../base/clock.ts'
import type { Telemetry } from '../base/emit.ts'
import type { Entropy } from '../base/entropy.ts'
import type { Buckets } from './buckets.ts'
import type { Followers } from './followers.ts'
import type { Keeper } from './keeper.ts'
import type { Change, Measure } from './measure.ts'
import type { Planner } from './planner.ts'
import type { Policy } from './policy.ts'
import type { DecisionTable } from './table.ts'
import type { Webhooks } from './webhooks.ts'

export type ResponderDeps = {
  readonly policy: Policy
  /** Folder of the state of the shard; `responses.sqlite` and `webhooks.sqlite` lie there. */
  readonly directory: string
  /** Appends an event of Tocsin's own; durable when it resolves. */
  readonly record: (event: WireEvent) => Promise<unknown>
  readonly clock: Clock
  readonly entropy: Entropy
  readonly telemetry: Telemetry
  readonly fetch: typeof globalThis.fetch
  /** Value of an environment variable: the secrets of webhooks. */
  readonly secret: (name: string) => string | undefined
}

export type Parts = {
  readonly deps: ResponderDeps
  readonly keeper: Keeper
  readonly planner: Planner
  readonly buckets: Buckets
  readonly followers: Followers
  readonly webhooks: Webhooks
  /** New with every start: versions of another process mean nothing here. */
  readonly epoch: string
}

/** Wakes followers when anything in force changed with time. */
export function tick({ keeper, planner, followers }: Parts): void {
  const before = keeper.table.version
  if (keeper.tick()) relearn(planner, keeper.table)
  if (keeper.table.version !== before) followers.wake()
}

/** The planner knows what the table does, and nothing else. */
export function relearn(planner: Planner, table: DecisionTable): void {
  planner.clear()
  for (const { measure, undone } of table.list()) planner.remember(measure, undone)
}

/** Records, applies, tells followers. Throws what the log throws; then nothing was done. */
export async function change(parts: Parts, given: Change, measure: Measure): Promise<void> {
  await parts.keeper.change(given, measure)
  parts.followers.wake()
}
