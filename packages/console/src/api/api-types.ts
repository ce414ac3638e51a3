// Made from docs/spec/openapi.json by tools/api-types.ts; `UPDATE=1` and the test of that file make
// it anew.

import type { SealedEvent } from '@tocsin/sdk/event'

export type Routes = {
  'GET /healthz': {
    query: object
    params: object
    body: null
    answer: {
      readonly status: 'ok'
      | 'catching_up'
      readonly version: string
      readonly size: number
      readonly indexed: number
    }
  }
  'GET /metrics': {
    query: object
    params: object
    body: null
    answer: unknown
  }
  'POST /v1/lines': {
    query: object
    params: object
    body: {
      readonly name: string
      readonly format: string
      readonly fingerprint: string
      readonly lines: readonly {
        readonly offset: number
        readonly bytes: string
      }[]
    }
    answer: {
      readonly stored: number
      readonly duplicate: number
      readonly conflict: number
      readonly refused: number
      readonly results: readonly {
        readonly line: number
        readonly status: 'stored'
        | 'duplicate'
        | 'conflict'
        | 'refused'
        readonly id?: string
        readonly code?: string
        readonly field?: string
        readonly reason?: string
      }[]
    }
  }
  'GET /v1/events/tail': {
    query: {
      q?: string
    }
    params: object
    body: null
    answer: unknown
  }
  'GET /v1/events': {
    query: {
      q?: string
      from?: string
      to?: string
      limit?: number
      cursor?: string
      sort?: string
    }
    params: object
    body: null
    answer: {
      readonly events: readonly SealedEvent[]
      readonly next: (string | null)
      readonly complete: boolean
      readonly from: number
      readonly to: number
    }
  }
  'POST /v1/events': {
    query: object
    params: object
    body: null
    answer: {
      readonly stored: number
      readonly duplicate: number
      readonly conflict: number
      readonly refused: number
      readonly results: readonly {
        readonly line: number
        readonly status: 'stored'
        | 'duplicate'
        | 'conflict'
        | 'refused'
        readonly id?: string
        readonly code?: string
        readonly field?: string
        readonly reason?: string
      }[]
    }
  }
  'GET /v1/events/{id}': {
    query: object
    params: {
      id: string
    }
    body: null
    answer: SealedEvent
  }
  'GET /v1/summary': {
    query: {
      q?: string
      from?: string
      to?: string
      by?: string
      limit?: number
    }
    params: object
    body: null
    answer: {
      readonly by: readonly string[]
      readonly groups: readonly {
        readonly group: readonly (string | null)[]
        readonly requests: number
        readonly failures: number
        readonly bytesIn: number
        readonly bytesOut: number
        readonly firstMs: number
        readonly lastMs: number
      }[]
      readonly complete: boolean
      readonly from: number
      readonly to: number
    }
  }
  'GET /v1/series': {
    query: {
      q?: string
      from?: string
      to?: string
      buckets?: number
    }
    params: object
    body: null
    answer: {
      readonly stepMs: number
      readonly totals: {
        readonly events: number
        readonly success: number
        readonly failure: number
        readonly denied: number
        readonly unknown: number
        readonly durationMsP50: (number | null)
        readonly durationMsP95: (number | null)
        readonly tokensIn: number
        readonly tokensOut: number
        readonly costMicros: number
        readonly bytesOut: number
        readonly rows: number
      }
      readonly buckets: readonly {
        readonly t: number
        readonly success: number
        readonly failure: number
        readonly denied: number
        readonly unknown: number
        readonly durationMsP50: (number | null)
        readonly durationMsP95: (number | null)
        readonly tokensIn: number
        readonly tokensOut: number
        readonly costMicros: number
        readonly bytesOut: number
        readonly rows: number
      }[]
      readonly complete: boolean
      readonly from: number
      readonly to: number
    }
  }
  'GET /v1/facets': {
    query: {
      q?: string
      from?: string
      to?: string
      fields: string
      top?: number
    }
    params: object
    body: null
    answer: {
      readonly facets: readonly {
        readonly field: string
        readonly present: number
        readonly distinct: number
        readonly distinctIsExact: boolean
        readonly top: readonly {
          readonly value: string
          readonly events: number
        }[]
      }[]
      readonly total: number
      readonly complete: boolean
      readonly from: number
      readonly to: number
    }
  }
  'GET /v1/explain': {
    query: {
      q?: string
      from?: string
      to?: string
    }
    params: object
    body: null
    answer: {
      readonly total: number
      readonly clauses: readonly {
        readonly start: number
        readonly end: number
        readonly text: string
        readonly alone: number
        readonly without: number
      }[]
      readonly outside: ({
        readonly events: number
        readonly firstMs: number
        readonly lastMs: number
      } | null)
      readonly data: ({
        readonly events: number
        readonly firstMs: number
        readonly lastMs: number
      } | null)
      readonly complete: boolean
      readonly from: number
      readonly to: number
    }
  }
  'GET /v1/events/export': {
    query: {
      q?: string
      from?: string
      to?: string
      format?: 'ndjson'
      | 'csv'
      fields?: string
    }
    params: object
    body: null
    answer: unknown
  }
  'GET /v1/exports/{id}': {
    query: object
    params: {
      id: string
    }
    body: null
    answer: {
      readonly id: string
      readonly index: number
      readonly timeMs: number
      readonly by: string
      readonly finished: boolean
      readonly query: string
      readonly from: number
      readonly to: number
      readonly format: 'ndjson'
      | 'csv'
      readonly fields: (string | null)
      readonly below: number
      readonly rows: number
      readonly bytes: number
      readonly sha256: string
      readonly log: {
        readonly origin: string
        readonly size: number
        readonly root: string
      }
    }
  }
  'GET /v1/events/{id}/proof': {
    query: object
    params: {
      id: string
    }
    body: null
    answer: {
      readonly origin: string
      readonly vkey: string
      readonly shard: string
      readonly index: number
      readonly size: number
      readonly leaf: string
      readonly leafHash: string
      readonly proof: readonly string[]
      readonly checkpoint: string
      readonly sections: readonly {
        readonly name: (string | null)
        readonly retention: string
        readonly isStored: boolean
        readonly isAsSealed: (boolean | null)
        readonly isAsCommitted: (boolean | null)
      }[]
    }
  }
  'GET /v1/events/{id}/receipt': {
    query: object
    params: {
      id: string
    }
    body: null
    answer: unknown
  }
  'POST /v1/events/{id}/reveal': {
    query: object
    params: {
      id: string
    }
    body: {
      readonly reason?: string
    }
    answer: {
      readonly id: string
      readonly content: unknown
      readonly hash: (string | null)
      readonly size: (number | null)
      readonly isAsHashed: boolean
    }
  }
  'GET /v1/alerts': {
    query: {
      q?: string
      state?: 'open'
      | 'acknowledged'
      | 'resolved'
      entity?: string
      from?: string
      to?: string
      limit?: number
      cursor?: string
    }
    params: object
    body: null
    answer: {
      readonly alerts: readonly {
        readonly id: string
        readonly entity: {
          readonly type: 'actor'
          | 'credential'
          | 'session'
          | 'agent'
          | 'source'
          | 'model'
          | 'resource'
          | 'tool'
          | 'system'
          | 'producer'
          readonly id: string
        }
        readonly startMs: number
        readonly openedMs: number
        readonly lastMs: number
        readonly score: number
        readonly threshold: number
        readonly state: 'open'
        | 'acknowledged'
        | 'resolved'
        readonly disposition: ('true'
        | 'benign'
        | 'false'
        | 'reopened' | null)
        readonly cause: ('threat'
        | 'misuse'
        | 'batch_job'
        | 'data_fault'
        | 'other' | null)
        readonly assignee: (string | null)
        readonly suppressed: ({
          readonly untilMs: number
          readonly reason: string
          readonly by: string
          readonly suppressionId: string
        } | null)
        readonly level: 'informational'
        | 'low'
        | 'medium'
        | 'high'
        | 'critical'
        readonly rules: readonly string[]
        readonly tags: readonly string[]
        readonly title: string
        readonly sentence: string
        readonly actor: {
          readonly id: string
          readonly type: string
          readonly verified: string
          readonly session: (string | null)
          readonly credential: (string | null)
          readonly claimed: (string | null)
        }
        readonly eventCount: number
        readonly findings: number
      }[]
      readonly next: (string | null)
      readonly total: number
      readonly suppressed: number
      readonly counts: {
        readonly open: number
        readonly acknowledged: number
        readonly resolved: number
      }
      readonly budget: {
        readonly perDay: number
        readonly threshold: number
        readonly expectedPerDay: number
        readonly realisedPerDay: number
      }
      readonly watched: {
        readonly rules: number
        readonly entities: number
      }
    }
  }
  'GET /v1/alerts/{id}': {
    query: object
    params: {
      id: string
    }
    body: null
    answer: {
      readonly id: string
      readonly entity: {
        readonly type: 'actor'
        | 'credential'
        | 'session'
        | 'agent'
        | 'source'
        | 'model'
        | 'resource'
        | 'tool'
        | 'system'
        | 'producer'
        readonly id: string
      }
      readonly startMs: number
      readonly openedMs: number
      readonly lastMs: number
      readonly score: number
      readonly threshold: number
      readonly state: 'open'
      | 'acknowledged'
      | 'resolved'
      readonly disposition: ('true'
      | 'benign'
      | 'false'
      | 'reopened' | null)
      readonly cause: ('threat'
      | 'misuse'
      | 'batch_job'
      | 'data_fault'
      | 'other' | null)
      readonly assignee: (string | null)
      readonly suppressed: ({
        readonly untilMs: number
        readonly reason: string
        readonly by: string
        readonly suppressionId: string
      } | null)
      readonly level: 'informational'
      | 'low'
      | 'medium'
      | 'high'
      | 'critical'
      readonly rules: readonly string[]
      readonly tags: readonly string[]
      readonly title: string
      readonly sentence: string
      readonly actor: {
        readonly id: string
        readonly type: string
        readonly verified: string
        readonly session: (string | null)
        readonly credential: (string | null)
        readonly claimed: (string | null)
      }
      readonly eventCount: number
      readonly findings: readonly {
        readonly id: string
        readonly rule: string
        readonly title: string
        readonly detector: string
        readonly level: 'informational'
        | 'low'
        | 'medium'
        | 'high'
        | 'critical'
        readonly tags: readonly string[]
        readonly entity: {
          readonly type: 'actor'
          | 'credential'
          | 'session'
          | 'agent'
          | 'source'
          | 'model'
          | 'resource'
          | 'tool'
          | 'system'
          | 'producer'
          readonly id: string
        }
        readonly timeMs: number
        readonly startMs: number
        readonly score: number
        readonly confidence: number
        readonly p: (number | null)
        readonly expected: ((number | string) | null)
        readonly seen: ((number | string) | null)
        readonly sentence: string
        readonly features: readonly {
          readonly name: string
          readonly expected: (number | string)
          readonly seen: (number | string)
          readonly part: number
        }[]
        readonly eventIds: readonly string[]
        readonly eventCount: number
        readonly learning: ({
          readonly days: number
          readonly of: number
        } | null)
        readonly actor: {
          readonly id: string
          readonly type: string
          readonly verified: string
          readonly session: (string | null)
          readonly credential: (string | null)
          readonly claimed?: string
        }
      }[]
      readonly history: readonly {
        readonly alertId: string
        readonly entity: {
          readonly type: 'actor'
          | 'credential'
          | 'session'
          | 'agent'
          | 'source'
          | 'model'
          | 'resource'
          | 'tool'
          | 'system'
          | 'producer'
          readonly id: string
        }
        readonly revision: number
        readonly action: 'acknowledged'
        | 'true'
        | 'benign'
        | 'false'
        | 'reopened'
        | 'assigned'
        | 'undone'
        readonly cause: ('threat'
        | 'misuse'
        | 'batch_job'
        | 'data_fault'
        | 'other' | null)
        readonly prevented: {
          readonly rows: (number | null)
          readonly costMicros: (number | null)
        }
        readonly note: (string | null)
        readonly assignee: (string | null)
        readonly undoes: (number | null)
        readonly batch: (string | null)
        readonly by: string
        readonly timeMs: number
        readonly eventId: string
      }[]
      readonly risk: {
        readonly score: number
        readonly band: 'unknown'
        | 'low'
        | 'moderate'
        | 'high'
        | 'critical'
        readonly parts: readonly {
          readonly findingId: string
          readonly rule: string
          readonly title: string
          readonly timeMs: number
          readonly score: number
          readonly points: number
        }[]
        readonly criticality: {
          readonly level: 'low'
          | 'medium'
          | 'high'
          | 'extreme'
          readonly points: number
        }
      }
      readonly decisions?: readonly {
        readonly id: string
        readonly actor: string
        readonly session: (string | null)
        readonly decision: 'allow'
        | 'throttle'
        | 'approval_required'
        | 'step_up'
        | 'deny'
        | 'end_session'
        readonly mode: 'enforce'
        | 'dry_run'
        readonly state: 'in_force'
        | 'dry_run'
        | 'undone'
        | 'ended'
        readonly since: number
        readonly until: number
        readonly reason: string
        readonly by: string
        readonly rule: (string | null)
        readonly policyVersion: (string | null)
        readonly findingIds: readonly string[]
        readonly alertId: (string | null)
        readonly risk: (number | null)
        readonly heldBack: (string | null)
        readonly undone: ({
          readonly by: string
          readonly at: number
          readonly reason: string
        } | null)
        readonly limits?: {
          readonly requestsPerMinute?: number
          readonly rowsPerMinute?: number
        }
        readonly acrValues?: readonly string[]
        readonly maxAgeSeconds?: number
        readonly challenge?: string
        readonly bulkRows?: number
        readonly approved?: ({
          readonly rows: number
          readonly until: number
        } | null)
      }[]
    }
  }
  'GET /v1/findings': {
    query: {
      entity?: string
      from?: string
      to?: string
      limit?: number
    }
    params: object
    body: null
    answer: {
      readonly findings: readonly {
        readonly id: string
        readonly rule: string
        readonly title: string
        readonly detector: string
        readonly level: 'informational'
        | 'low'
        | 'medium'
        | 'high'
        | 'critical'
        readonly tags: readonly string[]
        readonly entity: {
          readonly type: 'actor'
          | 'credential'
          | 'session'
          | 'agent'
          | 'source'
          | 'model'
          | 'resource'
          | 'tool'
          | 'system'
          | 'producer'
          readonly id: string
        }
        readonly timeMs: number
        readonly startMs: number
        readonly score: number
        readonly confidence: number
        readonly p: (number | null)
        readonly expected: ((number | string) | null)
        readonly seen: ((number | string) | null)
        readonly sentence: string
        readonly features: readonly {
          readonly name: string
          readonly expected: (number | string)
          readonly seen: (number | string)
          readonly part: number
        }[]
        readonly eventIds: readonly string[]
        readonly eventCount: number
        readonly learning: ({
          readonly days: number
          readonly of: number
        } | null)
        readonly actor: {
          readonly id: string
          readonly type: string
          readonly verified: string
          readonly session: (string | null)
          readonly credential: (string | null)
          readonly claimed?: string
        }
      }[]
    }
  }
  'POST /v1/alerts/{id}/ack': {
    query: object
    params: {
      id: string
    }
    body: {
      readonly note?: string
    }
    answer: {
      readonly id: string
      readonly entity: {
        readonly type: 'actor'
        | 'credential'
        | 'session'
        | 'agent'
        | 'source'
        | 'model'
        | 'resource'
        | 'tool'
        | 'system'
        | 'producer'
        readonly id: string
      }
      readonly startMs: number
      readonly openedMs: number
      readonly lastMs: number
      readonly score: number
      readonly threshold: number
      readonly state: 'open'
      | 'acknowledged'
      | 'resolved'
      readonly disposition: ('true'
      | 'benign'
      | 'false'
      | 'reopened' | null)
      readonly cause: ('threat'
      | 'misuse'
      | 'batch_job'
      | 'data_fault'
      | 'other' | null)
      readonly assignee: (string | null)
      readonly suppressed: ({
        readonly untilMs: number
        readonly reason: string
        readonly by: string
        readonly suppressionId: string
      } | null)
      readonly level: 'informational'
      | 'low'
      | 'medium'
      | 'high'
      | 'critical'
      readonly rules: readonly string[]
      readonly tags: readonly string[]
      readonly title: string
      readonly sentence: string
      readonly actor: {
        readonly id: string
        readonly type: string
        readonly verified: string
        readonly session: (string | null)
        readonly credential: (string | null)
        readonly claimed: (string | null)
      }
      readonly eventCount: number
      readonly findings: readonly {
        readonly id: string
        readonly rule: string
        readonly title: string
        readonly detector: string
        readonly level: 'informational'
        | 'low'
        | 'medium'
        | 'high'
        | 'critical'
        readonly tags: readonly string[]
        readonly entity: {
          readonly type: 'actor'
          | 'credential'
          | 'session'
          | 'agent'
          | 'source'
          | 'model'
          | 'resource'
          | 'tool'
          | 'system'
          | 'producer'
          readonly id: string
        }
        readonly timeMs: number
        readonly startMs: number
        readonly score: number
        readonly confidence: number
        readonly p: (number | null)
        readonly expected: ((number | string) | null)
        readonly seen: ((number | string) | null)
        readonly sentence: string
        readonly features: readonly {
          readonly name: string
          readonly expected: (number | string)
          readonly seen: (number | string)
          readonly part: number
        }[]
        readonly eventIds: readonly string[]
        readonly eventCount: number
        readonly learning: ({
          readonly days: number
          readonly of: number
        } | null)
        readonly actor: {
          readonly id: string
          readonly type: string
          readonly verified: string
          readonly session: (string | null)
          readonly credential: (string | null)
          readonly claimed?: string
        }
      }[]
      readonly history: readonly {
        readonly alertId: string
        readonly entity: {
          readonly type: 'actor'
          | 'credential'
          | 'session'
          | 'agent'
          | 'source'
          | 'model'
          | 'resource'
          | 'tool'
          | 'system'
          | 'producer'
          readonly id: string
        }
        readonly revision: number
        readonly action: 'acknowledged'
        | 'true'
        | 'benign'
        | 'false'
        | 'reopened'
        | 'assigned'
        | 'undone'
        readonly cause: ('threat'
        | 'misuse'
        | 'batch_job'
        | 'data_fault'
        | 'other' | null)
        readonly prevented: {
          readonly rows: (number | null)
          readonly costMicros: (number | null)
        }
        readonly note: (string | null)
        readonly assignee: (string | null)
        readonly undoes: (number | null)
        readonly batch: (string | null)
        readonly by: string
        readonly timeMs: number
        readonly eventId: string
      }[]
      readonly risk: {
        readonly score: number
        readonly band: 'unknown'
        | 'low'
        | 'moderate'
        | 'high'
        | 'critical'
        readonly parts: readonly {
          readonly findingId: string
          readonly rule: string
          readonly title: string
          readonly timeMs: number
          readonly score: number
          readonly points: number
        }[]
        readonly criticality: {
          readonly level: 'low'
          | 'medium'
          | 'high'
          | 'extreme'
          readonly points: number
        }
      }
      readonly decisions?: readonly {
        readonly id: string
        readonly actor: string
        readonly session: (string | null)
        readonly decision: 'allow'
        | 'throttle'
        | 'approval_required'
        | 'step_up'
        | 'deny'
        | 'end_session'
        readonly mode: 'enforce'
        | 'dry_run'
        readonly state: 'in_force'
        | 'dry_run'
        | 'undone'
        | 'ended'
        readonly since: number
        readonly until: number
        readonly reason: string
        readonly by: string
        readonly rule: (string | null)
        readonly policyVersion: (string | null)
        readonly findingIds: readonly string[]
        readonly alertId: (string | null)
        readonly risk: (number | null)
        readonly heldBack: (string | null)
        readonly undone: ({
          readonly by: string
          readonly at: number
          readonly reason: string
        } | null)
        readonly limits?: {
          readonly requestsPerMinute?: number
          readonly rowsPerMinute?: number
        }
        readonly acrValues?: readonly string[]
        readonly maxAgeSeconds?: number
        readonly challenge?: string
        readonly bulkRows?: number
        readonly approved?: ({
          readonly rows: number
          readonly until: number
        } | null)
      }[]
    }
  }
  'POST /v1/alerts/{id}/reopen': {
    query: object
    params: {
      id: string
    }
    body: {
      readonly note?: string
    }
    answer: {
      readonly id: string
      readonly entity: {
        readonly type: 'actor'
        | 'credential'
        | 'session'
        | 'agent'
        | 'source'
        | 'model'
        | 'resource'
        | 'tool'
        | 'system'
        | 'producer'
        readonly id: string
      }
      readonly startMs: number
      readonly openedMs: number
      readonly lastMs: number
      readonly score: number
      readonly threshold: number
      readonly state: 'open'
      | 'acknowledged'
      | 'resolved'
      readonly disposition: ('true'
      | 'benign'
      | 'false'
      | 'reopened' | null)
      readonly cause: ('threat'
      | 'misuse'
      | 'batch_job'
      | 'data_fault'
      | 'other' | null)
      readonly assignee: (string | null)
      readonly suppressed: ({
        readonly untilMs: number
        readonly reason: string
        readonly by: string
        readonly suppressionId: string
      } | null)
      readonly level: 'informational'
      | 'low'
      | 'medium'
      | 'high'
      | 'critical'
      readonly rules: readonly string[]
      readonly tags: readonly string[]
      readonly title: string
      readonly sentence: string
      readonly actor: {
        readonly id: string
        readonly type: string
        readonly verified: string
        readonly session: (string | null)
        readonly credential: (string | null)
        readonly claimed: (string | null)
      }
      readonly eventCount: number
      readonly findings: readonly {
        readonly id: string
        readonly rule: string
        readonly title: string
        readonly detector: string
        readonly level: 'informational'
        | 'low'
        | 'medium'
        | 'high'
        | 'critical'
        readonly tags: readonly string[]
        readonly entity: {
          readonly type: 'actor'
          | 'credential'
          | 'session'
          | 'agent'
          | 'source'
          | 'model'
          | 'resource'
          | 'tool'
          | 'system'
          | 'producer'
          readonly id: string
        }
        readonly timeMs: number
        readonly startMs: number
        readonly score: number
        readonly confidence: number
        readonly p: (number | null)
        readonly expected: ((number | string) | null)
        readonly seen: ((number | string) | null)
        readonly sentence: string
        readonly features: readonly {
          readonly name: string
          readonly expected: (number | string)
          readonly seen: (number | string)
          readonly part: number
        }[]
        readonly eventIds: readonly string[]
        readonly eventCount: number
        readonly learning: ({
          readonly days: number
          readonly of: number
        } | null)
        readonly actor: {
          readonly id: string
          readonly type: string
          readonly verified: string
          readonly session: (string | null)
          readonly credential: (string | null)
          readonly claimed?: string
        }
      }[]
      readonly history: readonly {
        readonly alertId: string
        readonly entity: {
          readonly type: 'actor'
          | 'credential'
          | 'session'
          | 'agent'
          | 'source'
          | 'model'
          | 'resource'
          | 'tool'
          | 'system'
          | 'producer'
          readonly id: string
        }
        readonly revision: number
        readonly action: 'acknowledged'
        | 'true'
        | 'benign'
        | 'false'
        | 'reopened'
        | 'assigned'
        | 'undone'
        readonly cause: ('threat'
        | 'misuse'
        | 'batch_job'
        | 'data_fault'
        | 'other' | null)
        readonly prevented: {
          readonly rows: (number | null)
          readonly costMicros: (number | null)
        }
        readonly note: (string | null)
        readonly assignee: (string | null)
        readonly undoes: (number | null)
        readonly batch: (string | null)
        readonly by: string
        readonly timeMs: number
        readonly eventId: string
      }[]
      readonly risk: {
        readonly score: number
        readonly band: 'unknown'
        | 'low'
        | 'moderate'
        | 'high'
        | 'critical'
        readonly parts: readonly {
          readonly findingId: string
          readonly rule: string
          readonly title: string
          readonly timeMs: number
          readonly score: number
          readonly points: number
        }[]
        readonly criticality: {
          readonly level: 'low'
          | 'medium'
          | 'high'
          | 'extreme'
          readonly points: number
        }
      }
      readonly decisions?: readonly {
        readonly id: string
        readonly actor: string
        readonly session: (string | null)
        readonly decision: 'allow'
        | 'throttle'
        | 'approval_required'
        | 'step_up'
        | 'deny'
        | 'end_session'
        readonly mode: 'enforce'
        | 'dry_run'
        readonly state: 'in_force'
        | 'dry_run'
        | 'undone'
        | 'ended'
        readonly since: number
        readonly until: number
        readonly reason: string
        readonly by: string
        readonly rule: (string | null)
        readonly policyVersion: (string | null)
        readonly findingIds: readonly string[]
        readonly alertId: (string | null)
        readonly risk: (number | null)
        readonly heldBack: (string | null)
        readonly undone: ({
          readonly by: string
          readonly at: number
          readonly reason: string
        } | null)
        readonly limits?: {
          readonly requestsPerMinute?: number
          readonly rowsPerMinute?: number
        }
        readonly acrValues?: readonly string[]
        readonly maxAgeSeconds?: number
        readonly challenge?: string
        readonly bulkRows?: number
        readonly approved?: ({
          readonly rows: number
          readonly until: number
        } | null)
      }[]
    }
  }
  'POST /v1/alerts/{id}/resolve': {
    query: object
    params: {
      id: string
    }
    body: {
      readonly as: 'true'
      | 'benign'
      | 'false'
      readonly cause: 'threat'
      | 'misuse'
      | 'batch_job'
      | 'data_fault'
      | 'other'
      readonly rowsPrevented?: number
      readonly costMicrosPrevented?: number
      readonly note?: string
    }
    answer: {
      readonly id: string
      readonly entity: {
        readonly type: 'actor'
        | 'credential'
        | 'session'
        | 'agent'
        | 'source'
        | 'model'
        | 'resource'
        | 'tool'
        | 'system'
        | 'producer'
        readonly id: string
      }
      readonly startMs: number
      readonly openedMs: number
      readonly lastMs: number
      readonly score: number
      readonly threshold: number
      readonly state: 'open'
      | 'acknowledged'
      | 'resolved'
      readonly disposition: ('true'
      | 'benign'
      | 'false'
      | 'reopened' | null)
      readonly cause: ('threat'
      | 'misuse'
      | 'batch_job'
      | 'data_fault'
      | 'other' | null)
      readonly assignee: (string | null)
      readonly suppressed: ({
        readonly untilMs: number
        readonly reason: string
        readonly by: string
        readonly suppressionId: string
      } | null)
      readonly level: 'informational'
      | 'low'
      | 'medium'
      | 'high'
      | 'critical'
      readonly rules: readonly string[]
      readonly tags: readonly string[]
      readonly title: string
      readonly sentence: string
      readonly actor: {
        readonly id: string
        readonly type: string
        readonly verified: string
        readonly session: (string | null)
        readonly credential: (string | null)
        readonly claimed: (string | null)
      }
      readonly eventCount: number
      readonly findings: readonly {
        readonly id: string
        readonly rule: string
        readonly title: string
        readonly detector: string
        readonly level: 'informational'
        | 'low'
        | 'medium'
        | 'high'
        | 'critical'
        readonly tags: readonly string[]
        readonly entity: {
          readonly type: 'actor'
          | 'credential'
          | 'session'
          | 'agent'
          | 'source'
          | 'model'
          | 'resource'
          | 'tool'
          | 'system'
          | 'producer'
          readonly id: string
        }
        readonly timeMs: number
        readonly startMs: number
        readonly score: number
        readonly confidence: number
        readonly p: (number | null)
        readonly expected: ((number | string) | null)
        readonly seen: ((number | string) | null)
        readonly sentence: string
        readonly features: readonly {
          readonly name: string
          readonly expected: (number | string)
          readonly seen: (number | string)
          readonly part: number
        }[]
        readonly eventIds: readonly string[]
        readonly eventCount: number
        readonly learning: ({
          readonly days: number
          readonly of: number
        } | null)
        readonly actor: {
          readonly id: string
          readonly type: string
          readonly verified: string
          readonly session: (string | null)
          readonly credential: (string | null)
          readonly claimed?: string
        }
      }[]
      readonly history: readonly {
        readonly alertId: string
        readonly entity: {
          readonly type: 'actor'
          | 'credential'
          | 'session'
          | 'agent'
          | 'source'
          | 'model'
          | 'resource'
          | 'tool'
          | 'system'
          | 'producer'
          readonly id: string
        }
        readonly revision: number
        readonly action: 'acknowledged'
        | 'true'
        | 'benign'
        | 'false'
        | 'reopened'
        | 'assigned'
        | 'undone'
        readonly cause: ('threat'
        | 'misuse'
        | 'batch_job'
        | 'data_fault'
        | 'other' | null)
        readonly prevented: {
          readonly rows: (number | null)
          readonly costMicros: (number | null)
        }
        readonly note: (string | null)
        readonly assignee: (string | null)
        readonly undoes: (number | null)
        readonly batch: (string | null)
        readonly by: string
        readonly timeMs: number
        readonly eventId: string
      }[]
      readonly risk: {
        readonly score: number
        readonly band: 'unknown'
        | 'low'
        | 'moderate'
        | 'high'
        | 'critical'
        readonly parts: readonly {
          readonly findingId: string
          readonly rule: string
          readonly title: string
          readonly timeMs: number
          readonly score: number
          readonly points: number
        }[]
        readonly criticality: {
          readonly level: 'low'
          | 'medium'
          | 'high'
          | 'extreme'
          readonly points: number
        }
      }
      readonly decisions?: readonly {
        readonly id: string
        readonly actor: string
        readonly session: (string | null)
        readonly decision: 'allow'
        | 'throttle'
        | 'approval_required'
        | 'step_up'
        | 'deny'
        | 'end_session'
        readonly mode: 'enforce'
        | 'dry_run'
        readonly state: 'in_force'
        | 'dry_run'
        | 'undone'
        | 'ended'
        readonly since: number
        readonly until: number
        readonly reason: string
        readonly by: string
        readonly rule: (string | null)
        readonly policyVersion: (string | null)
        readonly findingIds: readonly string[]
        readonly alertId: (string | null)
        readonly risk: (number | null)
        readonly heldBack: (string | null)
        readonly undone: ({
          readonly by: string
          readonly at: number
          readonly reason: string
        } | null)
        readonly limits?: {
          readonly requestsPerMinute?: number
          readonly rowsPerMinute?: number
        }
        readonly acrValues?: readonly string[]
        readonly maxAgeSeconds?: number
        readonly challenge?: string
        readonly bulkRows?: number
        readonly approved?: ({
          readonly rows: number
          readonly until: number
        } | null)
      }[]
    }
  }
  'POST /v1/alerts/{id}/assign': {
    query: object
    params: {
      id: string
    }
    body: {
      readonly to: (string | null)
      readonly note?: string
    }
    answer: {
      readonly id: string
      readonly entity: {
        readonly type: 'actor'
        | 'credential'
        | 'session'
        | 'agent'
        | 'source'
        | 'model'
        | 'resource'
        | 'tool'
        | 'system'
        | 'producer'
        readonly id: string
      }
      readonly startMs: number
      readonly openedMs: number
      readonly lastMs: number
      readonly score: number
      readonly threshold: number
      readonly state: 'open'
      | 'acknowledged'
      | 'resolved'
      readonly disposition: ('true'
      | 'benign'
      | 'false'
      | 'reopened' | null)
      readonly cause: ('threat'
      | 'misuse'
      | 'batch_job'
      | 'data_fault'
      | 'other' | null)
      readonly assignee: (string | null)
      readonly suppressed: ({
        readonly untilMs: number
        readonly reason: string
        readonly by: string
        readonly suppressionId: string
      } | null)
      readonly level: 'informational'
      | 'low'
      | 'medium'
      | 'high'
      | 'critical'
      readonly rules: readonly string[]
      readonly tags: readonly string[]
      readonly title: string
      readonly sentence: string
      readonly actor: {
        readonly id: string
        readonly type: string
        readonly verified: string
        readonly session: (string | null)
        readonly credential: (string | null)
        readonly claimed: (string | null)
      }
      readonly eventCount: number
      readonly findings: readonly {
        readonly id: string
        readonly rule: string
        readonly title: string
        readonly detector: string
        readonly level: 'informational'
        | 'low'
        | 'medium'
        | 'high'
        | 'critical'
        readonly tags: readonly string[]
        readonly entity: {
          readonly type: 'actor'
          | 'credential'
          | 'session'
          | 'agent'
          | 'source'
          | 'model'
          | 'resource'
          | 'tool'
          | 'system'
          | 'producer'
          readonly id: string
        }
        readonly timeMs: number
        readonly startMs: number
        readonly score: number
        readonly confidence: number
        readonly p: (number | null)
        readonly expected: ((number | string) | null)
        readonly seen: ((number | string) | null)
        readonly sentence: string
        readonly features: readonly {
          readonly name: string
          readonly expected: (number | string)
          readonly seen: (number | string)
          readonly part: number
        }[]
        readonly eventIds: readonly string[]
        readonly eventCount: number
        readonly learning: ({
          readonly days: number
          readonly of: number
        } | null)
        readonly actor: {
          readonly id: string
          readonly type: string
          readonly verified: string
          readonly session: (string | null)
          readonly credential: (string | null)
          readonly claimed?: string
        }
      }[]
      readonly history: readonly {
        readonly alertId: string
        readonly entity: {
          readonly type: 'actor'
          | 'credential'
          | 'session'
          | 'agent'
          | 'source'
          | 'model'
          | 'resource'
          | 'tool'
          | 'system'
          | 'producer'
          readonly id: string
        }
        readonly revision: number
        readonly action: 'acknowledged'
        | 'true'
        | 'benign'
        | 'false'
        | 'reopened'
        | 'assigned'
        | 'undone'
        readonly cause: ('threat'
        | 'misuse'
        | 'batch_job'
        | 'data_fault'
        | 'other' | null)
        readonly prevented: {
          readonly rows: (number | null)
          readonly costMicros: (number | null)
        }
        readonly note: (string | null)
        readonly assignee: (string | null)
        readonly undoes: (number | null)
        readonly batch: (string | null)
        readonly by: string
        readonly timeMs: number
        readonly eventId: string
      }[]
      readonly risk: {
        readonly score: number
        readonly band: 'unknown'
        | 'low'
        | 'moderate'
        | 'high'
        | 'critical'
        readonly parts: readonly {
          readonly findingId: string
          readonly rule: string
          readonly title: string
          readonly timeMs: number
          readonly score: number
          readonly points: number
        }[]
        readonly criticality: {
          readonly level: 'low'
          | 'medium'
          | 'high'
          | 'extreme'
          readonly points: number
        }
      }
      readonly decisions?: readonly {
        readonly id: string
        readonly actor: string
        readonly session: (string | null)
        readonly decision: 'allow'
        | 'throttle'
        | 'approval_required'
        | 'step_up'
        | 'deny'
        | 'end_session'
        readonly mode: 'enforce'
        | 'dry_run'
        readonly state: 'in_force'
        | 'dry_run'
        | 'undone'
        | 'ended'
        readonly since: number
        readonly until: number
        readonly reason: string
        readonly by: string
        readonly rule: (string | null)
        readonly policyVersion: (string | null)
        readonly findingIds: readonly string[]
        readonly alertId: (string | null)
        readonly risk: (number | null)
        readonly heldBack: (string | null)
        readonly undone: ({
          readonly by: string
          readonly at: number
          readonly reason: string
        } | null)
        readonly limits?: {
          readonly requestsPerMinute?: number
          readonly rowsPerMinute?: number
        }
        readonly acrValues?: readonly string[]
        readonly maxAgeSeconds?: number
        readonly challenge?: string
        readonly bulkRows?: number
        readonly approved?: ({
          readonly rows: number
          readonly until: number
        } | null)
      }[]
    }
  }
  'POST /v1/alerts/bulk': {
    query: object
    params: object
    body: {
      readonly q: string
      readonly from?: string
      readonly to?: string
      readonly expect: number
      readonly action: 'ack'
      | 'resolve'
      | 'assign'
      | 'reopen'
      readonly as?: 'true'
      | 'benign'
      | 'false'
      readonly cause?: 'threat'
      | 'misuse'
      | 'batch_job'
      | 'data_fault'
      | 'other'
      readonly assignee?: (string | null)
      readonly note?: string
    }
    answer: {
      readonly batch: string
      readonly done: number
      readonly failed: readonly {
        readonly id: string
        readonly code: string
        readonly detail: string
      }[]
      readonly undoUntilMs: number
    }
  }
  'POST /v1/alerts/bulk/{batch}/undo': {
    query: object
    params: {
      batch: string
    }
    body: null
    answer: {
      readonly done: number
      readonly failed: readonly {
        readonly id: string
        readonly code: string
        readonly detail: string
      }[]
    }
  }
  'GET /v1/entities/{type}/{id}/activity': {
    query: {
      metric?: 'requests'
      | 'rows'
      | 'bytes'
      | 'tokens'
      | 'cost'
      | 'failures'
      | 'denied'
      from?: string
      to?: string
    }
    params: {
      type: 'actor'
      | 'credential'
      | 'session'
      | 'agent'
      | 'source'
      | 'model'
      | 'resource'
      | 'tool'
      | 'system'
      | 'producer'
      id: string
    }
    body: null
    answer: {
      readonly metric: 'requests'
      | 'rows'
      | 'bytes'
      | 'tokens'
      | 'cost'
      | 'failures'
      | 'denied'
      readonly stepMs: number
      readonly from: number
      readonly to: number
      readonly points: readonly {
        readonly t: number
        readonly value: number
        readonly expected: (number | null)
        readonly lo: (number | null)
        readonly hi: (number | null)
      }[]
      readonly week: {
        readonly now: readonly number[]
        readonly usual: readonly (number | null)[]
      }
      readonly learning: {
        readonly days: number
        readonly of: number
      }
      readonly firstSeen: readonly {
        readonly field: 'model.served'
        | 'source.ip'
        | 'source.geo.country'
        | 'tool.name'
        | 'resource.id'
        | 'agent.id'
        readonly value: string
        readonly firstMs: number
        readonly events: number
        readonly isNew: boolean
      }[]
      readonly peers: ({
        readonly cohort: string
        readonly of: number
        readonly rank: number
        readonly percentile: number
        readonly median: number
        readonly value: number
      } | null)
      readonly sentence: string
    }
  }
  'GET /v1/alerts/{id}/chart': {
    query: object
    params: {
      id: string
    }
    body: null
    answer: ({
      readonly label: string
      readonly unit: 'events'
      | 'rows'
      | 'bytes'
      | 'tokens'
      | 'costMicros'
      readonly field: (string | null)
      readonly query: string
      readonly from: number
      readonly to: number
      readonly stepMs: number
      readonly points: readonly {
        readonly t: number
        readonly value: number
        readonly expected: (number | null)
        readonly lo: (number | null)
        readonly hi: (number | null)
      }[]
      readonly sentence: string
      readonly window: {
        readonly fromMs: number
        readonly toMs: number
      }
    } | null)
  }
  'POST /v1/suppressions': {
    query: object
    params: object
    body: {
      readonly rule?: string
      readonly entity?: string
      readonly until: (string | number)
      readonly reason: string
    }
    answer: {
      readonly id: string
      readonly rule: (string | null)
      readonly entity: ({
        readonly type: 'actor'
        | 'credential'
        | 'session'
        | 'agent'
        | 'source'
        | 'model'
        | 'resource'
        | 'tool'
        | 'system'
        | 'producer'
        readonly id: string
      } | null)
      readonly untilMs: number
      readonly reason: string
      readonly by: string
      readonly createdMs: number
      readonly state: 'in_force'
      | 'ended'
      | 'lifted'
      readonly lifted: ({
        readonly by: string
        readonly timeMs: number
      } | null)
      readonly alerts: number
    }
  }
  'GET /v1/suppressions': {
    query: object
    params: object
    body: null
    answer: {
      readonly suppressions: readonly {
        readonly id: string
        readonly rule: (string | null)
        readonly entity: ({
          readonly type: 'actor'
          | 'credential'
          | 'session'
          | 'agent'
          | 'source'
          | 'model'
          | 'resource'
          | 'tool'
          | 'system'
          | 'producer'
          readonly id: string
        } | null)
        readonly untilMs: number
        readonly reason: string
        readonly by: string
        readonly createdMs: number
        readonly state: 'in_force'
        | 'ended'
        | 'lifted'
        readonly lifted: ({
          readonly by: string
          readonly timeMs: number
        } | null)
        readonly alerts: number
      }[]
    }
  }
  'DELETE /v1/suppressions/{id}': {
    query: object
    params: {
      id: string
    }
    body: null
    answer: unknown
  }
  'GET /v1/entities': {
    query: {
      limit?: number
    }
    params: object
    body: null
    answer: {
      readonly entities: readonly {
        readonly entity: {
          readonly type: 'actor'
          | 'credential'
          | 'session'
          | 'agent'
          | 'source'
          | 'model'
          | 'resource'
          | 'tool'
          | 'system'
          | 'producer'
          readonly id: string
        }
        readonly risk: {
          readonly score: number
          readonly band: 'unknown'
          | 'low'
          | 'moderate'
          | 'high'
          | 'critical'
          readonly parts: readonly {
            readonly findingId: string
            readonly rule: string
            readonly title: string
            readonly timeMs: number
            readonly score: number
            readonly points: number
          }[]
          readonly criticality: {
            readonly level: 'low'
            | 'medium'
            | 'high'
            | 'extreme'
            readonly points: number
          }
        }
        readonly delta: number
        readonly spark: readonly number[]
        readonly findings: number
        readonly newest: {
          readonly id: string
          readonly rule: string
          readonly title: string
          readonly detector: string
          readonly level: 'informational'
          | 'low'
          | 'medium'
          | 'high'
          | 'critical'
          readonly tags: readonly string[]
          readonly entity: {
            readonly type: 'actor'
            | 'credential'
            | 'session'
            | 'agent'
            | 'source'
            | 'model'
            | 'resource'
            | 'tool'
            | 'system'
            | 'producer'
            readonly id: string
          }
          readonly timeMs: number
          readonly startMs: number
          readonly score: number
          readonly confidence: number
          readonly p: (number | null)
          readonly expected: ((number | string) | null)
          readonly seen: ((number | string) | null)
          readonly sentence: string
          readonly features: readonly {
            readonly name: string
            readonly expected: (number | string)
            readonly seen: (number | string)
            readonly part: number
          }[]
          readonly eventIds: readonly string[]
          readonly eventCount: number
          readonly learning: ({
            readonly days: number
            readonly of: number
          } | null)
          readonly actor: {
            readonly id: string
            readonly type: string
            readonly verified: string
            readonly session: (string | null)
            readonly credential: (string | null)
            readonly claimed?: string
          }
        }
      }[]
    }
  }
  'GET /v1/entities/{type}/{id}': {
    query: object
    params: {
      type: 'actor'
      | 'credential'
      | 'session'
      | 'agent'
      | 'source'
      | 'model'
      | 'resource'
      | 'tool'
      | 'system'
      | 'producer'
      id: string
    }
    body: null
    answer: {
      readonly entity: {
        readonly type: 'actor'
        | 'credential'
        | 'session'
        | 'agent'
        | 'source'
        | 'model'
        | 'resource'
        | 'tool'
        | 'system'
        | 'producer'
        readonly id: string
      }
      readonly identity: {
        readonly proofs: readonly {
          readonly values: readonly (string | null)[]
          readonly requests: number
          readonly firstMs: number
          readonly lastMs: number
        }[]
        readonly groups: readonly {
          readonly values: readonly (string | null)[]
          readonly requests: number
          readonly firstMs: number
          readonly lastMs: number
        }[]
        readonly credentials: readonly {
          readonly values: readonly (string | null)[]
          readonly requests: number
          readonly firstMs: number
          readonly lastMs: number
        }[]
        readonly countries: readonly {
          readonly values: readonly (string | null)[]
          readonly requests: number
          readonly firstMs: number
          readonly lastMs: number
        }[]
        readonly sessions: readonly {
          readonly values: readonly (string | null)[]
          readonly requests: number
          readonly firstMs: number
          readonly lastMs: number
        }[]
        readonly addresses: readonly {
          readonly values: readonly (string | null)[]
          readonly requests: number
          readonly firstMs: number
          readonly lastMs: number
        }[]
      }
      readonly activity: ({
        readonly firstMs: number
        readonly newestMs: number
        readonly events: number
        readonly cohort: string
        readonly frozenMs: (number | null)
      } | null)
      readonly learning: ({
        readonly days: number
        readonly of: number
      } | null)
      readonly baselines: readonly {
        readonly rule: string
        readonly group: string
        readonly now: number
        readonly expected: number
        readonly learning: {
          readonly days: number
          readonly of: number
        }
        readonly hourOfWeek: readonly number[]
        readonly firstSeen: readonly {
          readonly value: string
          readonly timeMs: number
        }[]
      }[]
      readonly risk: {
        readonly score: number
        readonly band: 'unknown'
        | 'low'
        | 'moderate'
        | 'high'
        | 'critical'
        readonly parts: readonly {
          readonly findingId: string
          readonly rule: string
          readonly title: string
          readonly timeMs: number
          readonly score: number
          readonly points: number
        }[]
        readonly criticality: {
          readonly level: 'low'
          | 'medium'
          | 'high'
          | 'extreme'
          readonly points: number
        }
      }
      readonly findings: readonly {
        readonly id: string
        readonly rule: string
        readonly title: string
        readonly detector: string
        readonly level: 'informational'
        | 'low'
        | 'medium'
        | 'high'
        | 'critical'
        readonly tags: readonly string[]
        readonly entity: {
          readonly type: 'actor'
          | 'credential'
          | 'session'
          | 'agent'
          | 'source'
          | 'model'
          | 'resource'
          | 'tool'
          | 'system'
          | 'producer'
          readonly id: string
        }
        readonly timeMs: number
        readonly startMs: number
        readonly score: number
        readonly confidence: number
        readonly p: (number | null)
        readonly expected: ((number | string) | null)
        readonly seen: ((number | string) | null)
        readonly sentence: string
        readonly features: readonly {
          readonly name: string
          readonly expected: (number | string)
          readonly seen: (number | string)
          readonly part: number
        }[]
        readonly eventIds: readonly string[]
        readonly eventCount: number
        readonly learning: ({
          readonly days: number
          readonly of: number
        } | null)
        readonly actor: {
          readonly id: string
          readonly type: string
          readonly verified: string
          readonly session: (string | null)
          readonly credential: (string | null)
          readonly claimed?: string
        }
      }[]
      readonly alerts: readonly {
        readonly id: string
        readonly entity: {
          readonly type: 'actor'
          | 'credential'
          | 'session'
          | 'agent'
          | 'source'
          | 'model'
          | 'resource'
          | 'tool'
          | 'system'
          | 'producer'
          readonly id: string
        }
        readonly startMs: number
        readonly openedMs: number
        readonly lastMs: number
        readonly score: number
        readonly threshold: number
        readonly state: 'open'
        | 'acknowledged'
        | 'resolved'
        readonly disposition: ('true'
        | 'benign'
        | 'false'
        | 'reopened' | null)
        readonly cause: ('threat'
        | 'misuse'
        | 'batch_job'
        | 'data_fault'
        | 'other' | null)
        readonly assignee: (string | null)
        readonly suppressed: ({
          readonly untilMs: number
          readonly reason: string
          readonly by: string
          readonly suppressionId: string
        } | null)
        readonly level: 'informational'
        | 'low'
        | 'medium'
        | 'high'
        | 'critical'
        readonly rules: readonly string[]
        readonly tags: readonly string[]
        readonly title: string
        readonly sentence: string
        readonly actor: {
          readonly id: string
          readonly type: string
          readonly verified: string
          readonly session: (string | null)
          readonly credential: (string | null)
          readonly claimed: (string | null)
        }
        readonly eventCount: number
        readonly findings: number
      }[]
      readonly decisions: readonly {
        readonly id: string
        readonly actor: string
        readonly session: (string | null)
        readonly decision: 'allow'
        | 'throttle'
        | 'approval_required'
        | 'step_up'
        | 'deny'
        | 'end_session'
        readonly mode: 'enforce'
        | 'dry_run'
        readonly state: 'in_force'
        | 'dry_run'
        | 'undone'
        | 'ended'
        readonly since: number
        readonly until: number
        readonly reason: string
        readonly by: string
        readonly rule: (string | null)
        readonly policyVersion: (string | null)
        readonly findingIds: readonly string[]
        readonly alertId: (string | null)
        readonly risk: (number | null)
        readonly heldBack: (string | null)
        readonly undone: ({
          readonly by: string
          readonly at: number
          readonly reason: string
        } | null)
        readonly limits?: {
          readonly requestsPerMinute?: number
          readonly rowsPerMinute?: number
        }
        readonly acrValues?: readonly string[]
        readonly maxAgeSeconds?: number
        readonly challenge?: string
        readonly bulkRows?: number
        readonly approved?: ({
          readonly rows: number
          readonly until: number
        } | null)
      }[]
      readonly nowMs: number
    }
  }
  'PUT /v1/entities/{type}/{id}/criticality': {
    query: object
    params: {
      type: 'actor'
      | 'credential'
      | 'session'
      | 'agent'
      | 'source'
      | 'model'
      | 'resource'
      | 'tool'
      | 'system'
      | 'producer'
      id: string
    }
    body: {
      readonly level: 'low'
      | 'medium'
      | 'high'
      | 'extreme'
    }
    answer: {
      readonly score: number
      readonly band: 'unknown'
      | 'low'
      | 'moderate'
      | 'high'
      | 'critical'
      readonly parts: readonly {
        readonly findingId: string
        readonly rule: string
        readonly title: string
        readonly timeMs: number
        readonly score: number
        readonly points: number
      }[]
      readonly criticality: {
        readonly level: 'low'
        | 'medium'
        | 'high'
        | 'extreme'
        readonly points: number
      }
    }
  }
  'GET /v1/investigations': {
    query: {
      alert?: string
      entity?: string
    }
    params: object
    body: null
    answer: {
      readonly alertId: (string | null)
      readonly entity: {
        readonly type: 'actor'
        | 'credential'
        | 'session'
        | 'agent'
        | 'source'
        | 'model'
        | 'resource'
        | 'tool'
        | 'system'
        | 'producer'
        readonly id: string
      }
      readonly actor: (string | null)
      readonly fromMs: number
      readonly toMs: number
      readonly reading: string
      readonly readings: readonly {
        readonly name: string
        readonly points: number
        readonly reasons: readonly {
          readonly points: number
          readonly text: string
        }[]
      }[]
      readonly notes: readonly string[]
      readonly chain: readonly {
        readonly human: string
        readonly actor: string
        readonly actorType: string
        readonly verified: string
        readonly claimed: string
        readonly credential: string
        readonly session: string
        readonly agent: string
        readonly tool: string
        readonly model: string
        readonly target: string
        readonly source: string
        readonly count: number
        readonly rows: number
        readonly bytesOut: number
        readonly found: number
      }[]
      readonly before: readonly {
        readonly fromMs: number
        readonly toMs: number
        readonly kind: string
        readonly operation: string
        readonly target: string
        readonly outcome: string
        readonly source: string
        readonly count: number
        readonly rows: number
        readonly bytesOut: number
        readonly found: number
        readonly firstId: string
      }[]
      readonly during: readonly {
        readonly fromMs: number
        readonly toMs: number
        readonly kind: string
        readonly operation: string
        readonly target: string
        readonly outcome: string
        readonly source: string
        readonly count: number
        readonly rows: number
        readonly bytesOut: number
        readonly found: number
        readonly firstId: string
      }[]
      readonly after: readonly {
        readonly fromMs: number
        readonly toMs: number
        readonly kind: string
        readonly operation: string
        readonly target: string
        readonly outcome: string
        readonly source: string
        readonly count: number
        readonly rows: number
        readonly bytesOut: number
        readonly found: number
        readonly firstId: string
      }[]
      readonly isCut: boolean
      readonly elsewhere: readonly {
        readonly kind: 'credential'
        | 'address'
        readonly value: string
        readonly uses: readonly {
          readonly actor: string
          readonly address: string
          readonly program: string
          readonly requests: number
          readonly firstMs: number
          readonly lastMs: number
          readonly isNew: boolean
          readonly isMeanwhile: boolean
        }[]
      }[]
      readonly sessions: readonly {
        readonly session: string
        readonly address: string
        readonly requests: number
        readonly firstMs: number
        readonly lastMs: number
      }[]
      readonly habit: ({
        readonly kind: 'daily'
        | 'weekly'
        | 'sometimes'
        | 'always'
        | 'none'
        readonly days: number
        readonly weeks: number
        readonly usual: ({
          readonly requests: number
          readonly bytesOut: number
        } | null)
        readonly now: {
          readonly requests: number
          readonly bytesOut: number
        }
      } | null)
      readonly jobs: readonly {
        readonly job: {
          readonly id: string
          readonly actor: string
          readonly resource: (string | null)
          readonly schedule: string
          readonly maxRows: (number | null)
          readonly untilMs: (number | null)
          readonly by: string
          readonly declaredMs: number
        }
        readonly isTime: boolean
        readonly isResource: boolean
        readonly rows: ({
          readonly seen: number
          readonly most: number
        } | null)
        readonly isOver: boolean
      }[]
      readonly changes: readonly {
        readonly timeMs: number
        readonly by: string
        readonly kind: string
        readonly operation: string
        readonly target: string
        readonly isRelated: boolean
      }[]
      readonly decisions: readonly {
        readonly id: string
        readonly actor: string
        readonly session: (string | null)
        readonly decision: 'allow'
        | 'throttle'
        | 'approval_required'
        | 'step_up'
        | 'deny'
        | 'end_session'
        readonly mode: 'enforce'
        | 'dry_run'
        readonly state: 'in_force'
        | 'dry_run'
        | 'undone'
        | 'ended'
        readonly since: number
        readonly until: number
        readonly reason: string
        readonly by: string
        readonly rule: (string | null)
        readonly policyVersion: (string | null)
        readonly findingIds: readonly string[]
        readonly alertId: (string | null)
        readonly risk: (number | null)
        readonly heldBack: (string | null)
        readonly undone: ({
          readonly by: string
          readonly at: number
          readonly reason: string
        } | null)
        readonly limits?: {
          readonly requestsPerMinute?: number
          readonly rowsPerMinute?: number
        }
        readonly acrValues?: readonly string[]
        readonly maxAgeSeconds?: number
        readonly challenge?: string
        readonly bulkRows?: number
        readonly approved?: ({
          readonly rows: number
          readonly until: number
        } | null)
      }[]
      readonly complete: boolean
    }
  }
  'GET /v1/jobs': {
    query: object
    params: object
    body: null
    answer: readonly {
      readonly id: string
      readonly actor: string
      readonly resource: (string | null)
      readonly schedule: string
      readonly maxRows: (number | null)
      readonly untilMs: (number | null)
      readonly by: string
      readonly declaredMs: number
    }[]
  }
  'POST /v1/jobs': {
    query: object
    params: object
    body: {
      readonly actor: string
      readonly resource?: string
      readonly schedule: string
      readonly maxRows?: number
      readonly until?: string
    }
    answer: {
      readonly id: string
      readonly actor: string
      readonly resource: (string | null)
      readonly schedule: string
      readonly maxRows: (number | null)
      readonly untilMs: (number | null)
      readonly by: string
      readonly declaredMs: number
    }
  }
  'DELETE /v1/jobs/{id}': {
    query: object
    params: {
      id: string
    }
    body: null
    answer: unknown
  }
  'POST /v1/decide': {
    query: object
    params: object
    body: {
      readonly actor: string
      readonly session?: string
      readonly operation?: string
      readonly resource?: string
      readonly rows?: number
    }
    answer: {
      readonly decision: 'allow'
      | 'throttle'
      | 'approval_required'
      | 'step_up'
      | 'deny'
      | 'end_session'
      readonly reason: (string | null)
      readonly until: (number | null)
      readonly id?: string
      readonly since?: number
      readonly retryAfterSeconds?: number
      readonly limits?: {
        readonly requestsPerMinute?: number
        readonly rowsPerMinute?: number
      }
      readonly acrValues?: readonly string[]
      readonly maxAgeSeconds?: number
      readonly challenge?: string
      readonly bulkRows?: number
      readonly approved?: ({
        readonly rows: number
        readonly until: number
      } | null)
    }
  }
  'GET /v1/decisions': {
    query: {
      after?: string
      wait?: number
    }
    params: object
    body: null
    answer: {
      readonly cursor: string
      readonly full: boolean
      readonly entries: readonly {
        readonly id?: string
        readonly actor: string
        readonly session: (string | null)
        readonly decision: 'allow'
        | 'throttle'
        | 'approval_required'
        | 'step_up'
        | 'deny'
        | 'end_session'
        readonly since?: number
        readonly until?: number
        readonly reason?: string
        readonly limits?: {
          readonly requestsPerMinute?: number
          readonly rowsPerMinute?: number
        }
        readonly acrValues?: readonly string[]
        readonly maxAgeSeconds?: number
        readonly challenge?: string
        readonly bulkRows?: number
        readonly approved?: ({
          readonly rows: number
          readonly until: number
        } | null)
      }[]
    }
  }
  'GET /v1/responses': {
    query: {
      actor?: string
      state?: 'in_force'
      | 'dry_run'
      | 'undone'
      | 'ended'
      limit?: number
    }
    params: object
    body: null
    answer: readonly {
      readonly id: string
      readonly actor: string
      readonly session: (string | null)
      readonly decision: 'allow'
      | 'throttle'
      | 'approval_required'
      | 'step_up'
      | 'deny'
      | 'end_session'
      readonly mode: 'enforce'
      | 'dry_run'
      readonly state: 'in_force'
      | 'dry_run'
      | 'undone'
      | 'ended'
      readonly since: number
      readonly until: number
      readonly reason: string
      readonly by: string
      readonly rule: (string | null)
      readonly policyVersion: (string | null)
      readonly findingIds: readonly string[]
      readonly alertId: (string | null)
      readonly risk: (number | null)
      readonly heldBack: (string | null)
      readonly undone: ({
        readonly by: string
        readonly at: number
        readonly reason: string
      } | null)
      readonly limits?: {
        readonly requestsPerMinute?: number
        readonly rowsPerMinute?: number
      }
      readonly acrValues?: readonly string[]
      readonly maxAgeSeconds?: number
      readonly challenge?: string
      readonly bulkRows?: number
      readonly approved?: ({
        readonly rows: number
        readonly until: number
      } | null)
    }[]
  }
  'POST /v1/responses': {
    query: object
    params: object
    body: {
      readonly actor: string
      readonly session?: (string | null)
      readonly action: ({
        readonly kind: 'throttle'
        readonly requestsPerMinute: (number | null)
        readonly rowsPerMinute: (number | null)
      } | {
        readonly kind: 'step_up'
        readonly acrValues: readonly string[]
        readonly maxAgeSeconds: number
      } | {
        readonly kind: 'approval_required'
        readonly bulkRows: number
      } | {
        readonly kind: 'end_session'
      } | {
        readonly kind: 'deny'
      })
      readonly minutes: number
      readonly reason: string
    }
    answer: {
      readonly id: string
      readonly actor: string
      readonly session: (string | null)
      readonly decision: 'allow'
      | 'throttle'
      | 'approval_required'
      | 'step_up'
      | 'deny'
      | 'end_session'
      readonly mode: 'enforce'
      | 'dry_run'
      readonly state: 'in_force'
      | 'dry_run'
      | 'undone'
      | 'ended'
      readonly since: number
      readonly until: number
      readonly reason: string
      readonly by: string
      readonly rule: (string | null)
      readonly policyVersion: (string | null)
      readonly findingIds: readonly string[]
      readonly alertId: (string | null)
      readonly risk: (number | null)
      readonly heldBack: (string | null)
      readonly undone: ({
        readonly by: string
        readonly at: number
        readonly reason: string
      } | null)
      readonly limits?: {
        readonly requestsPerMinute?: number
        readonly rowsPerMinute?: number
      }
      readonly acrValues?: readonly string[]
      readonly maxAgeSeconds?: number
      readonly challenge?: string
      readonly bulkRows?: number
      readonly approved?: ({
        readonly rows: number
        readonly until: number
      } | null)
    }
  }
  'POST /v1/responses/{id}/undo': {
    query: object
    params: {
      id: string
    }
    body: {
      readonly reason: string
    }
    answer: {
      readonly id: string
      readonly actor: string
      readonly session: (string | null)
      readonly decision: 'allow'
      | 'throttle'
      | 'approval_required'
      | 'step_up'
      | 'deny'
      | 'end_session'
      readonly mode: 'enforce'
      | 'dry_run'
      readonly state: 'in_force'
      | 'dry_run'
      | 'undone'
      | 'ended'
      readonly since: number
      readonly until: number
      readonly reason: string
      readonly by: string
      readonly rule: (string | null)
      readonly policyVersion: (string | null)
      readonly findingIds: readonly string[]
      readonly alertId: (string | null)
      readonly risk: (number | null)
      readonly heldBack: (string | null)
      readonly undone: ({
        readonly by: string
        readonly at: number
        readonly reason: string
      } | null)
      readonly limits?: {
        readonly requestsPerMinute?: number
        readonly rowsPerMinute?: number
      }
      readonly acrValues?: readonly string[]
      readonly maxAgeSeconds?: number
      readonly challenge?: string
      readonly bulkRows?: number
      readonly approved?: ({
        readonly rows: number
        readonly until: number
      } | null)
    }
  }
  'GET /v1/approvals': {
    query: object
    params: object
    body: null
    answer: readonly {
      readonly id: string
      readonly actor: string
      readonly since: number
      readonly until: number
      readonly reason: string
      readonly bulkRows: number
      readonly findingIds: readonly string[]
      readonly alertId: (string | null)
      readonly granted: ({
        readonly by: string
        readonly rows: number
        readonly left: number
        readonly until: number
      } | null)
    }[]
  }
  'POST /v1/approvals/{id}/grant': {
    query: object
    params: {
      id: string
    }
    body: {
      readonly rows: number
      readonly minutes: number
    }
    answer: {
      readonly id: string
      readonly actor: string
      readonly since: number
      readonly until: number
      readonly reason: string
      readonly bulkRows: number
      readonly findingIds: readonly string[]
      readonly alertId: (string | null)
      readonly granted: ({
        readonly by: string
        readonly rows: number
        readonly left: number
        readonly until: number
      } | null)
    }
  }
  'GET /v1/webhooks/dead': {
    query: object
    params: object
    body: null
    answer: readonly {
      readonly id: string
      readonly url: string
      readonly event: string
      readonly createdMs: number
      readonly attempts: number
      readonly reason: string
    }[]
  }
  'POST /v1/webhooks/dead/{id}/redeliver': {
    query: object
    params: {
      id: string
    }
    body: null
    answer: unknown
  }
  'GET /v1/keys': {
    query: object
    params: object
    body: null
    answer: readonly {
      readonly keyId: string
      readonly name: string
      readonly scopes: readonly ('ingest'
      | 'attest'
      | 'read'
      | 'content:reveal'
      | 'decide'
      | 'triage'
      | 'rules'
      | 'admin')[]
      readonly createdMs: number
      readonly revokedMs: (number | null)
    }[]
  }
  'POST /v1/keys': {
    query: object
    params: object
    body: {
      readonly name: string
      readonly scopes: readonly string[]
    }
    answer: {
      readonly key: string
    }
  }
  'DELETE /v1/keys/{keyId}': {
    query: object
    params: {
      keyId: string
    }
    body: null
    answer: unknown
  }
  'POST /v1/session': {
    query: object
    params: object
    body: {
      readonly token?: string
      readonly key?: string
    }
    answer: {
      readonly principal: string
      readonly keyId: string
      readonly scopes: readonly ('ingest'
      | 'attest'
      | 'read'
      | 'content:reveal'
      | 'decide'
      | 'triage'
      | 'rules'
      | 'admin')[]
      readonly csrf: string
      readonly expiresMs: number
      readonly demo: boolean
      readonly version: string
    }
  }
  'GET /v1/session': {
    query: object
    params: object
    body: null
    answer: {
      readonly principal: string
      readonly keyId: string
      readonly scopes: readonly ('ingest'
      | 'attest'
      | 'read'
      | 'content:reveal'
      | 'decide'
      | 'triage'
      | 'rules'
      | 'admin')[]
      readonly csrf: string
      readonly expiresMs: number
      readonly demo: boolean
      readonly version: string
    }
  }
  'DELETE /v1/session': {
    query: object
    params: object
    body: null
    answer: unknown
  }
  'POST /v1/session/links': {
    query: object
    params: object
    body: null
    answer: {
      readonly url: string
      readonly expiresMs: number
    }
  }
  'GET /v1/sources': {
    query: object
    params: object
    body: null
    answer: {
      readonly sources: readonly {
        readonly via: string
        readonly format: (string | null)
        readonly events: number
        readonly newestMs: (number | null)
        readonly lagMs: (number | null)
        readonly perMinute: number
        readonly refused: number
        readonly quarantined: (number | null)
        readonly gaps: number
        readonly lost: (number | null)
        readonly state: 'ok'
        | 'late'
        | 'silent'
        | 'loss'
      }[]
      readonly countedSinceMs: number
      readonly complete: boolean
    }
  }
  'GET /v1/log': {
    query: object
    params: object
    body: null
    answer: {
      readonly origin: string
      readonly vkey: string
      readonly shard: string
      readonly size: number
      readonly checkpointSize: number
      readonly indexed: number
      readonly checkpoint: ({
        readonly size: number
        readonly root: string
        readonly timeMs: (number | null)
      } | null)
      readonly unsealed: {
        readonly entries: number
        readonly sinceMs: (number | null)
      }
      readonly seals: readonly {
        readonly size: number
        readonly root: string
        readonly timeMs: number
      }[]
      readonly gaps: readonly {
        readonly index: number
        readonly fromMs: number
        readonly toMs: number
        readonly source: string
        readonly via: string
        readonly lost: (number | null)
        readonly lostBytes: (number | null)
        readonly reason: string
        readonly detail: (string | null)
        readonly eventId: (string | null)
      }[]
      readonly gapsComplete: boolean
    }
  }
  'GET /log/{shard}/{*}': {
    query: object
    params: {
      shard: string
    }
    body: null
    answer: unknown
  }
}
