// Every access that is not a call of a model: data, features, retrieval, weights, pages, logins,
// keys, settings, verdicts.

import type { Dataset, Model } from './cast.ts'
import { type Draft, type End, FORBIDDEN, makeEvent, OK, type Who } from './draft.ts'
import type { Random } from './random.ts'

export type Moment = { readonly who: Who; readonly timeMs: number; readonly random: Random }

type Extra = Partial<Draft>

const LAKE = { system: 'lake', producer: 'lake-audit', protocol: 's3' } as const
const BYTES_PER_ROW = 164

export function readDataset(
  { who, timeMs, random }: Moment,
  dataset: Dataset,
  rows: number,
  extra: Extra = {},
): Draft {
  const team = who.actor.groups?.[0]
  const end: End = team === undefined || dataset.teams.includes(team) ? OK : FORBIDDEN
  const count = end === OK ? Math.max(1, Math.round(rows)) : 0
  return makeEvent(who, timeMs, {
    kind: 'data.read',
    operation: 'read',
    ...LAKE,
    ...end,
    endpoint: 'GET /{bucket}/{key}',
    resource: [{ type: 'dataset', id: dataset.id, class: dataset.class }],
    rows: count,
    bytes: { in: 412, out: Math.round(count * BYTES_PER_ROW * random.logNormal(1, 0.08)) + 240 },
    durationMs: Math.ceil(random.logNormal(38, 0.4) + count * 0.02),
    ...extra,
  })
}

export function writeDataset(
  { who, timeMs, random }: Moment,
  dataset: Pick<Dataset, 'id' | 'class'>,
  rows: number,
  extra: Extra = {},
): Draft {
  const count = Math.max(1, Math.round(rows))
  return makeEvent(who, timeMs, {
    kind: 'data.write',
    operation: 'write',
    ...LAKE,
    ...OK,
    endpoint: 'PUT /{bucket}/{key}',
    resource: [{ type: 'dataset', id: dataset.id, class: dataset.class }],
    rows: count,
    bytes: { in: Math.round(count * BYTES_PER_ROW * random.logNormal(1, 0.08)), out: 240 },
    durationMs: Math.ceil(random.logNormal(70, 0.4) + count * 0.03),
    ...extra,
  })
}

const FEATURE_STORE = { system: 'feature-store', producer: 'feature-store' } as const

export function readFeatures(
  { who, timeMs, random }: Moment,
  view: string,
  rows: number,
  extra: Extra = {},
): Draft {
  const count = Math.max(1, Math.round(rows))
  return makeEvent(who, timeMs, {
    kind: 'ai.feature',
    operation: 'read',
    ...FEATURE_STORE,
    ...OK,
    protocol: 'http',
    endpoint: 'POST /get-online-features',
    resource: [{ type: 'feature-view', id: view }],
    rows: count,
    bytes: { in: 120 + 38 * count, out: 200 + 210 * count },
    durationMs: Math.ceil(random.logNormal(5, 0.4) + count * 0.05),
    ...extra,
  })
}

export function searchIndex(
  { who, timeMs, random }: Moment,
  index: string,
  extra: Extra = {},
): Draft {
  const rows = random.int(3, 10)
  return makeEvent(who, timeMs, {
    kind: 'ai.retrieve',
    operation: 'query',
    system: 'vector-index',
    producer: 'vector-index',
    ...OK,
    protocol: 'grpc',
    resource: [{ type: 'index', id: index }],
    rows,
    bytes: { in: 6300, out: Math.round(rows * random.logNormal(1500, 0.3)) },
    durationMs: Math.ceil(random.logNormal(34, 0.4)),
    inputHash: random.digest(),
    ...extra,
  })
}

export type WeightsUse = 'list' | 'open' | 'download'

/** Megabytes of a classic model's artefact. */
const WEIGHTS_MB = 86

