// The catalogue of kinds: which things happen around an AI system, where each stands in OCSF 1.8
// (type_uid = class_uid × 100 + activity_id) and how long it is kept unless a policy keeps it
// longer.

import type { RetentionClass } from './shape.ts'

export type Kind = {
  readonly kind: string
  /** OCSF class and activity; their type_uid stands in the leaf, in clear. */
  readonly classUid: number
  readonly activity: number
  readonly retention: RetentionClass
  /** Written by Tocsin about itself: refused from a producer. */
  readonly server: boolean
  readonly help: string
}

const AUTHENTICATION = 3002
const API_ACTIVITY = 6003
const DATASTORE = 6005
const FINDING = 2004
const CREATE = 1
const READ = 2
const UPDATE = 3
const OTHER = 99

type Row = readonly [string, number, number, RetentionClass, string]

const ROWS: readonly Row[] = [
  ['auth.logon', AUTHENTICATION, 1, 'r13m', 'A login succeeded'],
  ['auth.logoff', AUTHENTICATION, 2, 'r13m', 'A session ended'],
  ['auth.failed', AUTHENTICATION, 1, 'r13m', 'A login failed'],
  ['auth.key', API_ACTIVITY, UPDATE, 'r13m', 'An API key was created, changed or revoked'],
  ['ai.invoke', API_ACTIVITY, READ, 'r6m', 'A model was called: one event per call, with its end'],
  ['ai.output', API_ACTIVITY, READ, 'r6m', 'An output was fetched apart from its call'],
  ['ai.tool', API_ACTIVITY, OTHER, 'r6m', 'A tool or function ran'],
  ['ai.retrieve', DATASTORE, 4, 'r6m', 'Retrieval, vector search, memory read or write'],
  ['ai.feature', DATASTORE, 1, 'r6m', 'A feature store was read'],
  ['data.read', DATASTORE, 1, 'r13m', 'A dataset, training file or index was read'],
  ['data.write', API_ACTIVITY, UPDATE, 'r13m', 'A dataset, training file or index was written'],
  ['model.read', API_ACTIVITY, READ, 'r6y', 'Weights were listed, opened or downloaded'],
  ['model.change', API_ACTIVITY, UPDATE, 'r6y', 'A model was registered, promoted or replaced'],
  ['agent.action', API_ACTIVITY, OTHER, 'r13m', 'An agent acted without being asked'],
  ['ai.policy', API_ACTIVITY, OTHER, 'r13m', 'A guardrail or policy gave its verdict'],
  ['ai.admin', API_ACTIVITY, UPDATE, 'r6y', 'Configuration, quota, routing or logging changed'],
  ['content.unlabelled', API_ACTIVITY, READ, 'r6m', 'Content was supplied without an AI label'],
  ['http.request', API_ACTIVITY, READ, 'r6m', 'A web request that reaches no AI resource'],
  ['audit.gap', API_ACTIVITY, OTHER, 'r6y', 'Something was lost, late, dropped or sampled'],
  ['tocsin.read', API_ACTIVITY, READ, 'r13m', 'Somebody searched, opened or revealed events'],
  ['tocsin.export', API_ACTIVITY, READ, 'r13m', 'Somebody exported events'],
  ['tocsin.finding', FINDING, CREATE, 'r13m', 'A detector or rule hit'],
  ['tocsin.disposition', API_ACTIVITY, UPDATE, 'r6y', 'An analyst decided about a finding'],
  ['tocsin.response', API_ACTIVITY, UPDATE, 'r6y', 'An action was taken or undone'],
  ['tocsin.rule', API_ACTIVITY, UPDATE, 'r6y', 'A rule changed'],
  ['tocsin.key', API_ACTIVITY, UPDATE, 'r6y', "One of Tocsin's own API or signing keys changed"],
]

export const KINDS: readonly Kind[] = ROWS.map(toKind)

const KIND_BY_NAME: ReadonlyMap<string, Kind> = new Map(KINDS.map(k => [k.kind, k]))
const HOST_KIND = /^host\.[a-z][a-z0-9_]{0,30}$/

/** null when the catalogue does not know the kind; `host.<anything>` belongs to the host family. */
export function findKind(name: string): Kind | null {
  const known = KIND_BY_NAME.get(name)
  if (known) return known
  return HOST_KIND.test(name) ? toKind([name, API_ACTIVITY, OTHER, 'r6m', 'A host event']) : null
}

/** OCSF type_uid, the number that stands in a leaf in clear. */
export function typeUid(kind: Kind): number {
  return kind.classUid * 100 + kind.activity
}

function toKind([kind, classUid, activity, retention, help]: Row): Kind {
  return { kind, classUid, activity, retention, help, server: kind.startsWith('tocsin.') }
}
