// A responder on a made-up log, clock and network, for tests.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import type { Finding } from '@tocsin/detect/finding'
import { findKind, typeUid, type WireEvent } from '@tocsin/sdk/event'
import { createTelemetry } from '../base/emit.ts'
import { systemEntropy } from '../base/entropy.ts'
import type { ReadEntry, ShardReader } from '../log/log.ts'
import {
  type FindingInput,
  openResponder,
  parsePolicy,
  type Responder,
  type ResponderDeps,
} from './respond.ts'

export const NIGHT_MS: number = Date.UTC(2026, 10, 24, 2)
export const HOUR_MS = 3_600_000

export interface RespondRig {
  readonly responder: Responder
  readonly directory: string
  /** Events that were recorded, oldest first. */
  readonly events: WireEvent[]
  readonly reports: string[]
  /** Set it to move time. */
  nowMs: number
  /** Set it to make the log refuse. */
  refuse: unknown
  /** Opens the same directory again, as after a restart. */
  restart(policyText?: string): Promise<RespondRig>
  /** The same without its views on disk: everything comes from the log. */
  rebuild(): Promise<RespondRig>
  close(): Promise<void>
}

type Options = Partial<Pick<ResponderDeps, 'fetch' | 'secret'>> & {
  readonly directory?: string
  readonly events?: WireEvent[]
  readonly nowMs?: number
}

const open: RespondRig[] = []
after(async () => {
  for (const rig of open) await rig.close()
})

/** Closed, and its directory removed, when the test file has ended. */
export function openRespondRig(policyText: string, options: Options = {}): RespondRig {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'tocsin-respond-'))
  const events = options.events ?? []
  const reports: string[] = []
  const world = { nowMs: options.nowMs ?? NIGHT_MS, refuse: null as unknown, isOpen: true }
  const responder = openResponder({
    policy: parsePolicy(policyText, 'policy.yml'),
    directory,
    record: async event => {
      if (world.refuse) throw world.refuse
      events.push(JSON.parse(JSON.stringify({ ...event, via: 'tocsin' })))
    },
    clock: { nowMs: () => world.nowMs },
    entropy: systemEntropy(),
    telemetry: createTelemetry((_, sentence) => void reports.push(sentence)),
    fetch: options.fetch ?? (() => Promise.reject(new Error('no network here'))),
    secret: options.secret ?? (() => undefined),
  })
  const end = async () => {
    if (world.isOpen) await responder.close()
    world.isOpen = false
  }
  const again = async (text: string) => {
    await end()
    return openRespondRig(text, { ...options, directory, events, nowMs: world.nowMs })
  }
  const rig = Object.assign(world, {
    directory,
    events,
    reports,
    responder,
    restart: (text = policyText) => again(text),
    async rebuild() {
      await end()
      for (const name of ['', '-wal', '-shm']) {
        rmSync(join(directory, `responses.sqlite${name}`), { force: true })
      }
      const fresh = await again(policyText)
      fresh.responder.replay(readerOf(events), events.length)
      return fresh
    },
    async close() {
      await end()
      rmSync(directory, { recursive: true, force: true })
    },
  })
  open.push(rig)
  return rig
}

/** Reads what was recorded as the log would give it back. */
export function readerOf(events: readonly object[]): ShardReader {
  const kind = findKind('tocsin.response')
  const entry = { kind: 'sealed', typeUid: kind ? typeUid(kind) : 0 }
  return {
    *read(from, to) {
      for (let index = from; index < to; index++) {
        const bytes = Buffer.from(JSON.stringify(events[index]))
        yield parseRead({ index, entry, sections: [bytes] })
      }
    },
  }
}

function parseRead(read: object): ReadEntry {
  return read as ReadEntry
}

/** A finding of now; `more` says what is otherwise. */
export function finding(
  more: Partial<Finding> = {},
  actor: Partial<Finding['actor']> = {},
): Finding {
  return {
    id: 'f'.repeat(32),
    rule: 'read_spike',
    title: 'Read spike',
    detector: 'baseline_ratio',
    level: 'high',
    tags: ['atlas.aml-t0025'],
    entity: { type: 'actor', id: actor.id ?? 'svc-feast-nightly' },
    timeMs: NIGHT_MS,
    startMs: NIGHT_MS - 2 * HOUR_MS,
    score: 70,
    confidence: 1,
    p: 0.0001,
    expected: 4000,
    seen: 48_000,
    sentence: 'svc-feast-nightly read 48,000 rows in 2 h, 12 × what is usual',
    features: [],
    eventIds: [],
    eventCount: 1,
    learning: null,
    actor: {
      id: 'svc-feast-nightly',
      type: 'service',
      verified: 'key',
      session: 's-1',
      credential: 'k_1',
      ...actor,
    },
    ...more,
  }
}

/** A rule that is enforced, with an admin it does not reach. */
export function policyOf(rule: string, more = ''): string {
  return `version: 1
mode: enforce
admins: [root@corp]
${more}
rules:
  - id: r1
    when: { level: high }
    except: { actors: [root@corp] }
    for: 1h
${rule.replaceAll(/^/gm, '    ')}
`
}

export const THROTTLE = 'then: { throttle: { requestsPerMinute: 2, rowsPerMinute: 100 } }'
export const APPROVAL = 'then: { approval: { bulkRows: 1000 } }'
export const STEP_UP =
  'then: { step_up: { acrValues: ["urn:corp:aal2", phr], maxAgeSeconds: 300 } }'

export function found(
  more: Partial<Finding> = {},
  actor: Partial<Finding['actor']> = {},
): FindingInput {
  return { finding: finding(more, actor), alertId: 'a1', risk: 62 }
}

/** As docs/spec/decisions.md has it; what stands there depends on the decision. */
export type Answer = {
  readonly decision: string
  readonly id?: string
  readonly actor?: string
  readonly session?: string | null
  readonly reason?: string | null
  readonly since?: number
  readonly until?: number | null
  readonly retryAfterSeconds?: number
  readonly limits?: { readonly requestsPerMinute?: number; readonly rowsPerMinute?: number }
  readonly acrValues?: readonly string[]
  readonly maxAgeSeconds?: number
  readonly challenge?: string
  readonly bulkRows?: number
  readonly approved?: { readonly rows: number; readonly until: number } | null
}

export type Table = {
  readonly cursor: string
  readonly full: boolean
  readonly entries: readonly Answer[]
}

export function decide({ responder }: RespondRig, more: object = {}): Answer {
  return JSON.parse(responder.decide({ actor: 'svc-feast-nightly', session: 's-1', ...more }))
}

export async function table({ responder }: RespondRig, cursor?: string): Promise<Table> {
  return JSON.parse(await responder.follow(cursor, 0, new AbortController().signal))
}
