// What the routes stand on: the typed Fastify instance and everything they are handed.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { WireEvent } from '@tocsin/sdk/event'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { Clock } from '../base/clock.ts'
import type { Telemetry } from '../base/emit.ts'
import type { Entropy } from '../base/entropy.ts'
import type { RecentCounts } from '../base/recent-counts.ts'
import type { Capture, Quarantine, Receipt } from '../capture/capture.ts'
import type { Evidence, Log, SealHistory } from '../log/log.ts'
import type { ApiKeys, Query, Scope } from '../query/query.ts'
import type { Responder } from '../respond/respond.ts'
import type { AlertStore, Watch } from '../watch/watch.ts'
import type { Gate, LocalKey } from './gate.ts'
import type { Sessions } from './sessions.ts'
import type { SignInLinks } from './sign-in-links.ts'

export type ShowDeps = {
  readonly log: Log
  readonly capture: Capture
  readonly query: Query
  readonly keys: ApiKeys
  readonly evidence: Evidence
  readonly seals: SealHistory
  readonly recent: RecentCounts
  readonly quarantine: Pick<Quarantine, 'counts'>
  /** Files that are followed. */
  readonly follow: readonly { readonly format: string }[]
  readonly alerts: AlertStore
  readonly watch: Watch
  readonly respond: Responder
  readonly telemetry: Telemetry
  readonly clock: Clock
  readonly entropy: Entropy
  readonly tenant: string
  readonly version: string
  readonly keepContent: boolean
  /** Folder of the built console; null where there is none. */
  readonly consoleDir: string | null
  /** The events are made up. */
  readonly isDemo: boolean
  /** The key of whoever may read the data directory. */
  readonly local: LocalKey | null
  readonly record: (event: WireEvent) => Promise<Pick<Receipt, 'refused' | 'conflict'>>
  /** As `record`, all in one batch; what became of each stands in the receipt, by its place. */
  readonly recordAll: (events: readonly WireEvent[]) => Promise<Receipt>
  readonly createApiKey: (name: string, scopes: readonly Scope[], by: string) => Promise<string>
  readonly revokeApiKey: (keyId: string, by: string) => Promise<void>
}

export type RouteDeps = ShowDeps & {
  readonly gate: Gate
  readonly sessions: Sessions
  readonly links: SignInLinks
}
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>
