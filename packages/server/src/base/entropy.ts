// Randomness, handed in. Bytes come from the kernel in batches: asking for 32 of them costs 3 µs,
// taking them from a batch of 32 KiB 0.02 µs.

import { randomFillSync } from 'node:crypto'

const BATCH_BYTES = 32 * 1024

export interface Entropy {
  /** `length` fresh random bytes, at most 1,024; they belong to the caller. */
  bytes(length: number): Uint8Array
}

export function systemEntropy(): Entropy {
  const batch = Buffer.alloc(BATCH_BYTES)
  let at = BATCH_BYTES
  return {
    bytes(length) {
      if (at + length > BATCH_BYTES) {
        randomFillSync(batch)
        at = 0
      }
      const out = Uint8Array.prototype.slice.call(batch, at, at + length)
      // What was handed out once must never be handed out again, not even after a mistake.
      batch.fill(0, at, at + length)
      at += length
      return out
    },
  }
}
