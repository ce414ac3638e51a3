// The verifier. Given a way to read a log's files and a key that was pinned elsewhere, it says
// whether the log is whole, or which entry is the first that is not. It trusts nothing it reads,
// keeps no state, and needs memory for a few tiles only. What it promises is docs/spec/log.md §6,
// steps 1 to 5 and 8; opening sections (6) and the rules of erasure (7) need keys or manifests.

import { encodeUtf8, equalBytes } from '../bytes.ts'
import { type Checkpoint, openCheckpoint } from '../checkpoint.ts'
import type { Ed25519Verifier, Sha256 } from '../crypto.ts'
import { type Entry, parseEntry } from '../entry/entry.ts'
import { TocsinError } from '../errors.ts'
import type { FetchFile, FetchPart, ListFiles } from '../fetch-file.ts'
import { printVerifierKey, type VerifierKey } from '../note/note.ts'
import { buildTreeHasher, parseLeafIndex, type TreeSize } from '../tlog/tlog.ts'
import { checkListing, checkPayloadListing } from './listing.ts'
import { buildPayloadWalk, type PayloadWalk } from './payload-walk.ts'
import { walkTree } from './tree-walk.ts'
import { type Broken, broken, bundleFile, type LogCounts, type Verdict } from './verdict.ts'

export type { Broken, BrokenWhy, Intact, LogCounts, Verdict } from './verdict.ts'

const CONTROL_KINDS_MAX = 100

export type VerifyInput = {
  /** The log's folder; `list` where it can be listed. */
  readonly log: { readonly fetch: FetchFile; readonly list?: ListFiles }
  /** The folder of its payload files. Without it sections are counted, not checked. */
  readonly payloads?: { readonly fetch: FetchPart; readonly list?: ListFiles }
  /** Keys of this one log, pinned outside of it. */
  readonly keys: readonly VerifierKey[]
  /** A checkpoint of this log that was found good before; its signature is not checked again. */
  readonly since?: Checkpoint
  readonly crypto: { readonly sha256: Sha256; readonly ed25519: Ed25519Verifier }
  /** Called about once per 256 entries. */
  readonly onProgress?: (entriesDone: number, size: number) => void
}

/**
 * Verifies a whole log. Every fault of the log is a verdict; this rejects only when the ports do,
 * that is, when something could not be read.
 */
export async function verifyLog(input: VerifyInput): Promise<Verdict> {
  const { log, payloads, crypto, since = null } = input
  const opened = await openLog(input)
  if (opened.kind === 'broken') return opened
  const { checkpoint, signedBy } = opened
  const { size } = checkpoint
  const walk = payloads && buildPayloadWalk(payloads.fetch, crypto.sha256, size)
  const tally = buildTally()
  const fault =
    (await walkTree({
      fetch: log.fetch,
      hasher: buildTreeHasher(crypto.sha256),
      checkpoint,
      since,
      inspect: buildInspector(checkpoint, tally, walk),
      onProgress: done => input.onProgress?.(done, size),
    })) ?? (await walk?.finish())
  if (fault) return fault
  let ahead = 0
  for (const check of [
    log.list && checkListing(log.list, log.fetch, size),
    walk && payloads?.list && checkPayloadListing(payloads.list, walk, size),
  ]) {
    const listed = await check
    if (listed?.fault) return listed.fault
    ahead += listed?.ahead ?? 0
  }
  const counts = tally.counts({ sectionsMatched: walk?.matched ?? 0, filesAhead: ahead })
  return { kind: 'intact', checkpoint, signedBy, counts }
}

type Opened = {
  readonly kind: 'opened'
  readonly checkpoint: Checkpoint
  readonly signedBy: readonly VerifierKey[]
}

