// What a verification can find. A failed proof is a verdict, never an exception.

import type { Checkpoint } from '../checkpoint.ts'
import type { VerifierKey } from '../note/note.ts'
import {
  type LeafIndex,
  printTilePath,
  TILE_WIDTH,
  type TreeSize,
  tileWidth,
} from '../tlog/tlog.ts'

export type BrokenWhy =
  // The checkpoint: not there, not a checkpoint, of another log, not of the pinned key, forged.
  | 'checkpoint_missing'
  | 'checkpoint_malformed'
  | 'checkpoint_foreign'
  | 'checkpoint_untrusted'
  | 'checkpoint_forged'
  // The log's own copy of its key is missing or another one.
  | 'vkey_changed'
  // The earlier checkpoint is of a longer log, or of one with other entries.
  | 'rollback'
  | 'fork'
  // Entries: the file, one entry's bytes, what it says, where it stands.
  | 'bundle_missing'
  | 'bundle_malformed'
  | 'entry_changed'
  | 'entry_malformed'
  | 'shard_unopened'
  // Hash tiles, and the root where entries and tiles agree with each other but not with it.
  | 'tile_missing'
  | 'tile_changed'
  | 'root_mismatch'
  // A partial tile or bundle of an earlier size is not the beginning of the present one.
  | 'partial_changed'
  | 'file_unexpected'
  // Sealed sections beside the log.
  | 'section_missing'
  | 'section_changed'
  | 'section_unexpected'

export type Broken = {
  readonly kind: 'broken'
  /** The first entry that is wrong or cannot be shown to be right; null where no one entry is. */
  readonly at: LeafIndex | null
  /** Path below the log's folder, or below the payloads' where `why` is about a section. */
  readonly file: string
  readonly why: BrokenWhy
  /** One sentence for a person. */
  readonly detail: string
}

export type LogCounts = {
  readonly sealedEntries: number
  readonly controlEntries: number
  /** How often each kind of control entry stands there; kinds beyond the 100th are not listed. */
  readonly controlKinds: { readonly [kind: string]: number }
  /** Sections that the entries name, and how many of them were found beside the log and matched. */
  readonly sections: number
  readonly sectionsMatched: number
  /** Logged time of the first and last entry; how often an entry is earlier than the one before. */
  readonly firstMs: number | null
  readonly lastMs: number | null
  readonly clockStepsBack: number
  /** Files of later sizes than the checkpoint's: they are not covered by it, and were not read. */
  readonly filesAhead: number
}

export type Intact = {
  readonly kind: 'intact'
  readonly checkpoint: Checkpoint
  /** The trusted keys that signed it. */
  readonly signedBy: readonly VerifierKey[]
  readonly counts: LogCounts
}

export type Verdict = Intact | Broken

export function broken(why: BrokenWhy, file: string, at: LeafIndex | null, detail: string): Broken {
  return { kind: 'broken', at, file, why, detail }
}

/** The entry bundle that holds leaf `at` of a log of `size` entries. */
export function bundleFile(size: TreeSize, at: number): string {
  const index = Math.floor(at / TILE_WIDTH)
  return printTilePath({ kind: 'entries', index, width: tileWidth(size, 0, index) })
}
