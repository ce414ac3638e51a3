// Wire event → sealed event: what the server alone decides. Identity in a body is a claim unless
// the key that sent it may attest; hashes of inputs are keyed; an event without an id gets one that
// a repeated sending gets again; content is dropped unless policy keeps it.

import { TocsinError } from '@tocsin/sdk/errors'
import {
  type ActorType,
  findKind,
  type SealedEvent,
  typeUid,
  type WireEvent,
} from '@tocsin/sdk/event'
import { type HmacKey, hmac } from '../log/log.ts'

export type AdmitContext = {
  readonly tenant: string
  readonly via: string
  /** Who sent it, by the key it was sent with. */
  readonly principal: string
  /**
   * The sender's word on identity counts: a gateway, a middleware, a source the operator set up.
   */
  readonly mayAttest: boolean
  readonly keepContent: boolean
  /** Keys hashes and derived ids. */
  readonly hashKey: HmacKey
  readonly nowMs: number
}

export type Admitted = {
  readonly event: SealedEvent
  readonly typeUid: number
  readonly statusId: number
}

const STATUS_ID = { unknown: 0, success: 1, failure: 2, denied: 2 } as const
const UNKNOWN_SYSTEM = 'unregistered'

export function admitEvent(wire: WireEvent, context: AdmitContext): Admitted {
  const kind = findKind(wire.kind)
  if (!kind) throw new TocsinError('internal.bug', { public: 'the kind was not checked' })
  const id = wire.id ?? deriveId(wire, context)
  const event: SealedEvent = {
    v: 1,
    tenant: context.tenant,
    observed: context.nowMs,
    via: context.via,
    retention: kind.retention,
    id,
    requestId: wire.requestId ?? id,
    // What follows takes the place of what the producer sent, or stands behind it.
    ...wire,
    system: wire.system ?? UNKNOWN_SYSTEM,
    actor: admitActor(wire, context),
    ...keyedHashes(wire, context.hashKey),
    ...(wire.content ? { content: admitContent(wire.content, context) } : {}),
  }
  return { event, typeUid: typeUid(kind), statusId: STATUS_ID[wire.outcome] }
}

function admitActor({ actor }: WireEvent, context: AdmitContext): SealedEvent['actor'] {
  if (context.mayAttest) {
    return { ...actor, verified: actor.type === 'unknown' ? 'none' : 'gateway' }
  }
  const type: ActorType = 'service'
  const claimed = actor.claimed ?? actor.id
  const proven = { ...actor, type, id: context.principal, verified: 'key' } as const
  return claimed === context.principal ? proven : { ...proven, claimed }
}

function keyedHashes(wire: WireEvent, key: HmacKey): Pick<WireEvent, 'inputHash' | 'outputHash'> {
  const { inputHash, outputHash } = wire
  return {
    ...(inputHash === undefined ? {} : { inputHash: keyedHash(inputHash, key) }),
    ...(outputHash === undefined ? {} : { outputHash: keyedHash(outputHash, key) }),
  }
}

/** HMAC over the SHA-256 that was sent: equal inputs stay equal, and cannot be guessed from it. */
function keyedHash(sha256Hex: string, key: HmacKey): string {
  return hmac(key, Buffer.from(sha256Hex, 'hex')).toString('hex')
}

function admitContent(
  { body, ...rest }: NonNullable<WireEvent['content']>,
  { hashKey, keepContent }: AdmitContext,
): NonNullable<SealedEvent['content']> {
  if (body === undefined) return rest
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const hash = hmac(hashKey, bytes).toString('hex')
  return { ...rest, hash, size: bytes.length, ...(keepContent ? { body } : {}) }
}

/**
 * UUIDv8 (RFC 9562 §5.8) from who sent it and what was sent, keyed: the same line sent again is the
 * same event, and the id says nothing to whoever guesses its content. Senders that can send two
 * equal events in one millisecond give `producerSeq` or ids of their own.
 */
function deriveId(wire: WireEvent, { hashKey, principal }: AdmitContext): string {
  const bytes = hmac(hashKey, Buffer.from(`id\0${principal}\0${JSON.stringify(wire)}`))
  return uuidV8(bytes)
}

export function uuidV8(bytes: Uint8Array): string {
  const id = Buffer.from(bytes.subarray(0, 16))
  id[6] = ((id[6] ?? 0) & 0x0f) | 0x80
  id[8] = ((id[8] ?? 0) & 0x3f) | 0x80
  const hex = id.toString('hex')
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)]
  return `${parts.join('-')}-${hex.slice(20)}`
}
