// Keeps what holds: the table in memory, its view on disk and what is used of releases, all three
// after the log. A change is an event first; only what is durable there is applied, and once.

import { mayRetry, TocsinError } from '@tocsin/sdk/errors'
import type { WireEvent } from '@tocsin/sdk/event'
import type { Clock } from '../base/clock.ts'
import type { Telemetry } from '../base/emit.ts'
import type { ShardReader } from '../log/log.ts'
import { type Change, type Measure, responseEvent } from './measure.ts'
import { type MeasureStore, openMeasureStore, type Stored } from './measure-store.ts'
import { createReleases, type Releases } from './releases.ts'
import { createTable, type DecisionTable } from './table.ts'

export type KeeperDeps = {
  /** Folder of the state of the shard. */
  readonly directory: string
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** Appends an event of Tocsin's own; durable when it resolves. */
  readonly record: (event: WireEvent) => Promise<unknown>
  /** Called for every change that was applied, once. */
  readonly onChange: (change: Change, measure: Measure, timeMs: number) => void
}

export interface Keeper {
  readonly table: DecisionTable
  readonly releases: Releases
  /** Records and applies; throws what the log throws, and then nothing was done. */
  change(change: Change, measure: Measure): Promise<void>
  replay(reader: ShardReader, size: number): void
  /** Ends what has ended. True when a clock that was set back moved what stands. */
  tick(): boolean
  /** Finishes changes that run: what is in the log is in the view, too. */
  close(): Promise<void>
}

const TRIES = 5
const RETRY_MS = 1000

export function openKeeper({ directory, clock, telemetry, record, onChange }: KeeperDeps): Keeper {
  const store = openMeasureStore(directory)
  const table = createTable(clock.nowMs())
  const releases = createReleases(store.saveUsage)
  const parts = { store, table, releases }
  const changing = new Set<Promise<void>>()
  for (const stored of store.load(clock.nowMs())) take(parts, stored)

  async function run(change: Change, measure: Measure): Promise<void> {
    const timeMs = clock.nowMs()
    await recordPatiently(record, responseEvent(change, measure, timeMs))
    const stored = store.apply(change)
    if (!stored) return
    take(parts, stored)
    onChange(change, stored.measure, timeMs)
  }

  return {
    table,
    releases,
    async change(change, measure) {
      const running = run(change, measure)
      changing.add(running)
      try {
        await running
      } finally {
        changing.delete(running)
      }
    },
    replay(reader, size) {
      try {
        store.replay(reader, size, (change, stored) => {
          take(parts, stored)
          onChange(change, stored.measure, timeOf(change))
        })
      } catch (error) {
        telemetry.report('error', `responses could not be read from the log: ${String(error)}`)
        throw error
      }
    },
    tick() {
      const moved = table.tick(clock.nowMs())
      for (const standing of moved) {
        store.move(standing)
        if (standing.release) releases.move(standing.measure.id, standing.release)
      }
      return moved.length > 0
    },
    async close() {
      await Promise.allSettled(changing)
      store.close()
    },
  }
}

/** A log that is busy for a moment must not cost a decision. */
async function recordPatiently(record: KeeperDeps['record'], event: WireEvent): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await record(event)
      return
    } catch (error) {
      const isBusy = error instanceof TocsinError && mayRetry(error.fault)
      if (!isBusy || error.code === 'log.closed' || attempt === TRIES) throw error
    }
    await new Promise(resolve => setTimeout(resolve, RETRY_MS))
  }
}

type Parts = {
  readonly store: MeasureStore
  readonly table: DecisionTable
  readonly releases: Releases
}

/** Brings table and releases to what the store says of one measure. */
function take({ table, releases }: Parts, { measure, undone, release, usage }: Stored): void {
  const { id, actor } = measure
  const used = Math.max(usage.asked, usage.seen)
  const isOpen = release !== null && undone === null && used < release.rows
  if (isOpen) releases.open(id, actor, release, usage)
  else releases.close(id)
  table.put({ measure, undone, release: isOpen ? release : null })
}

function timeOf(change: Change): number {
  switch (change.action) {
    case 'taken':
      return change.measure.sinceMs
    case 'undone':
      return change.undone.timeMs
    case 'released':
      return change.release.sinceMs
    default:
      return change.timeMs
  }
}
