// What the page of an entity asks of the server, and the words of its kinds.

import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { useAddress } from '../address/address.tsx'
import { type Answer, ask, type Routes } from '../api/api.ts'
import type { Unit } from '../chart/chart.tsx'
import type { Metric } from './answer.ts'

export type Page = Answer<'GET /v1/entities/{type}/{id}'>
export type Activity = Answer<'GET /v1/entities/{type}/{id}/activity'>
export type EntityType = Routes['GET /v1/entities/{type}/{id}']['params']['type']
export type Ref = { readonly type: EntityType; readonly id: string }

/** While somebody reads, it is asked again so often; each time is a look that is recorded. */
const FRESH_MS = 60_000

export function useEntity({ type, id }: Ref): UseQueryResult<Page> {
  return useQuery({
    queryKey: ['entity', type, id],
    queryFn: ({ signal }) => ask('GET /v1/entities/{type}/{id}', { params: { type, id }, signal }),
    refetchInterval: FRESH_MS,
  })
}

export function useActivity({ type, id }: Ref, metric: Metric): UseQueryResult<Activity> {
  const { range } = useAddress()
  const query = { metric, ...range }
  return useQuery({
    queryKey: ['entity', type, id, 'activity', query],
    queryFn: ({ signal }) =>
      ask('GET /v1/entities/{type}/{id}/activity', { params: { type, id }, query, signal }),
    refetchInterval: range.to === 'now' ? FRESH_MS : false,
  })
}

/** `many` is what an hour has; `unit` how it is written. */
export const METRIC_WORDS: {
  readonly [metric in Metric]: { readonly name: string; readonly many: string; readonly unit: Unit }
} = {
  requests: { name: 'Requests', many: 'requests', unit: 'events' },
  rows: { name: 'Rows', many: 'rows', unit: 'rows' },
  bytes: { name: 'Bytes out', many: 'bytes out', unit: 'bytes' },
  tokens: { name: 'Tokens', many: 'tokens', unit: 'tokens' },
  cost: { name: 'Cost', many: 'cost', unit: 'costMicros' },
  failures: { name: 'Failed', many: 'failed requests', unit: 'events' },
  denied: { name: 'Denied', many: 'denied requests', unit: 'events' },
}

const TYPES: { readonly [type in EntityType]: string } = {
  actor: 'Account',
  credential: 'Credential',
  session: 'Session',
  agent: 'Agent',
  source: 'Address',
  model: 'Model',
  resource: 'Resource',
  tool: 'Tool',
  system: 'System',
  producer: 'Producer',
}

/** Names that people use in an address. */
const OTHER_NAMES: { readonly [name: string]: EntityType } = {
  ip: 'source',
  key: 'credential',
  user: 'actor',
  account: 'actor',
}

export function typeWord(type: EntityType): string {
  return TYPES[type]
}

export const TYPE_NAMES: readonly string[] = Object.keys(TYPES)

/** null for what is no kind of entity. */
export function parseType(name: string): EntityType | null {
  if (Object.hasOwn(TYPES, name)) return name as EntityType
  return Object.hasOwn(OTHER_NAMES, name) ? (OTHER_NAMES[name] ?? null) : null
}
