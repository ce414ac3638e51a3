// Tells other programs what was done, signed as Standard Webhooks 1.0 has it: HMAC-SHA256 over
// `<id>.<seconds>.<body>`, the same id at every try. A receiver that is away is tried for more than
// a day; then, or when it says 410, the message is among the dead, from where it can be sent again.
// Redirects are not followed: a signed message goes where the operator said and nowhere else.

import { createHmac } from 'node:crypto'
import { TocsinError } from '@tocsin/sdk/errors'
import type { Clock } from '../base/clock.ts'
import type { Telemetry } from '../base/emit.ts'
import type { WebhookTarget } from './policy.ts'
import {
  type DeadDelivery,
  type Delivery,
  openWebhookQueue,
  type WebhookQueue,
} from './webhook-queue.ts'

export type WebhookDeps = {
  readonly directory: string
  readonly targets: readonly WebhookTarget[]
  /** Value of an environment variable. */
  readonly secret: (name: string) => string | undefined
  readonly fetch: typeof globalThis.fetch
  readonly clock: Clock
  readonly telemetry: Telemetry
}

export interface Webhooks {
  /** Durable on return for every receiver that wants the event. `id` names what is told. */
  tell(id: string, event: string, data: { readonly [member: string]: unknown }): void
  /** Tries what is due; resolves when each receiver was tried or had nothing. */
  deliver(): Promise<void>
  dead(): readonly DeadDelivery[]
  redeliver(id: string): void
  /** Ends tries that run. */
  close(): Promise<void>
}

/** Waits between tries; the last is repeated until the message is too old. */
const WAITS_S: readonly number[] = [5, 30, 120, 300, 600, 1200, 1800]
export const GIVE_UP_MS: number = 30 * 3_600_000
const TRY_MS_MAX = 10_000
/** Ids of delivered messages, so that a replay of the log's newest part tells nothing twice. */
const DONE_KEPT_MS: number = 72 * 3_600_000
/** What is older when it comes from the log was told by whoever wrote it. */
export const TOLD_AGE_MAX_MS: number = 24 * 3_600_000

type Receiver = WebhookTarget & { readonly key: Buffer }

/** Throws `policy.invalid` for a secret that is missing or none. */
export function openWebhooks(deps: WebhookDeps): Webhooks {
  const { clock } = deps
  const receivers = deps.targets.map(target => ({
    ...target,
    key: readSecret(target, deps.secret),
  }))
  const queue = openWebhookQueue(deps.directory)
  const stop = new AbortController()
  const post: Post = { deps, queue, receivers, signal: stop.signal }
  let running: Promise<void> | null = null
  queue.prune(clock.nowMs() - DONE_KEPT_MS)
  return {
    tell(id, event, data) {
      const createdMs = clock.nowMs()
      const timestamp = new Date(createdMs).toISOString()
      const body = JSON.stringify({ type: `tocsin.response.${event}`, timestamp, data })
      for (const { url, events } of receivers) {
        if (!events.includes(event)) continue
        queue.put({ id: `msg_${id}_${receiverPrint(url)}`, url, event, body, createdMs })
      }
    },
    deliver() {
      if (stop.signal.aborted || receivers.length === 0) return Promise.resolve()
      running ??= deliverAll(post).finally(() => {
        running = null
      })
      return running
    },
    dead: queue.dead,
    redeliver(id) {
      if (queue.revive(id, clock.nowMs())) return
      throw new TocsinError('webhook.unknown', {
        public: `no message ${JSON.stringify(id.slice(0, 80))} is among those that could not be delivered`,
      })
    },
    async close() {
      stop.abort()
      await running
      queue.close()
    },
  }
}

type Post = {
  readonly deps: WebhookDeps
  readonly queue: WebhookQueue
  readonly receivers: readonly Receiver[]
  readonly signal: AbortSignal
}

