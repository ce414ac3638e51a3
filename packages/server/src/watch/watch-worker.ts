// The thread that owns the detectors. It follows the log from its own cursor, from files while it
// is behind and from live batches after, and hands on what it finds. A snapshot is taken only when
// everything found before it is known to be in the log: whatever ends the thread, the next one
// finds the same again, under the same ids, and nothing is missing.

import { setImmediate as turn } from 'node:timers/promises'
import { createEngine, type Engine, type EntityView } from '@tocsin/detect/detect'
import type { EntityRef } from '@tocsin/detect/finding'
import type { SealedEvent } from '@tocsin/sdk/event'
import { sha256 } from '@tocsin/sdk/node'
import { isDiskFull } from '../base/durable.ts'
import { systemEntropy } from '../base/entropy.ts'
import { FINDINGS_UNDER_WAY_MAX, SNAPSHOT_EVENTS, WATCH_STEP_EVENTS } from '../base/limits.ts'
import { thisThread } from '../base/threads.ts'
import {
  createLiveQueue,
  joinSections,
  type LiveBatch,
  type LiveQueue,
  openKeyRing,
  openShardReader,
  openVault,
  type ShardPaths,
  type ShardReader,
  type ToFollower,
  type Vault,
} from '../log/log.ts'
import { parseDisposition } from './alert-store.ts'
import type { Found } from './found.ts'
import { readRuleDirectories } from './rule-files.ts'
import { loadWatched, saveWatched, type Watched } from './watch-state.ts'

export type WatchConfig = {
  readonly dataDir: string
  readonly paths: ShardPaths
  readonly origin: string
  readonly kek: Uint8Array
  readonly publishedSize: number
  readonly rules: readonly string[]
  /** Alerts a day that people can look at; null where nobody said. */
  readonly budget: number | null
  readonly snapshot: string
}

export type ToWatch =
  | ToFollower
  /** So many findings, from the first one sent, are in the log. */
  | { readonly kind: 'stored'; readonly count: number }
  | { readonly kind: 'tick'; readonly nowMs: number }
  | {
      readonly kind: 'describe'
      readonly ticket: number
      readonly entity: EntityRef
      readonly nowMs: number
    }
  | { readonly kind: 'close' }
  /** What was found cannot be stored: end as it is. */
  | { readonly kind: 'abandon' }

export type WatchStatus = {
  /** Entries below this leaf index were looked at. */
  readonly size: number
  readonly rules: number
  readonly entities: number
  readonly evicted: number
  readonly late: number
  readonly repeats: number
  readonly threshold: number
  readonly expectedPerDay: number
  readonly realisedPerDay: number
}

export type FromWatch =
  | { readonly kind: 'started'; readonly problems: readonly string[]; readonly why: string | null }
  | { readonly kind: 'found'; readonly found: readonly Found[] }
  /** `taken` counts live batches, in the order in which they came. */
  | { readonly kind: 'watched'; readonly status: WatchStatus; readonly taken: number }
  | { readonly kind: 'described'; readonly ticket: number; readonly view: EntityView | null }
  | { readonly kind: 'snapshot_failed'; readonly reason: string }
  | { readonly kind: 'closed' }

const thread = thisThread<ToWatch, FromWatch, WatchConfig>()
const { dataDir, paths, origin, kek, publishedSize, rules, budget, snapshot } = thread.data

type Following = {
  readonly engine: Engine
  readonly watched: Watched
  readonly ruleCount: number
  readonly vault: Vault
  readonly reader: ShardReader
  readonly live: LiveQueue
  published: number
  isClosing: boolean
  isWorking: boolean
  /** Findings that were handed on, and those known to be in the log. */
  sent: number
  stored: number
  snapshotSize: number
}

function main(): void {
  const read = readRuleDirectories(rules)
  const engine = createEngine({ rules: read.rules, sha256 })
  const { watched, why } = loadWatched(snapshot, { engine, budget })
  thread.send({ kind: 'started', problems: read.problems.map(({ text }) => text), why })
  const entropy = systemEntropy()
  const vault = openVault(origin, openKeyRing(dataDir, kek, entropy), entropy)
  const following: Following = {
    engine,
    watched,
    // Without those that only feed others.
    ruleCount: read.rules.filter(rule => rule.findsByItself).length,
    vault,
    reader: openShardReader(paths, vault),
    live: createLiveQueue(),
    published: publishedSize,
    isClosing: false,
    isWorking: false,
    sent: 0,
    stored: 0,
    snapshotSize: watched.size,
  }
  thread.onMessage(message => take(following, message))
  report(following, 0)
  wake(following)
}

function take(following: Following, message: ToWatch): void {
  switch (message.kind) {
    case 'stored':
      following.stored += message.count
      saveSometimes(following)
      if (!following.isClosing) break
      if (!following.isWorking) endWhenStored(following)
      return
    case 'abandon':
      // What was not stored is found again by the next one, from the snapshot before.
      following.isClosing = true
      following.vault.close()
      thread.send({ kind: 'closed' })
      return
    case 'describe':
      describe(following, message)
      return
    case 'tick':
      tick(following, message.nowMs)
      return
    case 'live':
      following.live.push(message)
      break
    case 'published':
      following.published = message.size
      break
    default:
      following.isClosing = true
  }
  wake(following)
}

