// The hash table of the ids in memory: from 32 bits of a keyed hash of an id to the leaf index that
// has it, 8 bytes a slot, between 3/8 and 3/4 full: some 14 bytes an entry. It finds candidates;
// whether one really has the id says whoever can read it. Cut into parts by the hash, so that
// growing stops the main thread for a part's time only.

import { ID_BYTES } from './record.ts'

const PARTS = 64
const SLOTS_MIN = 1024
const NO_INDEX = 0xffff_ffff
/** Four words to whiten the id with, one to start from. */
export const SLOT_KEY_BYTES = 20

type Part = {
  /** Pairs of (hash, index), found by linear probing. */
  slots: Uint32Array
  used: number
}

export class IdSlots {
  readonly #parts: readonly Part[] = Array.from({ length: PARTS }, () => emptyPart(SLOTS_MIN))
  readonly #key: Uint32Array

  /** `key` has 20 secret bytes, so that no sender can aim ids at one slot. */
  constructor(key: Uint8Array) {
    this.#key = new Uint32Array(Uint8Array.from(key.subarray(0, SLOT_KEY_BYTES)).buffer)
  }

  /** The id stands at `at` in `bytes`. Throws RangeError beyond 2^32 - 2 entries. */
  insert(bytes: Uint8Array, at: number, index: number): void {
    if (index >= NO_INDEX) throw new RangeError(`no slot for entry ${index}`)
    const hash = this.#hash(bytes, at)
    const part = this.#part(hash)
    if ((part.used + 1) * 8 > part.slots.length * 3) grow(part)
    put(part.slots, hash, index)
    part.used += 1
  }

  /** Takes out what `insert` put in with the same arguments; nothing when it is not there. */
  remove(bytes: Uint8Array, at: number, index: number): void {
    const hash = this.#hash(bytes, at)
    const part = this.#part(hash)
    const slot = slotOf(part.slots, hash, found => found === index)
    if (slot < 0) return
    closeGap(part.slots, slot)
    part.used -= 1
  }

  /** The first candidate that `isMatch` accepts, or -1. */
  find(id: Uint8Array, isMatch: (index: number) => boolean): number {
    const hash = this.#hash(id, 0)
    const { slots } = this.#part(hash)
    const slot = slotOf(slots, hash, isMatch)
    return slot < 0 ? -1 : (slots[2 * slot + 1] ?? -1)
  }

  #part(hash: number): Part {
    const part = this.#parts[hash >>> 26]
    if (!part) throw new RangeError('a hash has 32 bits')
    return part
  }

  /**
   * MurmurHash3's 32-bit mixing over the id's four words. Each word is whitened first: without
   * that, differences that cancel out are known for every seed (Aumasson and Bernstein, 2012).
   */
  #hash(bytes: Uint8Array, at: number): number {
    const key = this.#key
    let hash = key[4] ?? 0
    for (let i = 0; i < ID_BYTES / 4; i++) {
      const from = at + 4 * i
      let word = (bytes[from] ?? 0) | ((bytes[from + 1] ?? 0) << 8)
      word |= ((bytes[from + 2] ?? 0) << 16) | ((bytes[from + 3] ?? 0) << 24)
      word = Math.imul(word ^ (key[i] ?? 0), 0xcc9e2d51)
      word = Math.imul((word << 15) | (word >>> 17), 0x1b873593)
      hash ^= word
      hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    return (hash ^ (hash >>> 16)) >>> 0
  }
}

function emptyPart(slots: number): Part {
  return { slots: new Uint32Array(2 * slots).fill(NO_INDEX), used: 0 }
}

function put(slots: Uint32Array, hash: number, index: number): void {
  const mask = slots.length / 2 - 1
  let slot = hash & mask
  while (slots[2 * slot + 1] !== NO_INDEX) slot = (slot + 1) & mask
  slots[2 * slot] = hash
  slots[2 * slot + 1] = index
}

function slotOf(slots: Uint32Array, hash: number, isMatch: (index: number) => boolean): number {
  const mask = slots.length / 2 - 1
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const index = slots[2 * slot + 1] ?? NO_INDEX
    if (index === NO_INDEX) return -1
    if (slots[2 * slot] === hash && isMatch(index)) return slot
  }
}

/** Moves up what probing would no longer find behind the slot that becomes free (Knuth 6.4, R). */
function closeGap(slots: Uint32Array, gap: number): void {
  const mask = slots.length / 2 - 1
  let free = gap
  for (let slot = (free + 1) & mask; slots[2 * slot + 1] !== NO_INDEX; slot = (slot + 1) & mask) {
    const home = (slots[2 * slot] ?? 0) & mask
    if (((slot - home) & mask) < ((slot - free) & mask)) continue
    slots.copyWithin(2 * free, 2 * slot, 2 * slot + 2)
    free = slot
  }
  slots[2 * free + 1] = NO_INDEX
}

function grow(part: Part): void {
  const { slots } = part
  part.slots = new Uint32Array(2 * slots.length).fill(NO_INDEX)
  for (let i = 0; i < slots.length; i += 2) {
    const index = slots[i + 1] ?? NO_INDEX
    if (index !== NO_INDEX) put(part.slots, slots[i] ?? 0, index)
  }
}
