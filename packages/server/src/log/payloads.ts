// Payload files: the sealed sections beside the log, by class, month and chunk (docs/spec/log.md §4).
// Records are gathered in memory and written at a known position of their file, so that a write that
// failed or was cut short is simply done again at the same place. Cut back at start to what the
// checkpoint covers; the rest comes again from the write-ahead log.

import {
  closeSync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import {
  CHUNK_ENTRIES,
  payloadPath,
  RECORD_HEADER_BYTES,
  readRecord,
  writeRecordHeader,
} from '@tocsin/sdk/entry'
import { hasCode, makeDirectory, syncDirectory } from '../base/durable.ts'
import type { EntryRecord } from './record.ts'

type OpenFile = {
  readonly path: string
  /** Length of what is written. */
  bytes: number
  pending: Uint8Array[]
  pendingBytes: number
  isDirty: boolean
}

export interface PayloadWriter {
  /** Bytes that wait in memory. */
  readonly pendingBytes: number
  /** Only into memory. */
  append(index: number, record: EntryRecord): void
  /** Writes what waits; safe to repeat after a failure. */
  write(): void
  /** Writes and makes durable, files and names. */
  sync(): void
}

export function openPayloadWriter(directory: string): PayloadWriter {
  const files = new Map<string, OpenFile>()
  const newDirectories = new Set<string>()
  let pendingBytes = 0

  function fileFor(path: string): OpenFile {
    const found = files.get(path)
    if (found) return found
    const full = join(directory, path)
    const fresh = { path: full, bytes: sizeOf(full), pending: [], pendingBytes: 0, isDirty: false }
    if (fresh.bytes === 0) newDirectories.add(dirname(full))
    files.set(path, fresh)
    return fresh
  }

  function write(): void {
    for (const file of files.values()) {
      if (file.pendingBytes === 0) continue
      makeDirectory(dirname(file.path))
      writeAt(file.path, file.bytes, file.pending)
      pendingBytes -= file.pendingBytes
      file.bytes += file.pendingBytes
      file.pending = []
      file.pendingBytes = 0
      file.isDirty = true
    }
  }

  return {
    get pendingBytes() {
      return pendingBytes
    },
    append(index, record) {
      for (const [section, { retention, sealed }] of record.sections.entries()) {
        const file = fileFor(payloadPath(retention, record.timeMs, index))
        const header = new Uint8Array(RECORD_HEADER_BYTES)
        const view = new DataView(header.buffer)
        writeRecordHeader(view, 0, { length: sealed.length, index, section })
        file.pending.push(header, sealed)
        file.pendingBytes += header.length + sealed.length
        pendingBytes += header.length + sealed.length
      }
    },
    write,
    sync() {
      write()
      for (const file of files.values()) if (file.isDirty) syncFile(file)
      for (const path of newDirectories) syncDirectory(path)
      newDirectories.clear()
      // Files of earlier chunks are written no more.
      if (files.size > OPEN_FILES_MAX) files.clear()
    },
  }
}

const OPEN_FILES_MAX = 64

function syncFile(file: OpenFile): void {
  const fd = openSync(file.path, 'r+')
  try {
    fdatasyncSync(fd)
  } finally {
    closeSync(fd)
  }
  file.isDirty = false
}

function writeAt(path: string, position: number, parts: readonly Uint8Array[]): void {
  const fd = openSync(path, position === 0 ? 'w' : 'r+', 0o600)
  try {
    ftruncateSync(fd, position)
    const bytes = Buffer.concat(parts)
    let written = 0
    while (written < bytes.length) {
      written += writeSync(fd, bytes, written, bytes.length - written, position + written)
    }
  } finally {
    closeSync(fd)
  }
}

/** Removes every record at or beyond `size`: what a crash left behind the checkpoint. */
export function cutPayloads(directory: string, size: number): void {
  const firstChunk = Math.floor(size / CHUNK_ENTRIES)
  for (const path of payloadFiles(directory)) {
    const chunk = Number.parseInt(path.slice(path.lastIndexOf('/') + 1), 10)
    if (chunk > firstChunk) unlinkSync(path)
    else if (chunk === firstChunk) cutFile(path, size)
  }
}

function cutFile(path: string, size: number): void {
  const bytes = readFileSync(path)
  let end = 0
  for (let record = readRecord(bytes, 0); record; record = readRecord(bytes, record.end)) {
    if (record.index >= size) break
    end = record.end
  }
  if (end < bytes.length) truncateSync(path, end)
}

function payloadFiles(directory: string): string[] {
  try {
    const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    return names.filter(name => name.endsWith('.seal')).map(name => join(directory, name))
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return []
    throw cause
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
