// What can be shown of one entry: that it stands in the tree that the newest checkpoint signs, and
// which of its sections are still what it commits to. Reads the shard's public files and payloads,
// as a stranger would, and never writes. What it says of the tree it has checked itself.

import { join } from 'node:path'
import { encodeBase64 } from '@tocsin/sdk/bytes'
import { parseCheckpoint } from '@tocsin/sdk/checkpoint'
import { payloadPath, printEntry, type SealedEntry } from '@tocsin/sdk/entry'
import { TocsinError } from '@tocsin/sdk/errors'
import { directoryFetch, sha256 } from '@tocsin/sdk/node'
import { parseNote } from '@tocsin/sdk/note'
import { buildInclusionProof, buildTileReader, verifyInclusion } from '@tocsin/sdk/proof'
import { buildTreeHasher, parseLeafIndex } from '@tocsin/sdk/tlog'
import { readFileIfThere } from '../base/durable.ts'
import { openPayloadCursor } from './payload-cursor.ts'
import type { ReadEvent, ShardReader } from './reader.ts'
import type { ShardPaths } from './shard-files.ts'
import type { Vault } from './vault.ts'

export type SectionState = {
  /** `event`, `content.body`, `onBehalfOf.0`; null where it cannot be opened any more. */
  readonly name: string | null
  readonly retention: string
  /** Its sealed bytes are there; they go when the class runs out. */
  readonly isStored: boolean
  /** They have the hash that the entry names; null where there are none. */
  readonly isAsSealed: boolean | null
  /** They open to what the entry commits to; null where nobody can tell, for want of its key. */
  readonly isAsCommitted: boolean | null
}

export type EntryProof = {
  readonly index: number
  /** Entries under the checkpoint. */
  readonly size: number
  readonly leaf: Uint8Array
  readonly leafHash: Uint8Array
  /** From leaf to root. */
  readonly path: readonly Uint8Array[]
  /** The signed note, verbatim. */
  readonly checkpoint: string
  readonly sections: readonly SectionState[]
}

export interface Evidence {
  /**
   * null while no checkpoint covers the entry. Throws `log.corrupt` when the files do not have the
   * root that was signed.
   */
  prove(index: number): Promise<EntryProof | null>
  /** The entry with its sections, which a checkpoint must cover; null for a control entry. */
  open(index: number): ReadEvent | null
}

type EvidenceDeps = {
  readonly paths: ShardPaths
  readonly vault: Vault
  readonly reader: ShardReader
}

export function openEvidence({ paths, vault, reader }: EvidenceDeps): Evidence {
  const hasher = buildTreeHasher(sha256)
  const { fetch } = directoryFetch(paths.log)

  function stateOf(index: number, entry: SealedEntry, number: number): SectionState {
    const { retention = '', cipherHash } = entry.sections[number] ?? {}
    const path = join(paths.payloads, payloadPath(retention, entry.timeMs, index))
    const sealed = openPayloadCursor(path).seek(index, number)
    if (!sealed) {
      return { name: null, retention, isStored: false, isAsSealed: null, isAsCommitted: null }
    }
    const isAsSealed = Buffer.from(sha256(sealed)).toString('base64url') === cipherHash
    const plain = vault.open(entry, number, sealed)
    const name = plain && nameOf(number, plain)
    return { name, retention, isStored: true, isAsSealed, isAsCommitted: judged(plain, isAsSealed) }
  }

  return {
    async prove(index) {
      const note = readFileIfThere(join(paths.log, 'checkpoint'))
      if (!note) return null
      const { size, root } = parseCheckpoint(parseNote(note).text)
      if (index >= size) return null
      const [read] = reader.read(index, index + 1, () => false)
      if (!read) return null
      const { entry } = read
      const leaf = printEntry(entry)
      const leafHash = hasher.leaf(leaf)
      const leafIndex = parseLeafIndex(index)
      const path = await buildInclusionProof(buildTileReader(hasher, fetch, size), leafIndex)
      const claim = { leaf: leafHash, index: leafIndex, head: { size, root } }
      if (!verifyInclusion(hasher, claim, path)) throw notInTree(paths.log, index)
      const isSealed = entry.kind === 'sealed'
      const sections = isSealed ? entry.sections.map((_, n) => stateOf(index, entry, n)) : []
      const checkpoint = Buffer.from(note).toString('utf8')
      return { index, size, leaf, leafHash, path, checkpoint, sections }
    },
    open(index) {
      const [read] = reader.read(index, index + 1)
      return read && 'sections' in read ? read : null
    },
  }
}

/** What cannot be opened can still be known to be changed, never to be right. */
function judged(plain: Uint8Array | null, isAsSealed: boolean): boolean | null {
  if (plain) return true
  return isAsSealed ? null : false
}

function nameOf(number: number, plain: Uint8Array): string {
  return number === 0 ? 'event' : partName(Buffer.from(plain).toString('utf8'))
}

/** Every section but the first says where in the event it belongs (docs/spec/log.md §3.1). */
function partName(text: string): string {
  return /^\{"at":"([\w.]+)"/.exec(text)?.[1] ?? ''
}

function notInTree(directory: string, index: number): TocsinError {
  return new TocsinError('log.corrupt', {
    public: `entry ${index} in ${directory} is not in the tree that the checkpoint signs`,
  })
}

/**
 * The proof as a file that anybody can check offline (C2SP tlog-proof). `extra` holds the entry
 * itself, so that nothing else is needed to hash the leaf.
 */
export function printReceipt({ index, leaf, path, checkpoint }: EntryProof): string {
  return [
    'c2sp.org/tlog-proof@v1',
    `extra ${encodeBase64(leaf)}`,
    `index ${index}`,
    ...path.map(encodeBase64),
    '',
    checkpoint,
  ].join('\n')
}
