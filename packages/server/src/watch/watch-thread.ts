// The detectors' thread from the side of whoever asks it: fed with what becomes durable, told what
// is in the log, and known for how far it has come.

import type { EntityView } from '@tocsin/detect/detect'
import type { EntityRef } from '@tocsin/detect/finding'
import type { Telemetry } from '../base/emit.ts'
import { startThread } from '../base/threads.ts'
import { feedFollower, type Log } from '../log/log.ts'
import type { Found } from './found.ts'
import type { FromWatch, ToWatch, WatchConfig, WatchStatus } from './watch-worker.ts'

export interface WatchThread {
  readonly status: WatchStatus
  /** Resolves when rules and snapshot are read, with the mistakes in rules. */
  readonly started: Promise<readonly string[]>
  /** So many findings that were handed out are in the log. */
  stored(count: number): void
  /** What it got cannot be stored: the thread ends, and the next one finds it again. */
  abandon(): void
  tick(nowMs: number): void
  /** null when nothing is known of the entity, or the thread has ended. */
  describe(entity: EntityRef, nowMs: number): Promise<EntityView | null>
  /** Resolves when entries below `size` were looked at, or never will be. */
  reached(size: number): Promise<void>
  /** Resolves when what was found is stored and a snapshot is taken. */
  close(): Promise<void>
}

type Deps = {
  readonly log: Log
  readonly telemetry: Telemetry
  /** Takes what was found, and says with `stored` when that is in the log. */
  readonly onFound: (found: readonly Found[]) => void
}

const NOTHING: WatchStatus = {
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

export function startWatchThread(config: WatchConfig, deps: Deps): WatchThread {
  const { log, telemetry, onFound } = deps
  const thread = startThread<ToWatch, FromWatch>(import.meta.url, 'watch-worker', config)
  const feed = feedFollower(log, thread.send)
  const views = openTickets<EntityView | null>()
  const reaching = new Set<{ readonly size: number; readonly resolve: () => void }>()
  const started = Promise.withResolvers<readonly string[]>()
  const closed = Promise.withResolvers<void>()
  let status = NOTHING
  let hasEnded = false

  thread.onMessage(message => {
    if (message.kind === 'watched') {
      status = message.status
      feed.taken(message.taken)
      showStatus(telemetry, status)
      resolveReached()
    } else if (message.kind === 'found') onFound(message.found)
    else if (message.kind === 'described') views.answer(message.ticket, message.view)
    else if (message.kind === 'started') {
      reportStart(telemetry, message)
      started.resolve(message.problems)
    } else if (message.kind === 'closed') closed.resolve()
    else telemetry.report('warn', `the detectors took no snapshot: ${message.reason}`)
  })
  thread.onFailure(error => {
    hasEnded = true
    telemetry.report('error', `the detectors ended (${error.message}); restart Tocsin`)
    started.resolve([])
    closed.resolve()
    views.answerAll(null)
    resolveReached()
  })

  function resolveReached(): void {
    for (const one of reaching) {
      if (one.size > status.size && !hasEnded) continue
      reaching.delete(one)
      one.resolve()
    }
  }

  return {
    get status() {
      return status
    },
    started: started.promise,
    stored: count => thread.send({ kind: 'stored', count }),
    abandon: () => thread.send({ kind: 'abandon' }),
    tick: nowMs => thread.send({ kind: 'tick', nowMs }),
    describe(entity, nowMs) {
      if (hasEnded) return Promise.resolve(null)
      const { ticket, answer } = views.take()
      thread.send({ kind: 'describe', ticket, entity, nowMs })
      return answer
    },
    reached(size) {
      if (hasEnded || status.size >= size) return Promise.resolve()
      return new Promise(resolve => reaching.add({ size, resolve }))
    },
    async close() {
      feed.stop()
      if (!hasEnded) thread.send({ kind: 'close' })
      await closed.promise
      await thread.stop()
    },
  }
}

/** Questions that wait for their answer from the thread, by number. */
function openTickets<T>() {
  const waiting = new Map<number, (answer: T) => void>()
  let last = 0
  return {
    take(): { readonly ticket: number; readonly answer: Promise<T> } {
      last += 1
      const { promise, resolve } = Promise.withResolvers<T>()
      waiting.set(last, resolve)
      return { ticket: last, answer: promise }
    },
    answer(ticket: number, answer: T): void {
      waiting.get(ticket)?.(answer)
      waiting.delete(ticket)
    },
    answerAll(answer: T): void {
      for (const resolve of waiting.values()) resolve(answer)
      waiting.clear()
    },
  }
}

type Started = Extract<FromWatch, { kind: 'started' }>

function reportStart(telemetry: Telemetry, { problems, why }: Started): void {
  for (const problem of problems) telemetry.report('warn', `rule not used: ${problem}`)
  if (why !== null) telemetry.report('info', `the detectors read the log again: ${why}`)
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