export function readWeights(
  { who, timeMs, random }: Moment,
  model: Model,
  use: WeightsUse,
  extra: Extra = {},
): Draft {
  const size = use === 'download' ? random.logNormal(WEIGHTS_MB * 1e6, 0.02) : 4200
  return makeEvent(who, timeMs, {
    kind: 'model.read',
    operation: use,
    system: 'registry',
    producer: 'registry',
    ...OK,
    protocol: 'http',
    endpoint: use === 'list' ? 'GET /models' : `GET /models/{model}/${use}`,
    resource: [{ type: 'weights', id: `registry/${model.name}`, class: 'confidential' }],
    bytes: { in: 390, out: Math.round(size) },
    durationMs: Math.ceil(random.logNormal(30, 0.4) + size / 90_000),
    ...extra,
  })
}

export function changeModel(
  { who, timeMs }: Moment,
  model: Model,
  operation: 'register' | 'promote',
  release: { readonly version: string; readonly digest: string },
): Draft {
  const { version, digest } = release
  return makeEvent(who, timeMs, {
    kind: 'model.change',
    operation,
    system: 'registry',
    producer: 'registry',
    ...OK,
    protocol: 'http',
    endpoint: `POST /models/{model}/${operation}`,
    model: { provider: model.provider, requested: model.name, served: model.name, version, digest },
    resource: [{ type: 'model', id: model.name, class: 'confidential' }],
  })
}

export function openPage({ who, timeMs, random }: Moment, endpoint: string): Draft {
  const end: End = random.chance(0.01)
    ? { outcome: 'failure', status: 404, reasonCode: 'not_found' }
    : OK
  return makeEvent(who, timeMs, {
    kind: 'http.request',
    operation: 'read',
    system: 'portal',
    producer: 'portal',
    ...end,
    protocol: 'http',
    endpoint,
    bytes: { in: random.int(480, 760), out: Math.round(random.logNormal(14_000, 0.8)) },
    durationMs: Math.ceil(random.logNormal(45, 0.5)),
  })
}

export function auth(
  { who, timeMs }: Moment,
  kind: 'auth.logon' | 'auth.logoff' | 'auth.failed',
  extra: Extra = {},
): Draft {
  const isLogoff = kind === 'auth.logoff'
  return makeEvent(who, timeMs, {
    kind,
    operation: isLogoff ? 'logoff' : 'logon',
    system: 'identity',
    producer: 'identity',
    ...OK,
    protocol: 'http',
    endpoint: isLogoff ? 'POST /logout' : 'POST /login',
    ...extra,
  })
}

export function changeKey(moment: Moment, operation: string, key: string): Draft {
  return makeEvent(moment.who, moment.timeMs, {
    kind: 'auth.key',
    operation,
    system: 'llm-gateway',
    producer: 'identity',
    ...OK,
    protocol: 'http',
    endpoint: 'POST /keys',
    interface: 'admin',
    resource: [{ type: 'key', id: key }],
  })
}

export function changeSetting(moment: Moment, operation: string, id: string): Draft {
  return makeEvent(moment.who, moment.timeMs, {
    kind: 'ai.admin',
    operation,
    system: 'llm-gateway',
    producer: 'gateway-admin',
    ...OK,
    protocol: 'http',
    endpoint: 'PUT /config/{section}',
    interface: 'admin',
    resource: [{ type: 'setting', id }],
  })
}

export type Verdict = {
  readonly id: 'guard-pii' | 'guard-injection' | 'guard-topic'
  readonly decision: 'allow' | 'deny' | 'observe' | 'modify'
}

/** The gateway's guardrail about a request it was asked to judge. */
export function judge({ who, timeMs, random }: Moment, verdict: Verdict, extra: Extra): Draft {
  const isDenied = verdict.decision === 'deny'
  return makeEvent(who, timeMs, {
    kind: 'ai.policy',
    operation: 'evaluate',
    system: 'llm-gateway',
    producer: 'guardrail',
    outcome: isDenied ? 'denied' : 'success',
    ...(isDenied ? { reasonCode: verdict.id } : {}),
    policy: { version: '7', ...verdict },
    durationMs: Math.ceil(random.logNormal(21, 0.4)),
    ...extra,
  })
}
