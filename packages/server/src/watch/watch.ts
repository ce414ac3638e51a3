// The watch: hosts the detection core over the log. A thread follows the log and finds; here, what
// was found is appended to the log (`tocsin.finding`), then shown to whoever listens and to the store
// of alerts. After a crash the thread finds the same again from its snapshot, under the same ids, so
// nothing is doubled and nothing lost.

import { join } from 'node:path'
import type { EntityView } from '@tocsin/detect/detect'
import type { EntityRef } from '@tocsin/detect/finding'
import { TocsinError } from '@tocsin/sdk/errors'
import type { WireEvent } from '@tocsin/sdk/event'
import type { Clock } from '../base/clock.ts'
import type { Telemetry } from '../base/emit.ts'
import { WATCH_TICK_MS } from '../base/limits.ts'
import { startThread } from '../base/threads.ts'
import { feedFollower, type Log } from '../log/log.ts'
import type { AlertStore } from './alert-store.ts'
import { type Found, findingEvent } from './found.ts'
import type { FromWatch, ToWatch, WatchConfig, WatchStatus } from './watch-worker.ts'

export {
  type AlertDetail,
  type AlertPage,
  type AlertStore,
  type AlertSummary,
  openAlertStore,
} from './alert-store.ts'
export {
  ACTIONS,
  type Action,
  ALERT_STATES,
  type AlertState,
  checkAction,
  criticalityEvent,
  type Disposed,
  dispositionEvent,
  NOTE_CHARS_MAX,
  parseDisposition,
  type Prevented,
} from './dispositions.ts'
export { questionFor } from './entity-question.ts'
export type { EntityRisk } from './entity-risk.ts'
export { type Found, findingEvent, parseFound } from './found.ts'
export { type Investigation, investigate, type Subject } from './investigate.ts'
export { declareJob, type Job, jobEvent, readJobs } from './jobs.ts'
export { type RuleCase, readCasesOf, runCase } from './rule-cases.ts'
export {
  listRuleFiles,
  type Problem,
  type RuleSet,
  readRuleDirectories,
  readRulesOf,
} from './rule-files.ts'
export type { WatchStatus } from './watch-worker.ts'

export interface Watch {
  readonly status: WatchStatus
  /** Alerts a day that the operator asked for. */
  readonly budget: number
  /** Mistakes in rule files, one sentence each; the other rules run. */
  readonly problems: readonly string[]
  /** Called with every finding that is in the log, once or, after a crash, again. */
  onFound(listener: (found: Found) => void): () => void
  /** null when nothing is known of the entity. */
  describe(entity: EntityRef): Promise<EntityView | null>
  /** Resolves when everything durable now was looked at and what was found is in the log. */
  settled(): Promise<void>
  /** Finishes what runs and takes a snapshot. Close it before what records events. */
  close(): Promise<void>
}

export type WatchDeps = {
  readonly dataDir: string
  readonly log: Log
  readonly store: AlertStore
  readonly record: (event: WireEvent) => Promise<unknown>
  readonly telemetry: Telemetry
  readonly clock: Clock
  /** Directories of rules; those of the product first. */
  readonly rules: readonly string[]
  readonly budget: number
}

const NOTHING_WATCHED: WatchStatus = {
  size: 0,
  rules: 0,
  entities: 0,
  evicted: 0,
  late: 0,
  repeats: 0,
  threshold: 0,
  expectedPerDay: 0,
  realisedPerDay: 0,
}

