// The hashes of an append-only Merkle tree (RFC 6962 §2.1, RFC 9162 §2.1.1, SHA-256) and the two
// kinds of number that must never be confused: the index of a leaf and the size of a tree.

import { HASH_BYTES, type Sha256 } from '../crypto.ts'
import { TocsinError } from '../errors.ts'

/** 0-based position of a leaf. */
export type LeafIndex = number & { readonly unit: 'LeafIndex' }
/** Number of leaves. */
export type TreeSize = number & { readonly unit: 'TreeSize' }
/** 32 bytes. */
export type Hash = Uint8Array
/** What a checkpoint promises: the root over the first `size` leaves. */
export type TreeHead = { readonly size: TreeSize; readonly root: Hash }

/** Throws `tlog.number_out_of_range` unless `value` is a whole number from 0 to 2^53-1. */
export function parseLeafIndex(value: number): LeafIndex {
  return parseCount(value, 'leaf index') as LeafIndex
}

/** Throws `tlog.number_out_of_range` unless `value` is a whole number from 0 to 2^53-1. */
export function parseTreeSize(value: number): TreeSize {
  return parseCount(value, 'tree size') as TreeSize
}

function parseCount(value: number, what: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new TocsinError('tlog.number_out_of_range', {
    public: `${value} is not a ${what}; it must be a whole number from 0 to 2^53-1`,
  })
}

/** Not to be called from within one of its own calls: it works in buffers that it keeps. */
export interface TreeHasher {
  /** The root of a tree without leaves: the hash of nothing. */
  readonly emptyRoot: Hash
  /** `SHA-256(0x00 ‖ entry)`. */
  leaf(entry: Uint8Array): Hash
  /** `SHA-256(0x01 ‖ left ‖ right)`. */
  node(left: Hash, right: Hash): Hash
  /**
   * The root over one or more neighbouring hashes, each 32 bytes, of which all stand for equally
   * large perfect subtrees; only the last may stand for a smaller one.
   */
  root(hashes: Uint8Array): Hash
}

export function buildTreeHasher(sha256: Sha256): TreeHasher {
  const pair = new Uint8Array(1 + 2 * HASH_BYTES)
  pair[0] = 1
  let prefixed = new Uint8Array(1024)
  let work = new Uint8Array(257 * HASH_BYTES)

  function leaf(entry: Uint8Array): Hash {
    if (entry.length >= prefixed.length) prefixed = new Uint8Array(2 * entry.length)
    prefixed.set(entry, 1)
    return sha256(prefixed.subarray(0, entry.length + 1))
  }

  function node(left: Hash, right: Hash): Hash {
    pair.set(left, 1)
    pair.set(right, 1 + HASH_BYTES)
    return sha256(pair)
  }

  // Neighbours are joined level by level and an odd last one moves up unchanged. This is the same
  // tree as the RFC's, which splits at the largest power of two, without its recursion.
  function root(hashes: Uint8Array): Hash {
    if (hashes.length > work.length) work = new Uint8Array(hashes.length)
    work.set(hashes)
    for (let count = hashes.length / HASH_BYTES; count > 1; count = Math.ceil(count / 2)) {
      for (let i = 0; i + 1 < count; i += 2) {
        pair.set(work.subarray(i * HASH_BYTES, (i + 2) * HASH_BYTES), 1)
        work.set(sha256(pair), (i / 2) * HASH_BYTES)
      }
      const last = (count - 1) * HASH_BYTES
      if (count % 2 === 1) work.copyWithin(last / 2, last, last + HASH_BYTES)
    }
    return work.slice(0, HASH_BYTES)
  }

  return { emptyRoot: sha256(new Uint8Array(0)), leaf, node, root }
}
