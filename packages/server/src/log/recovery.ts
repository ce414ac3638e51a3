// What a start finds: the entries behind the checkpoint come again from the write-ahead log and go
// to the tile thread by the way that live entries take; the table of ids is filled up from them,
// or, where its file was lost, from the log's own files.

import { parseEntry, uuidBytes } from '@tocsin/sdk/entry'
import { TocsinError } from '@tocsin/sdk/errors'
import type { IdTable } from './ids.ts'
import { rebuildIds } from './rebuild-ids.ts'
import { type EntryRecord, readRecordAt } from './record.ts'
import type { ShardPaths } from './shard-files.ts'
import type { TileThread } from './tile-thread.ts'
import type { Vault } from './vault.ts'
import { recoverWal, type WalCut, type WalRecord } from './wal-recovery.ts'

export type RecoveryParts = {
  readonly paths: ShardPaths
  readonly tiles: TileThread
  readonly ids: IdTable
  readonly hashKey: Uint8Array
  readonly openVault: () => Vault
}

export type Recovered = {
  /** Entries that are there: under the checkpoint, and behind it in the write-ahead log. */
  readonly size: number
  readonly cut: WalCut
}

/** Throws `log.corrupt` when what is there cannot be all that was acknowledged. */
export function recoverEntries(parts: RecoveryParts): Recovered {
  const { paths, tiles, ids } = parts
  const sealed = tiles.size
  const wal = recoverWal(paths.wal, { sealed, acknowledged: ids.acknowledged })
  let size = sealed
  for (const record of wal.records()) {
    fillIds(parts, record.firstIndex)
    const entries = readEntries(record)
    for (const [i, entry] of entries.entries()) {
      if (record.firstIndex + i === ids.size) addId(ids, entry)
    }
    const from = Math.max(size - record.firstIndex, 0)
    if (from < entries.length) tiles.append(bodyFrom(record, entries, from))
    size = Math.max(size, record.firstIndex + entries.length)
  }
  fillIds(parts, size)
  return { size, cut: wal.cut }
}

/** Makes the rows up to `size` again that neither the file nor the write-ahead log brought. */
function fillIds({ ids, paths, hashKey, openVault }: RecoveryParts, size: number): void {
  if (ids.size >= size) return
  const vault = openVault()
  try {
    rebuildIds({ ids, paths, vault, hashKey }, size)
  } finally {
    vault.close()
  }
}

function readEntries({ body, count, firstIndex }: WalRecord): readonly EntryRecord[] {
  const entries: EntryRecord[] = []
  let at = 0
  for (let i = 0; i < count; i++) {
    const entry = readRecordAt(body, at)
    entries.push(entry)
    at = entry.end
  }
  if (at === body.length) return entries
  throw new TocsinError('log.corrupt', {
    public: `the write-ahead record of entry ${firstIndex} does not hold the entries it should`,
  })
}

/** The entries from number `from` on, in buffers of their own. */
function bodyFrom({ body }: WalRecord, entries: readonly EntryRecord[], from: number) {
  const start = from === 0 ? 0 : (entries[from - 1]?.end ?? 0)
  const ends = entries.slice(from).map(entry => entry.end - start)
  return { bytes: new Uint8Array(body.subarray(start)), offsets: Uint32Array.from([0, ...ends]) }
}

function addId(ids: IdTable, { leaf, digest }: EntryRecord): void {
  const entry = parseEntry(leaf)
  if (entry.kind === 'control') ids.addControl()
  else ids.add(uuidBytes(entry.id), digest)
}
