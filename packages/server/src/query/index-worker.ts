// The thread that owns the index. It follows the log from its own cursor: from files while it is
// behind, from live batches once it has caught up, and answers searches meanwhile.

import { setTimeout as sleep } from 'node:timers/promises'
import { TocsinError } from '@tocsin/sdk/errors'
import { isDiskFull } from '../base/durable.ts'
import { systemEntropy } from '../base/entropy.ts'
import { INSERT_BYTES_MAX, INSERT_ROWS_MAX } from '../base/limits.ts'
import { thisThread } from '../base/threads.ts'
import {
  createLiveQueue,
  joinSections,
  type LiveBatch,
  openKeyRing,
  openShardReader,
  openVault,
  type ShardPaths,
  type ShardReader,
} from '../log/log.ts'
import {
  type EventStore,
  openEventStore,
  type PageStatement,
  type Row,
  type Statement,
} from './store.ts'

export type IndexConfig = {
  readonly dataDir: string
  readonly directory: string
  readonly paths: ShardPaths
  readonly origin: string
  readonly kek: Uint8Array
  readonly publishedSize: number
}

export type ToIndex =
  | ({ readonly kind: 'live' } & LiveBatch)
  | { readonly kind: 'published'; readonly size: number }
  | { readonly kind: 'select'; readonly ticket: number; readonly statement: Statement }
  | { readonly kind: 'page'; readonly ticket: number; readonly page: PageStatement }
  /** Nobody waits for the answer any more; it comes all the same, sooner. */
  | { readonly kind: 'cancel'; readonly ticket: number }
  | { readonly kind: 'close' }

export type FromIndex =
  /** `taken` counts live batches, in the order in which they came. */
  | { readonly kind: 'indexed'; readonly size: number; readonly taken: number }
  | { readonly kind: 'rows'; readonly ticket: number; readonly rows: readonly Row[] }
  | {
      readonly kind: 'failed'
      readonly ticket: number
      readonly code: string
      readonly reason: string
    }
  | { readonly kind: 'disk_full' }
  | { readonly kind: 'closed' }

const DISK_FULL_WAIT_MS = 1000

const thread = thisThread<ToIndex, FromIndex, IndexConfig>()
const { dataDir, directory, paths, origin, kek, publishedSize } = thread.data

async function main(): Promise<void> {
  const store = await openEventStore(directory)
  const entropy = systemEntropy()
  const vault = openVault(origin, openKeyRing(dataDir, kek, entropy), entropy)
  const reader = openShardReader(paths, vault)
  follow(store, reader)
}

function follow(store: EventStore, reader: ShardReader): void {
  let published = publishedSize
  let isClosing = false
  let isWorking = false
  const live = createLiveQueue()
  const answer = buildAnswers(store)

  const report = (taken: number) => {
    thread.send({ kind: 'indexed', size: store.indexed, taken })
  }

  /** Goes on until there is nothing more to index; one at a time. */
  function wake(): void {
    if (isWorking) return
    isWorking = true
    work().catch((error: unknown) => {
      // The index is a view: it can be wrong only by being behind. Say so and go on from the
      // cursor.
      throw new TocsinError('internal.bug', { public: `indexing failed: ${String(error)}` })
    })
  }

  async function work(): Promise<void> {
    let isMore = true
    while (isMore && !isClosing) isMore = await waitOutFullDisk(step)
    if (isClosing) await close(store)
    else isWorking = false
  }

  const step = async () => (await takeLive()) || (await readOn())

  /** Takes the batches that go on where the index ends; false when there is none. */
  async function takeLive(): Promise<boolean> {
    const { indexed } = store
    const { stale, group } = live.take(indexed)
    const [first] = group
    try {
      if (first?.events.length === 0) store.advance(indexed + first.count)
      else if (first && !first.hasHoles) {
        await store.insert(indexed, Buffer.concat(group.map(({ events }) => events)))
      }
    } finally {
      // What did not get in, and events with control entries between them, come from the files.
      if (stale + group.length > 0) report(stale + group.length)
    }
    return first !== undefined
  }

  /** Reads from the files what no live batch will bring; false when there is nothing. */
  async function readOn(): Promise<boolean> {
    const end = Math.min(published, live.firstIndex ?? published)
    if (store.indexed >= end) return false
    await insertRange(store, reader, Math.min(end, store.indexed + INSERT_ROWS_MAX))
    report(0)
    return true
  }

  thread.onMessage(message => {
    if ('ticket' in message) return answer(message)
    if (message.kind === 'live') live.push(message)
    else if (message.kind === 'published') published = message.size
    else isClosing = true
    wake()
  })
  // What an earlier run has indexed can be searched at once, whether or not anything new comes.
  report(0)
  wake()
}

/** True, after a while, when the disk was full: what the step did not do is still to be done. */
async function waitOutFullDisk(step: () => Promise<boolean>): Promise<boolean> {
  try {
    return await step()
  } catch (error) {
    if (!isDiskFull(error)) throw error
    thread.send({ kind: 'disk_full' })
    await sleep(DISK_FULL_WAIT_MS)
    return true
  }
}

/** Reads entries from the files up to `to`; what cannot be opened any more is passed over. */
async function insertRange(store: EventStore, reader: ShardReader, to: number): Promise<void> {
  let lines: string[] = []
  let chars = 0
  let first = store.indexed
  const put = async (next: number) => {
    if (lines.length > 0) await store.insert(first, Buffer.from(`${lines.join('\n')}\n`))
    lines = []
    chars = 0
    first = next
  }
  for (const read of reader.read(store.indexed, to)) {
    const text = 'sections' in read ? joinSections(read.sections, { withContent: false }) : null
    if (text !== null) {
      lines.push(text)
      chars += text.length
    }
    if (text === null || chars >= INSERT_BYTES_MAX) await put(read.index + 1)
  }
  await put(to)
  store.advance(to)
}

type Asked = Extract<ToIndex, { ticket: number }>

/** Takes a question, or the word that nobody waits for its answer any more. */
function buildAnswers(store: EventStore): (message: Asked) => void {
  const running = new Map<number, AbortController>()

  async function answer(message: Exclude<Asked, { kind: 'cancel' }>): Promise<void> {
    const { ticket } = message
    const controller = new AbortController()
    const { signal } = controller
    running.set(ticket, controller)
    try {
      const rows =
        message.kind === 'page'
          ? await store.page(message.page, signal)
          : await store.select(message.statement, signal)
      thread.send({ kind: 'rows', ticket, rows })
    } catch (error) {
      const code = error instanceof TocsinError ? error.code : 'query.failed'
      const reason = error instanceof Error ? error.message : String(error)
      thread.send({ kind: 'failed', ticket, code, reason })
    } finally {
      running.delete(ticket)
    }
  }

  return message => {
    if (message.kind === 'cancel') running.get(message.ticket)?.abort(cancelled())
    else void answer(message)
  }
}

function cancelled(): TocsinError {
  return new TocsinError('query.cancelled', { public: 'whoever asked did not wait' })
}

/** The next start reads again what a full disk does not take now. */
async function close(store: EventStore): Promise<void> {
  await waitOutFullDisk(async () => {
    await store.flush()
    return false
  })
  await store.close()
  thread.send({ kind: 'closed' })
}

await main()
