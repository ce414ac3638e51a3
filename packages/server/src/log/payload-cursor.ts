// Finds sections in one payload file, for a reader that mostly walks forwards. Reads in windows, so
// that memory does not grow with the file, and goes on where it ended when the file has grown.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type PayloadRecord, RECORD_HEADER_BYTES, readRecord } from '@tocsin/sdk/entry'
import { hasCode } from '../base/durable.ts'

const WINDOW_BYTES = 256 * 1024

export interface PayloadCursor {
  /** The sealed bytes of a section, its caller's own; null when the file does not hold it. */
  seek(index: number, section: number): Uint8Array | null
}

type Place = { readonly index: number; readonly section: number }

export function openPayloadCursor(path: string): PayloadCursor {
  let window: Buffer = Buffer.alloc(0)
  let windowStart = 0
  /** Where the next record begins, and the record before it. */
  let offset = 0
  let passed: Place = { index: -1, section: 0 }

  function load(bytes: number): void {
    window = readPart(path, offset, bytes)
    windowStart = offset
  }

  /** null where the file ends before the record does. */
  function nextRecord(): PayloadRecord | null {
    const held = readRecord(window, offset - windowStart)
    if (held) return held
    load(WINDOW_BYTES)
    if (window.length < RECORD_HEADER_BYTES) return null
    const bytes = RECORD_HEADER_BYTES + window.readUInt32BE(0)
    if (bytes > window.length && window.length === WINDOW_BYTES) load(bytes)
    return readRecord(window, 0)
  }

  return {
    seek(index, section) {
      const place = { index, section }
      if (!isBefore(passed, place)) {
        offset = 0
        passed = { index: -1, section: 0 }
        load(WINDOW_BYTES)
      }
      for (let record = nextRecord(); record; record = nextRecord()) {
        if (isBefore(place, record)) return null
        if (!isBefore(record, place)) return new Uint8Array(record.sealed)
        passed = { index: record.index, section: record.section }
        offset += RECORD_HEADER_BYTES + record.sealed.length
      }
      return null
    },
  }
}

function isBefore(a: Place, b: Place): boolean {
  return a.index < b.index || (a.index === b.index && a.section < b.section)
}

/** At most `bytes` from `offset` on; none when there is no such file. */
function readPart(path: string, offset: number, bytes: number): Buffer {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return Buffer.alloc(0)
    throw error
  }
  try {
    // A damaged length must not decide how much memory is taken.
    const there = Math.max(0, Math.min(bytes, fstatSync(fd).size - offset))
    const part = Buffer.allocUnsafeSlow(there)
    return part.subarray(0, readSync(fd, part, 0, there, offset))
  } finally {
    closeSync(fd)
  }
}
