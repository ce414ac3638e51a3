// Payload files: the sealed sections beside the log, by class, month and chunk (docs/spec/log.md
// §4). Records are gathered in memory and written at a known position of their file, so that a
// write that failed or was cut short is simply done again at the same place.

import { closeSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  CHUNK_ENTRIES,
  payloadPath,
  RECORD_HEADER_BYTES,
  writeRecordHeader,
} from '@tocsin/sdk/entry'
import { makeDirectory, PRIVATE_FILE, syncDirectory, syncFile } from '../base/durable.ts'
import type { EntryRecord } from './record.ts'

const DAY_MS = 86_400_000
const PENDING_BYTES_MIN = 64 * 1024

export interface PayloadWriter {
  /** Bytes that wait in memory. */
  readonly pendingBytes: number
  /** Only into memory; keeps nothing of `record`. */
  append(index: number, record: EntryRecord): void
  /** Writes what waits; safe to repeat after a failure. */
  write(): void
  /** Writes and makes durable, files and names. */
  sync(): void
}

/** `directory` must not hold records of entries that are still to be appended. */
export function openPayloadWriter(directory: string): PayloadWriter {
  const files = new Map<string, PayloadFile>()
  /** The files of one chunk and one day by class: the names change no more often than that. */
  const current = new Map<string, PayloadFile>()
  let chunk = -1
  let day = -1

  function fileOf(retention: string, timeMs: number, index: number): PayloadFile {
    const chunkNow = Math.floor(index / CHUNK_ENTRIES)
    const dayNow = Math.floor(timeMs / DAY_MS)
    if (chunkNow !== chunk || dayNow !== day) current.clear()
    chunk = chunkNow
    day = dayNow
    const known = current.get(retention)
    if (known) return known
    const path = join(directory, payloadPath(retention, timeMs, index))
    const file = files.get(path) ?? new PayloadFile(path)
    files.set(path, file)
    current.set(retention, file)
    return file
  }

  function write(): void {
    for (const file of files.values()) file.write()
  }

  return {
    get pendingBytes() {
      let bytes = 0
      for (const file of files.values()) bytes += file.pendingBytes
      return bytes
    },
    append(index, { timeMs, sections }) {
      for (let section = 0; section < sections.length; section++) {
        const { retention, sealed } = sections[section] ?? { retention: '', sealed: NOTHING }
        fileOf(retention, timeMs, index).append({ index, section, sealed })
      }
    },
    write,
    sync() {
      write()
      for (const file of files.values()) file.sync()
      for (const file of files.values()) if (!isOpen(file)) files.delete(file.path)
    },
  }

  /** Files of earlier chunks are written no more. */
  function isOpen(file: PayloadFile): boolean {
    for (const open of current.values()) if (open === file) return true
    return false
  }
}

const NOTHING = new Uint8Array(0)

type Section = { readonly index: number; readonly section: number; readonly sealed: Uint8Array }

class PayloadFile {
  readonly path: string
  pendingBytes = 0
  #pending: Buffer = Buffer.allocUnsafeSlow(PENDING_BYTES_MIN)
  #view: DataView = viewOf(this.#pending)
  /** Length of what is written; looked up at the first write. */
  #written = -1
  #isDirty = false

  constructor(path: string) {
    this.path = path
  }

  append({ index, section, sealed }: Section): void {
    const at = this.pendingBytes
    const end = at + RECORD_HEADER_BYTES + sealed.length
    if (end > this.#pending.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(end, 2 * this.#pending.length))
      larger.set(this.#pending.subarray(0, at))
      this.#pending = larger
      this.#view = viewOf(larger)
    }
    writeRecordHeader(this.#view, at, { length: sealed.length, index, section })
    this.#pending.set(sealed, at + RECORD_HEADER_BYTES)
    this.pendingBytes = end
  }

  write(): void {
    if (this.pendingBytes === 0) return
    if (this.#written < 0) this.#written = sizeOf(this.path)
    makeDirectory(dirname(this.path))
    writeAt(this.path, this.#written, this.#pending.subarray(0, this.pendingBytes))
    this.#written += this.pendingBytes
    this.#isDirty = true
    this.pendingBytes = 0
  }

  sync(): void {
    if (!this.#isDirty) return
    syncFile(this.path)
    syncDirectory(dirname(this.path))
    this.#isDirty = false
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

function writeAt(path: string, position: number, bytes: Uint8Array): void {
  const fd = openSync(path, position === 0 ? 'w' : 'r+', PRIVATE_FILE)
  try {
    // Of an earlier try that was cut short nothing may stay behind what is written now.
    ftruncateSync(fd, position)
    let written = 0
    while (written < bytes.length) {
      written += writeSync(fd, bytes, written, bytes.length - written, position + written)
    }
  } finally {
    closeSync(fd)
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