/** Until nothing is due, or no receiver takes anything. */
async function deliverAll(post: Post): Promise<void> {
  const { deps, queue, receivers, signal } = post
  for (;;) {
    const due = queue.due(deps.clock.nowMs()).flatMap(delivery => {
      const receiver = receivers.find(({ url }) => url === delivery.url)
      if (receiver) return [{ delivery, receiver }]
      queue.bury(delivery.id, 'no webhook of the policy has this address any more')
      return []
    })
    if (due.length === 0 || signal.aborted) return
    const took = await Promise.all(due.map(one => deliverOne(post, one.delivery, one.receiver)))
    if (!took.includes(true)) return
  }
}

/** True when the next message for the receiver may follow at once. */
async function deliverOne(post: Post, delivery: Delivery, receiver: Receiver): Promise<boolean> {
  const { deps, queue, signal } = post
  const fault = await send(post, delivery, receiver)
  if (signal.aborted) return false
  if (fault === null) {
    queue.done(delivery.id)
    return true
  }
  const nowMs = deps.clock.nowMs()
  const { attempts, createdMs, id } = delivery
  const isTooOld = nowMs - createdMs > GIVE_UP_MS && attempts >= WAITS_S.length
  const isRefused = fault.whose === 'message' && attempts + 1 >= REFUSALS_MAX
  if (fault.whose === 'nobody' || isRefused || isTooOld) {
    queue.bury(id, fault.says)
    const where = 'it is at GET /v1/webhooks/dead'
    deps.telemetry.report('warn', `a webhook did not take ${id} (${fault.says}); ${where}`)
    return true
  }
  const waitS = WAITS_S[Math.min(attempts, WAITS_S.length - 1)] ?? 0
  queue.retry(delivery, nowMs + waitS * 1000, fault.says)
  return false
}

async function send(post: Post, delivery: Delivery, { key }: Receiver): Promise<Fault | null> {
  const { deps, signal } = post
  const { id, url, body } = delivery
  const seconds = Math.floor(deps.clock.nowMs() / 1000)
  try {
    const response = await deps.fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TRY_MS_MAX)]),
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(seconds),
        'webhook-signature': signatureOf(key, { id, seconds, body }),
      },
      body,
    })
    await response.body?.cancel()
    return faultOf(response)
  } catch (error) {
    return { whose: 'receiver', says: `the receiver could not be reached: ${reasonOf(error)}` }
  }
}

/** Whose fault says how long it is tried: a message that is refused must not hold up others. */
type Fault = { readonly whose: 'receiver' | 'message' | 'nobody'; readonly says: string }

const REFUSED: ReadonlySet<number> = new Set([400, 409, 413, 415, 422])
const REFUSALS_MAX = 3

function faultOf({ ok, status }: globalThis.Response): Fault | null {
  if (ok) return null
  if (status === 410)
    return { whose: 'nobody', says: 'the receiver answered 410: it wants no more' }
  const whose = REFUSED.has(status) ? 'message' : 'receiver'
  return { whose, says: `the receiver answered ${status}` }
}

type Signed = { readonly id: string; readonly seconds: number; readonly body: string }

export function signatureOf(key: Buffer, { id, seconds, body }: Signed): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`
}

function readSecret({ secretEnv, url }: WebhookTarget, secret: WebhookDeps['secret']): Buffer {
  const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret(secretEnv) ?? '') ?? []
  const key = Buffer.from(base64, 'base64')
  if (key.length >= 24 && key.length <= 64) return key
  throw new TocsinError('policy.invalid', {
    public:
      `the environment variable ${secretEnv} for the webhook ${url} must be whsec_ and 24 to 64 bytes in base64, ` +
      'the secret that the receiver gave or was given',
  })
}

/** Tells receivers of one event apart in the message's id. */
function receiverPrint(url: string): string {
  return createHmac('sha256', 'receiver').update(url).digest('hex').slice(0, 8)
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message.slice(0, 200) : 'unknown'
}
