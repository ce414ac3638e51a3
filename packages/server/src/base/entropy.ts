// Randomness, handed in. Bytes come from the kernel in batches: asking for 32 of them costs 3 µs,
// taking them from a batch of 32 KiB 0.02 µs.

import { randomFillSync } from 'node:crypto'

const BATCH_BYTES = 32 * 1024
/** Most bytes in one call. */
const CALL_BYTES_MAX = 1024

export interface Entropy {
  /** `length` fresh random bytes, at most 1,024; they belong to the caller. */
  bytes(length: number): Uint8Array
  /** Writes `length` fresh random bytes, at most 1,024, into `target` from `at` on. */
  fill(target: Uint8Array, at: number, length: number): void
}

export function systemEntropy(): Entropy {
  const batch = new Uint8Array(BATCH_BYTES)
  let next = BATCH_BYTES

  function fill(target: Uint8Array, at: number, length: number): void {
    if (length > CALL_BYTES_MAX || at + length > target.length) {
      throw new RangeError(`no room for ${length} random bytes`)
    }
    if (next + length > BATCH_BYTES) {
      randomFillSync(batch)
      next = 0
    }
    // What was handed out once must never be handed out again, not even after a mistake.
    for (let i = 0; i < length; i++) {
      target[at + i] = batch[next + i] ?? 0
      batch[next + i] = 0
    }
    next += length
  }

  return {
    fill,
    bytes(length) {
      const out = new Uint8Array(length)
      fill(out, 0, length)
      return out
    },
  }
}