export async function openWatch(deps: WatchDeps): Promise<Watch> {
  const { dataDir, log, rules, budget, telemetry, clock } = deps
  const config: WatchConfig = {
    dataDir,
    paths: log.paths,
    origin: log.origin,
    kek: log.secrets.kek,
    publishedSize: log.publishedSize,
    rules,
    budget,
    snapshot: join(log.paths.state, 'watch.snapshot'),
  }
  const thread = startThread<ToWatch, FromWatch>(import.meta.url, 'watch-worker', config)
  const listeners = new Set<(found: Found) => void>()
  const tickets = new Map<number, (view: EntityView | null) => void>()
  const started = Promise.withResolvers<readonly string[]>()
  const closed = Promise.withResolvers<void>()
  let status = NOTHING_WATCHED
  let lastTicket = 0
  let storing: Promise<void> = Promise.resolve()
  let hasEnded = false
  const feed = feedFollower(log, thread.send)
  const waiting = new Set<() => void>()

  thread.onMessage(message => {
    if (message.kind === 'watched') {
      status = message.status
      feed.taken(message.taken)
      showStatus(telemetry, status)
      for (const look of waiting) look()
    } else if (message.kind === 'found') {
      storing = storing.then(() => store(message.found))
    } else if (message.kind === 'described') {
      tickets.get(message.ticket)?.(message.view)
      tickets.delete(message.ticket)
    } else if (message.kind === 'started') onStarted(message)
    else if (message.kind === 'closed') closed.resolve()
    else telemetry.report('warn', `the detectors took no snapshot: ${message.reason}`)
  })
  thread.onFailure(error => {
    hasEnded = true
    telemetry.report('error', `the detectors ended (${error.message}); restart Tocsin`)
    started.resolve([])
    closed.resolve()
    for (const answer of tickets.values()) answer(null)
    for (const look of waiting) look()
  })

  function onStarted({ problems, why }: Extract<FromWatch, { kind: 'started' }>): void {
    for (const problem of problems) telemetry.report('warn', `rule not used: ${problem}`)
    if (why !== null) telemetry.report('info', `detectors read the log again: ${why}`)
    started.resolve(problems)
  }

  /** In order, and again until it is stored: a finding that exists is never lost. */
  async function store(found: readonly Found[]): Promise<void> {
    for (const one of found) {
      if (!deps.store.has(one.finding.id)) await recordFinding(deps, one)
      telemetry.add('watch.findings', 1, { rule: one.finding.rule })
      for (const listener of listeners) listener(one)
    }
    thread.send({ kind: 'stored', count: found.length })
    for (const look of waiting) look()
  }

  const ticking = setInterval(() => {
    if (status.size < log.size) return
    const nowMs = Math.floor(clock.nowMs() / WATCH_TICK_MS) * WATCH_TICK_MS
    thread.send({ kind: 'tick', nowMs })
  }, WATCH_TICK_MS)
  ticking.unref()
  const problems = await started.promise

  return {
    get status() {
      return status
    },
    budget,
    problems,
    onFound(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    describe(entity) {
      if (hasEnded) return Promise.resolve(null)
      lastTicket += 1
      const ticket = lastTicket
      thread.send({ kind: 'describe', ticket, entity, nowMs: clock.nowMs() })
      return new Promise(resolve => tickets.set(ticket, resolve))
    },
    async settled() {
      const size = log.size
      while (!hasEnded && status.size < size) {
        await new Promise<void>(resolve => {
          const look = () => {
            waiting.delete(look)
            resolve()
          }
          waiting.add(look)
        })
      }
      await storing
    },
    async close() {
      clearInterval(ticking)
      feed.stop()
      if (!hasEnded) thread.send({ kind: 'close' })
      await closed.promise
      await storing
      await thread.stop()
    },
  }
}

const RETRY_MS = 1000

/** Again while the disk is full or the log is asked for too much. */
async function recordFinding({ record, store }: WatchDeps, found: Found): Promise<void> {
  const event = findingEvent(found)
  for (;;) {
    try {
      await record(event)
      store.take(event)
      return
    } catch (error) {
      if (!(error instanceof TocsinError) || error.fault !== 'busy') throw error
      await new Promise(resolve => setTimeout(resolve, RETRY_MS))
    }
  }
}

function showStatus(telemetry: Telemetry, status: WatchStatus): void {
  telemetry.set('watch.size', status.size)
  telemetry.set('watch.entities', status.entities)
  telemetry.set('watch.evicted', status.evicted)
  telemetry.set('watch.late_events', status.late)
  telemetry.set('watch.repeats', status.repeats)
  telemetry.set('watch.threshold', status.threshold)
  telemetry.set('watch.expected_per_day', status.expectedPerDay)
  telemetry.set('watch.realised_per_day', status.realisedPerDay)
}
