// The shape of an event, as types. A *wire event* is what a producer may send; a *sealed event* is
// what the server makes of it and what the log keeps. fields.ts says the same as a table, with
// words.

import type { ACTOR_TYPES, OUTCOMES, RETENTION_CLASSES, VERIFIED_BY } from './fields.ts'

export type ActorType = (typeof ACTOR_TYPES)[number]
export type Outcome = (typeof OUTCOMES)[number]
export type VerifiedBy = (typeof VERIFIED_BY)[number]
export type RetentionClass = (typeof RETENTION_CLASSES)[number]
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json }

export type Actor = {
  readonly type: ActorType
  readonly id: string
  readonly claimed?: string
  readonly session?: string
  readonly credential?: string
  readonly auth?: {
    readonly acr?: string
    readonly amr?: readonly string[]
    readonly mfa?: boolean
    readonly authTime?: number
  }
  readonly groups?: readonly string[]
}

export type Resource = { readonly type?: string; readonly id?: string; readonly class?: string }
export type DelegationLink = { readonly type?: ActorType; readonly id?: string }

type Geo = {
  readonly country?: string
  readonly city?: string
  readonly lat?: number
  readonly lon?: number
}

/** What a producer may send. Times are integer milliseconds since the epoch; see fields.ts. */
export type WireEvent = {
  readonly id?: string
  readonly requestId?: string
  readonly kind: string
  readonly time: number
  readonly outcome: Outcome
  readonly actor: Actor
  readonly operation: string
  readonly agent?: { readonly id?: string; readonly instance?: string; readonly version?: string }
  readonly onBehalfOf?: readonly DelegationLink[]
  readonly system?: string
  readonly model?: {
    readonly provider?: string
    readonly requested?: string
    readonly served?: string
    readonly version?: string
    readonly digest?: string
  }
  readonly resource?: readonly Resource[]
  readonly tool?: { readonly name?: string; readonly callId?: string; readonly server?: string }
  readonly conversation?: string
  readonly producer?: string
  readonly producerSeq?: number
  readonly source?: {
    readonly ip?: string
    readonly asn?: number
    readonly geo?: Geo
    readonly userAgent?: string
    readonly zone?: string
    readonly tls?: string
  }
  readonly region?: string
  readonly protocol?: string
  readonly interface?: string
  readonly endpoint?: string
  readonly params?: {
    readonly stream?: boolean
    readonly maxTokens?: number
    readonly temperature?: number
    readonly topP?: number
    readonly topK?: number
    readonly seed?: number
    readonly n?: number
    readonly logprobs?: boolean
  }
  readonly paramsPrint?: string
  readonly trace?: { readonly id?: string }
  readonly span?: { readonly id?: string }
  readonly reasonCode?: string
  readonly status?: number
  readonly finish?: readonly string[]
  readonly aborted?: boolean
  readonly policy?: {
    readonly id?: string
    readonly version?: string
    readonly decision?: 'allow' | 'deny' | 'observe' | 'modify'
  }
  readonly risk?: { readonly score?: number; readonly reasons?: readonly string[] }
  readonly usage?: {
    readonly in?: number
    readonly out?: number
    readonly cachedRead?: number
    readonly cachedWrite?: number
    readonly reasoning?: number
  }
  readonly bytes?: { readonly in?: number; readonly out?: number }
  readonly rows?: number
  readonly durationMs?: number
  readonly ttftMs?: number
  readonly costMicros?: number
  /** Hex SHA-256 of the exact input bytes; the server keys it before it is kept. */
  readonly inputHash?: string
  readonly outputHash?: string
  readonly content?: {
    readonly body?: Json
    readonly redactions?: Json
    readonly sketch?: string
  }
  readonly ext?: { readonly [dialect: string]: Json }
}

/** What the server adds; see docs/spec/event.md, "Two shapes". */
export type SealedEvent = Omit<WireEvent, 'id' | 'actor' | 'content'> & {
  readonly v: 1
  readonly tenant: string
  readonly observed: number
  readonly via: string
  readonly retention: RetentionClass
  readonly id: string
  readonly system: string
  readonly actor: Actor & { readonly verified: VerifiedBy }
  readonly content?: {
    readonly hash?: string
    readonly size?: number
    readonly body?: Json
    readonly redactions?: Json
    readonly sketch?: string
  }
}