/** Everything that can be said before an entry is read. */
async function openLog({ log, keys, since, crypto }: VerifyInput): Promise<Opened | Broken> {
  const note = await log.fetch('checkpoint')
  if (note === null) {
    return broken('checkpoint_missing', 'checkpoint', null, 'the log has no checkpoint')
  }
  const opened = await openCheckpoint(note, keys, crypto.ed25519)
  if (opened.kind !== 'opened') {
    const detail = `the checkpoint proves nothing: ${opened.detail}`
    return broken(`checkpoint_${opened.kind}`, 'checkpoint', null, detail)
  }
  const { checkpoint, signedBy } = opened
  const vkey = await log.fetch('log.vkey')
  const isOwn = (key: VerifierKey) =>
    vkey !== null && equalBytes(vkey, encodeUtf8(`${printVerifierKey(key)}\n`))
  if (!signedBy.some(isOwn)) {
    const detail = 'log.vkey is missing or is not the key that signed the checkpoint'
    return broken('vkey_changed', 'log.vkey', null, detail)
  }
  if (since !== undefined && since.origin !== checkpoint.origin) {
    const detail = `the earlier checkpoint is of ${since.origin}, this log is ${checkpoint.origin}`
    return broken('checkpoint_foreign', 'checkpoint', null, detail)
  }
  if (since !== undefined && since.size > checkpoint.size) {
    const detail = `the log had ${since.size} entries and now has ${checkpoint.size}`
    return broken('rollback', 'checkpoint', parseLeafIndex(checkpoint.size), detail)
  }
  if (checkpoint.size === 0) return unopened(checkpoint)
  return opened
}

function unopened({ origin, size }: Checkpoint): Broken {
  const detail = `the first entry is not the shard.opened of ${origin}`
  const file = size === 0 ? 'checkpoint' : bundleFile(size, 0)
  return broken('shard_unopened', file, parseLeafIndex(0), detail)
}

/** What is done with the entries of a bundle, once the tree vouches for them. */
function buildInspector(
  checkpoint: Checkpoint,
  tally: Tally,
  walk: PayloadWalk | undefined,
): (start: number, entries: readonly Uint8Array[]) => Promise<Broken | null> {
  return async (start, entries) => {
    const parsed: Entry[] = []
    let fault: Broken | null = null
    for (const bytes of entries) {
      const entry = parseOrFault(bytes, start + parsed.length, checkpoint.size)
      if ('why' in entry) {
        fault = entry
        break
      }
      tally.add(entry)
      parsed.push(entry)
    }
    const [first] = parsed
    if (start === 0 && first !== undefined && !isOpening(first, checkpoint.origin)) {
      return unopened(checkpoint)
    }
    return (await walk?.check(start, parsed)) ?? fault
  }
}

function parseOrFault(bytes: Uint8Array, index: number, size: TreeSize): Entry | Broken {
  try {
    return parseEntry(bytes)
  } catch (error) {
    if (!(error instanceof TocsinError)) throw error
    return broken('entry_malformed', bundleFile(size, index), parseLeafIndex(index), error.message)
  }
}

function isOpening(entry: Entry, origin: string): boolean {
  return (
    entry.kind === 'control' && entry.control === 'shard.opened' && entry.body.origin === origin
  )
}

interface Tally {
  add(entry: Entry): void
  counts(found: Pick<LogCounts, 'sectionsMatched' | 'filesAhead'>): LogCounts
}

function buildTally(): Tally {
  const kinds = new Map<string, number>()
  let sealedEntries = 0
  let controlEntries = 0
  let sections = 0
  let clockStepsBack = 0
  let firstMs: number | null = null
  let lastMs: number | null = null

  function add(entry: Entry): void {
    firstMs ??= entry.timeMs
    if (lastMs !== null && entry.timeMs < lastMs) clockStepsBack += 1
    lastMs = entry.timeMs
    if (entry.kind === 'sealed') {
      sealedEntries += 1
      sections += entry.sections.length
      return
    }
    controlEntries += 1
    const known = kinds.get(entry.control)
    if (known !== undefined || kinds.size < CONTROL_KINDS_MAX) {
      kinds.set(entry.control, (known ?? 0) + 1)
    }
  }

  return {
    add,
    counts: found => ({
      ...found,
      sealedEntries,
      controlEntries,
      controlKinds: Object.fromEntries(kinds),
      sections,
      clockStepsBack,
      firstMs,
      lastMs,
    }),
  }
}
