// Which event ids the shard already holds, so that an event sent twice is stored once. The flat file
// `ids` has 24 bytes per leaf index: the id and the digest of what its producer sent; it is a view
// of the log and can be rebuilt. In memory stands only a hash table from 32 bits of an id to its
// index (8 bytes an entry at a load of one half): a hit is confirmed by reading 24 bytes of the
// file, and hits are rare. The hash is keyed, so that no sender can aim at one slot.

import {
  closeSync,
  constants,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { DIGEST_BYTES, ID_BYTES } from './record.ts'

const ROW_BYTES = ID_BYTES + DIGEST_BYTES
const SLOTS_MIN = 1 << 16
const NO_INDEX = 0xffff_ffff

export type IdFate = 'new' | 'duplicate' | 'conflict'

export interface IdTable {
  /** Entries known. */
  readonly size: number
  /** What storing this event would be; looks at everything added so far, durable or not. */
  find(id: Uint8Array, digest: Uint8Array): IdFate
  /** The next leaf index gets this id; all zero for a control entry, which has none. */
  add(id: Uint8Array, digest: Uint8Array): void
  /** Forgets what was added from `size` on, after a write that failed. */
  truncate(size: number): void
  /** Writes what was added to the file, without making it durable. */
  flush(): void
  /** Makes the file durable; the log may drop its write-ahead records behind this. */
  sync(): void
  close(): void
}

/** Loads the file's first `size` rows at most; the caller adds the rest from the log. */
export function openIdTable(path: string, size: number, hashKey: number): IdTable {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  const slots = new SlotTable(hashKey)
  let known = 0
  let flushed = 0
  let tail = Buffer.alloc(64 * ROW_BYTES)

  for (const rows of fileRows(fd, size)) {
    for (let at = 0; at < rows.length; at += ROW_BYTES) {
      slots.insert(rows, at, known)
      known += 1
    }
  }
  flushed = known
  ftruncateSync(fd, known * ROW_BYTES)

  const row = Buffer.alloc(ROW_BYTES)
  function rowOf(index: number): Uint8Array {
    if (index >= flushed) {
      const at = (index - flushed) * ROW_BYTES
      return tail.subarray(at, at + ROW_BYTES)
    }
    readSync(fd, row, 0, ROW_BYTES, index * ROW_BYTES)
    return row
  }

  return {
    get size() {
      return known
    },
    find(id, digest) {
      for (const index of slots.candidates(id, 0)) {
        if (index >= known) continue
        const found = rowOf(index)
        if (!startsWith(found, id)) continue
        return startsWith(found.subarray(ID_BYTES), digest) ? 'duplicate' : 'conflict'
      }
      return 'new'
    },
    add(id, digest) {
      const at = (known - flushed) * ROW_BYTES
      if (at + ROW_BYTES > tail.length) tail = Buffer.concat([tail], tail.length * 2)
      tail.set(id, at)
      tail.set(digest, at + ID_BYTES)
      slots.insert(id, 0, known)
      known += 1
    },
    truncate(toSize) {
      known = Math.min(known, toSize)
    },
    flush() {
      if (known === flushed) return
      writeSync(fd, tail, 0, (known - flushed) * ROW_BYTES, flushed * ROW_BYTES)
      flushed = known
    },
    sync: () => fdatasyncSync(fd),
    close: () => closeSync(fd),
  }
}

function* fileRows(fd: number, size: number): Generator<Uint8Array> {
  const chunk = Buffer.alloc(8192 * ROW_BYTES)
  for (let index = 0; index < size; ) {
    const rows = Math.min(8192, size - index)
    const read = readSync(fd, chunk, 0, rows * ROW_BYTES, index * ROW_BYTES)
    const whole = Math.floor(read / ROW_BYTES)
    if (whole === 0) return
    yield chunk.subarray(0, whole * ROW_BYTES)
    index += whole
  }
}

function startsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  for (let i = 0; i < head.length; i++) if (bytes[i] !== head[i]) return false
  return true
}

/** Open addressing with linear probing over pairs of (32 bits of hash, index). */
class SlotTable {
  #slots: Uint32Array = new Uint32Array(2 * SLOTS_MIN).fill(NO_INDEX)
  #mask = SLOTS_MIN - 1
  #used = 0
  readonly #key: number

  constructor(key: number) {
    this.#key = key
  }

  insert(bytes: Uint8Array, at: number, index: number): void {
    if (this.#used * 2 > this.#mask) this.#grow()
    this.#put(this.#hash(bytes, at), index)
    this.#used += 1
  }

  *candidates(bytes: Uint8Array, at: number): Generator<number> {
    const hash = this.#hash(bytes, at)
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const index = this.#slots[2 * slot + 1] ?? NO_INDEX
      if (index === NO_INDEX) return
      if (this.#slots[2 * slot] === hash) yield index
    }
  }

  #put(hash: number, index: number): void {
    let slot = hash & this.#mask
    while (this.#slots[2 * slot + 1] !== NO_INDEX) slot = (slot + 1) & this.#mask
    this.#slots[2 * slot] = hash
    this.#slots[2 * slot + 1] = index
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Uint32Array(old.length * 2).fill(NO_INDEX)
    this.#mask = this.#slots.length / 2 - 1
    for (let i = 0; i < old.length; i += 2) {
      const index = old[i + 1] ?? NO_INDEX
      if (index !== NO_INDEX) this.#put(old[i] ?? 0, index)
    }
  }

  /** MurmurHash3's 32-bit mixing over the id's four words, seeded with the secret key. */
  #hash(bytes: Uint8Array, at: number): number {
    let hash = this.#key
    for (let i = at; i < at + ID_BYTES; i += 4) {
      let word = (bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8)
      word |= ((bytes[i + 2] ?? 0) << 16) | ((bytes[i + 3] ?? 0) << 24)
      word = Math.imul(word, 0xcc9e2d51)
      word = Math.imul((word << 15) | (word >>> 17), 0x1b873593)
      hash ^= word
      hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    return (hash ^ (hash >>> 16)) >>> 0
  }
}
