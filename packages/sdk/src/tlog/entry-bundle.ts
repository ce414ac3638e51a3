// Entry bundles (C2SP tlog-tiles v0.1.0, "Log entries"): up to 256 entries in a row, each behind
// its length as a big-endian uint16.

import { TocsinError } from '../errors.ts'

/** The length of an entry has 16 bits. */
const ENTRY_BYTES_MAX = 65_535
const LENGTH_BYTES = 2

/** Throws `tlog.bundle_malformed` for an entry over 65,535 bytes. */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  let size = 0
  for (const entry of entries) size += LENGTH_BYTES + entry.length
  const out = new Uint8Array(size)
  let at = 0
  for (const entry of entries) {
    if (entry.length > ENTRY_BYTES_MAX) {
      throw malformed(`an entry has ${entry.length} bytes; the most is ${ENTRY_BYTES_MAX}`)
    }
    out[at] = entry.length >> 8
    out[at + 1] = entry.length & 0xff
    out.set(entry, at + LENGTH_BYTES)
    at += LENGTH_BYTES + entry.length
  }
  return out
}

/** The `width` entries of a bundle, as views of `bytes`. Throws `tlog.bundle_malformed`. */
export function parseEntryBundle(bytes: Uint8Array, width: number): readonly Uint8Array[] {
  const { entries, end } = splitEntryBundle(bytes, width)
  if (entries.length < width) {
    throw malformed(`the bundle is cut off in entry ${entries.length} of ${width}`)
  }
  if (end < bytes.length) throw malformed(`${bytes.length - end} bytes follow the last entry`)
  return entries
}

/**
 * As many whole entries, at most `width`, as stand at the start of `bytes` (views of it), and where
 * they end. For readers that want to say which entry is the first damaged one.
 */
export function splitEntryBundle(
  bytes: Uint8Array,
  width: number,
): { readonly entries: readonly Uint8Array[]; readonly end: number } {
  const entries: Uint8Array[] = []
  let at = 0
  while (entries.length < width && at + LENGTH_BYTES <= bytes.length) {
    const end = at + LENGTH_BYTES + (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0))
    if (end > bytes.length) break
    entries.push(bytes.subarray(at + LENGTH_BYTES, end))
    at = end
  }
  return { entries, end: at }
}

function malformed(what: string): TocsinError {
  return new TocsinError('tlog.bundle_malformed', { public: what })
}
