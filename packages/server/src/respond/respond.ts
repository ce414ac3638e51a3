// From findings to decisions: the policy says what is to be done, the log keeps that it was done,
// the table says it to whoever lets requests through. Acts only about identities that were proved,
// and on what happened a moment ago: imported history and names that were merely claimed lock
// nobody out. Everything it does ends by itself, can be undone, and stands in the log with its
// reason. Decisions bind the systems that ask for them, never Tocsin's own API: an admin can always
// come in and undo.

import type { DurableBatch, ShardReader } from '../log/log.ts'
import { acting } from './act.ts'
import { answering, type DecideRequest } from './answer.ts'
import type { Approval, Shown } from './answers.ts'
import { createBuckets } from './buckets.ts'
import { byPeople, type TakeRequest } from './by-people.ts'
import { createFollowers } from './followers.ts'
import { openKeeper } from './keeper.ts'
import { type Parts, type ResponderDeps, relearn, tick } from './parts.ts'
import { createPlanner, type FindingInput } from './planner.ts'
import type { Policy } from './policy.ts'
import type { DeadDelivery } from './webhook-queue.ts'
import { openWebhooks, TOLD_AGE_MAX_MS } from './webhooks.ts'

export { FINDING_AGE_MAX_MS, OPEN_MAX } from './act.ts'
export type { DecideRequest } from './answer.ts'
export type { Approval, Shown } from './answers.ts'
export type { TakeRequest } from './by-people.ts'
export { FOLLOWERS_MAX } from './followers.ts'
export { ACTION, ACTOR_CHARS_MAX, type Action, parseAction, REASON_CHARS_MAX } from './measure.ts'
export type { ResponderDeps } from './parts.ts'
export { createPlanner, type Draft, type FindingInput } from './planner.ts'
export type { Policy } from './policy.ts'
export { parsePolicy, readPolicy } from './policy-file.ts'
export type { DeadDelivery } from './webhook-queue.ts'
export type { Problem } from './yaml-reader.ts'

export interface Responder {
  readonly policy: Policy
  /** Numbers for people and metrics: what holds, follows, and was not acted on. */
  readonly counts: ResponderCounts
  /**
   * Does what the policy says about a finding. Never throws; resolves when what it did is durable
   * and in force. Any number may run at once.
   */
  onFinding(input: FindingInput): Promise<void>
  /** Counts rows of what became durable against releases; costs nothing when there are none. */
  onBatch(batch: DurableBatch): void
  /** The JSON answer of `POST /v1/decide`. */
  decide(request: DecideRequest): string
  /** The JSON answer of `GET /v1/decisions`. Throws `respond.busy` when too many wait. */
  follow(after: string | undefined, waitMs: number, signal: AbortSignal): Promise<string>
  /** In force, in dry run, undone and ended, newest first. */
  list(): readonly Shown[]
  /** A person's own decision. Throws `respond.last_admin`. */
  take(request: TakeRequest, by: string): Promise<Shown>
  /** Throws `respond.unknown`, `respond.not_in_force`, `respond.own_case`. */
  undo(id: string, by: string, reason: string): Promise<Shown>
  approvals(): readonly Approval[]
  /** Lets so many rows through. Throws as `undo` does. */
  grant(
    id: string,
    release: { readonly rows: number; readonly minutes: number },
    by: string,
  ): Promise<Approval>
  deadLetters(): readonly DeadDelivery[]
  /** Throws `webhook.unknown`. */
  redeliver(id: string): void
  /** Tries webhooks that are due; it happens by itself, too. */
  deliver(): Promise<void>
  /** Ends what has ended; it happens by itself, too. */
  tick(): void
  /** Takes in responses of the log up to `size`. */
  replay(reader: ShardReader, size: number): void
  close(): Promise<void>
}

export type ResponderCounts = {
  readonly open: number
  readonly followers: number
  /** Findings of identities that nobody proved, and of what is long past. */
  readonly unverified: number
  readonly stale: number
  /** Not done because too much is in force already. */
  readonly dropped: number
}

const TICK_MS = 200
const DELIVER_MS = 1000

/** Throws `policy.invalid` when the secret of a webhook is missing. */
export function openResponder(deps: ResponderDeps): Responder {
  const parts = openParts(deps)
  const { keeper, followers, webhooks } = parts
  const acts = acting(parts)
  const ticks = setInterval(() => tick(parts), TICK_MS).unref()
  const deliveries = setInterval(() => void webhooks.deliver(), DELIVER_MS).unref()
  let closing: Promise<void> | null = null

  async function close(): Promise<void> {
    clearInterval(ticks)
    clearInterval(deliveries)
    followers.close()
    await keeper.close()
    await webhooks.close()
  }

  return {
    ...answering(parts),
    ...acts,
    ...byPeople(parts),
    policy: deps.policy,
    get counts() {
      return { open: keeper.table.size, followers: followers.size, ...acts.turnedDown() }
    },
    deadLetters: webhooks.dead,
    redeliver: webhooks.redeliver,
    deliver: webhooks.deliver,
    tick: () => tick(parts),
    replay(reader, size) {
      // The checkpoint of a stopping server is read at the next start.
      if (closing) return
      keeper.replay(reader, size)
      followers.wake()
    },
    close() {
      closing ??= close()
      return closing
    },
  }
}

function openParts(deps: ResponderDeps): Parts {
  const { policy, directory, clock, telemetry, fetch, secret, record, entropy } = deps
  const planner = createPlanner(policy)
  const webhooks = openWebhooks({
    directory,
    targets: policy.webhooks,
    secret,
    fetch,
    clock,
    telemetry,
  })
  const keeper = openKeeper({
    directory,
    clock,
    telemetry,
    record,
    onChange(change, measure, timeMs) {
      planner.remember(measure, keeper.table.get(measure.id)?.undone ?? null)
      if (clock.nowMs() - timeMs > TOLD_AGE_MAX_MS) return
      webhooks.tell(`${measure.id}_${change.action}_${timeMs}`, change.action, { change, measure })
      void webhooks.deliver()
    },
  })
  relearn(planner, keeper.table)
  const epoch = Buffer.from(entropy.bytes(6)).toString('hex')
  const followers = createFollowers()
  return { deps, keeper, planner, buckets: createBuckets(), followers, webhooks, epoch }
}
