// The watch: hosts the detection core over the log. A thread follows the log and finds; here, what
// was found is appended to the log (`tocsin.finding`), then shown to whoever listens and to the
// store of alerts. After a crash the thread finds the same again from its snapshot, under the same
// ids, so nothing is doubled and nothing lost.

import { join } from 'node:path'
import { DEFAULT_BUDGET } from '@tocsin/detect/alert'
import type { EntityView } from '@tocsin/detect/detect'
import type { EntityRef } from '@tocsin/detect/finding'
import { TocsinError } from '@tocsin/sdk/errors'
import type { WireEvent } from '@tocsin/sdk/event'
import type { Clock } from '../base/clock.ts'
import { isDiskFull } from '../base/durable.ts'
import type { Telemetry } from '../base/emit.ts'
import { WATCH_TICK_MS } from '../base/limits.ts'
import type { Receipt } from '../capture/capture.ts'
import type { Log } from '../log/log.ts'
import type { AlertStore } from './alert-store.ts'
import { type Found, findingEvent } from './found.ts'
import { startWatchThread } from './watch-thread.ts'
import type { WatchConfig, WatchStatus } from './watch-worker.ts'

export {
  type Activity,
  entityActivity,
  METRICS,
  type Metric,
  SHOWN_MS as ACTIVITY_MS,
  SPARK_HOURS,
  sparksOf,
} from './activity.ts'
export { type AlertChart, alertChart } from './alert-chart.ts'
export { type AlertActor, type AlertSummary, headOf, heaviestOf } from './alert-head.ts'
export type { AlertPage, AlertQuestion } from './alert-search.ts'
export {
  type AlertDetail,
  type AlertStore,
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
  type Prevented,
  parseDisposition,
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
export {
  checkSuppression,
  liftEvent,
  REASON_CHARS_MAX,
  RULE_CHARS_MAX,
  type ShownSuppression,
  suppressionEvent,
} from './suppressions.ts'
export {
  BULK_ALERTS_MAX,
  type BulkDone,
  findAlert,
  NOTHING_SAID,
  openTriage,
  type Said,
  type Triage,
} from './triage.ts'
export type { WatchStatus } from './watch-worker.ts'

export interface Watch {
  readonly status: WatchStatus
  /** Alerts a day at most, on average. */
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
  readonly record: (event: WireEvent) => Promise<Pick<Receipt, 'refused' | 'conflict'>>
  readonly telemetry: Telemetry
  readonly clock: Clock
  /** Directories of rules; those of the product first. */
  readonly rules: readonly string[]
  readonly budget: number | null
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
  const listeners = new Set<(found: Found) => void>()
  let storing: Promise<void> = Promise.resolve()
  let isClosing = false
  const onFound = (found: readonly Found[]) => {
    storing = storing.then(() => store(found)).catch(giveUp)
  }
  const thread = startWatchThread(config, { log, telemetry, onFound })

  function giveUp(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error)
    if (!isClosing) telemetry.report('error', `findings cannot be stored (${why}); restart Tocsin`)
    thread.abandon()
  }

  /** In order, and again until it is stored: a finding that exists is never lost. */
  async function store(found: readonly Found[]): Promise<void> {
    for (const one of found) {
      if (!deps.store.has(one.finding.id)) await recordFinding(deps, one, () => isClosing)
      telemetry.add('watch.findings', 1, { rule: one.finding.rule })
      for (const listener of listeners) listener(one)
    }
    thread.stored(found.length)
  }

  const ticking = setInterval(() => {
    // While it is behind, the events that it reads say what time it is.
    if (thread.status.size < log.size) return
    thread.tick(Math.floor(clock.nowMs() / WATCH_TICK_MS) * WATCH_TICK_MS)
  }, WATCH_TICK_MS)
  ticking.unref()
  const problems = await thread.started

  return {
    get status() {
      return thread.status
    },
    budget: budget ?? DEFAULT_BUDGET,
    problems,
    onFound(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    describe: entity => thread.describe(entity, clock.nowMs()),
    async settled() {
      await thread.reached(log.size)
      await storing
    },
    async close() {
      clearInterval(ticking)
      isClosing = true
      await thread.close()
      await storing
    },
  }
}

const RETRY_MS = 1000

/** Again while the disk is full or the log is asked for too much, until it is to end. */
async function recordFinding(
  { record, store, telemetry }: WatchDeps,
  found: Found,
  isClosing: () => boolean,
): Promise<void> {
  const event = findingEvent(found)
  for (;;) {
    try {
      const { refused, conflict } = await record(event)
      if (refused > 0) telemetry.report('error', `the log refused the finding ${found.finding.id}`)
      // In a conflict an older form of it stands in the log, and is what counts.
      else if (conflict === 0) store.take(event)
      return
    } catch (error) {
      if (!mayPass(error) || isClosing()) throw error
      await new Promise(resolve => setTimeout(resolve, RETRY_MS))
    }
  }
}

/** A full disk, of the log or of the store, is emptied one day. */
function mayPass(error: unknown): boolean {
  if (error instanceof TocsinError) return error.fault === 'busy' && error.code !== 'log.closed'
  return (
    isDiskFull(error) || (error instanceof Error && /disk is full|SQLITE_FULL/.test(error.message))
  )
}