function describe(
  { engine, watched }: Following,
  { ticket, entity, nowMs }: Extract<ToWatch, { kind: 'describe' }>,
): void {
  const view = engine.describe(watched.state, entity, nowMs)
  thread.send({ kind: 'described', ticket, view })
}

function tick(following: Following, nowMs: number): void {
  const { engine, watched } = following
  const { findings } = engine.tick(watched.state, nowMs)
  hand(
    following,
    findings.map(finding => ({ finding, alert: watched.book.take(finding) })),
  )
}

function wake(following: Following): void {
  if (following.isWorking) return
  following.isWorking = true
  void work(following)
}

async function work(following: Following): Promise<void> {
  while (!following.isClosing && !mustWait(following) && goOn(following)) {
    saveSometimes(following)
    // Messages come in only between turns.
    await turn()
  }
  following.isWorking = false
  if (following.isClosing) endWhenStored(following)
}

function goOn(following: Following): boolean {
  return takeLive(following) || readOn(following)
}

/** Findings are stored more slowly than they are made; and a snapshot needs all of them stored. */
function mustWait({ sent, stored, watched, snapshotSize }: Following): boolean {
  const isOverdue = watched.size - snapshotSize >= 2 * SNAPSHOT_EVENTS
  return sent - stored >= FINDINGS_UNDER_WAY_MAX || (isOverdue && sent !== stored)
}

function takeLive(following: Following): boolean {
  const { live, watched } = following
  const { stale, group } = live.take(watched.size)
  let isMore = false
  for (const batch of group) {
    // Control entries between events: their place is known only from the files.
    if (batch.hasHoles) continue
    look(following, linesOf(batch))
    watched.size += batch.count
    isMore = true
  }
  if (stale + group.length > 0) report(following, stale + group.length)
  return isMore
}

/** Reads from the files what no live batch will bring. */
function readOn(following: Following): boolean {
  const { live, watched, reader, published } = following
  const end = Math.min(published, live.firstIndex ?? published)
  if (watched.size >= end) return false
  const to = Math.min(end, watched.size + WATCH_STEP_EVENTS)
  const events: SealedEvent[] = []
  for (const entry of reader.read(watched.size, to)) {
    const hasText = 'sections' in entry
    const text = hasText ? joinSections(entry.sections, { withContent: false }) : null
    if (text !== null) events.push(parseSealed(text))
  }
  look(following, events)
  watched.size = to
  report(following, 0)
  return true
}

function look(following: Following, events: Iterable<SealedEvent>): void {
  const { engine, watched } = following
  const found: Found[] = []
  for (const event of events) {
    if (event.kind === 'tocsin.disposition') dispose(following, event)
    const { findings } = engine.step(watched.state, event)
    for (const finding of findings) found.push({ finding, alert: watched.book.take(finding) })
  }
  hand(following, found)
}

function hand(following: Following, found: readonly Found[]): void {
  if (found.length === 0) return
  following.sent += found.length
  thread.send({ kind: 'found', found })
}

/** What a person decided changes what is learnt, and begins a new count of findings. */
function dispose({ engine, watched }: Following, event: SealedEvent): void {
  const change = parseDisposition(event)
  if (!change?.isFinal) return
  engine.dispose(watched.state, change.entity, change.isNormal)
  watched.book.dispose(change.entity, event.time)
}

function report({ watched, ruleCount }: Following, taken: number): void {
  const { size, state, book } = watched
  const { late, repeats, entities } = state
  const { threshold, expectedPerDay, realisedPerDay } = book
  const counts = { late, repeats, entities: entities.size, evicted: entities.evicted }
  const budgeted = { threshold, expectedPerDay, realisedPerDay }
  const status: WatchStatus = { size, rules: ruleCount, ...counts, ...budgeted }
  thread.send({ kind: 'watched', status, taken })
}

function saveSometimes(following: Following): void {
  const { watched, snapshotSize, sent, stored } = following
  if (watched.size - snapshotSize >= SNAPSHOT_EVENTS && sent === stored) save(following)
}

function save(following: Following): void {
  const { engine, watched } = following
  try {
    saveWatched(snapshot, engine, watched)
    following.snapshotSize = watched.size
  } catch (error) {
    // Without a snapshot the next start reads more; nothing else is lost.
    if (!isDiskFull(error)) throw error
    thread.send({ kind: 'snapshot_failed', reason: 'the disk is full' })
  }
}

function endWhenStored(following: Following): void {
  const { sent, stored, snapshotSize, watched, vault } = following
  if (sent !== stored) return
  if (snapshotSize !== watched.size) save(following)
  vault.close()
  thread.send({ kind: 'closed' })
}

function* linesOf({ events }: LiveBatch): Generator<SealedEvent> {
  for (const line of Buffer.from(events.buffer, events.byteOffset, events.length)
    .toString()
    .split('\n')) {
    if (line !== '') yield parseSealed(line)
  }
}

/** What the log holds was checked before it was sealed. */
function parseSealed(text: string): SealedEvent {
  return JSON.parse(text) as SealedEvent
}

main()
