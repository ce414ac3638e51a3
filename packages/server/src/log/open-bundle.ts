// The entry bundle that is not full yet, as the bytes that will stand in its file: entries behind
// their lengths, as the SDK's `encodeEntryBundle` writes them, without an object per entry.

import { encodeEntryBundle } from '@tocsin/sdk/tlog'

const LENGTH_BYTES = 2
const BYTES_MIN = 128 * 1024

export interface OpenBundle {
  /** Entries in it. */
  readonly width: number
  /** Copies the entry, which has at most 65,535 bytes. */
  append(entry: Uint8Array): void
  /** A copy. */
  bytes(): Uint8Array
  clear(): void
}

export function buildOpenBundle(entries: readonly Uint8Array[]): OpenBundle {
  const start = encodeEntryBundle(entries)
  let bytes: Buffer = Buffer.allocUnsafeSlow(Math.max(BYTES_MIN, start.length))
  bytes.set(start)
  let end = start.length
  let width = entries.length
  return {
    get width() {
      return width
    },
    append(entry) {
      const next = end + LENGTH_BYTES + entry.length
      if (next > bytes.length) bytes = Buffer.concat([bytes], Math.max(next, 2 * bytes.length))
      bytes.writeUInt16BE(entry.length, end)
      bytes.set(entry, end + LENGTH_BYTES)
      end = next
      width += 1
    },
    bytes: () => Uint8Array.prototype.slice.call(bytes, 0, end),
    clear() {
      end = 0
      width = 0
    },
  }
}
