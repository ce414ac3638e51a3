// Which event ids the shard already holds, so that an event sent twice is stored once. The file
// `ids` has one row of 24 bytes per leaf index: the id and the digest of what its producer sent,
// both zero for a control entry. It is a view of the log and can be made again. In memory stands
// only a hash table (id-slots.ts): a hit is confirmed by reading the row, and hits are rare.
//
// Row 0 of the file is its head: how many rows were made durable, and their checksum. Rows are
// written when their entries have become durable in the log, in the background: so the length
// of the file tells a start how many entries were acknowledged for sure, and the head which rows it
// need not read from the log again.

import { hash } from 'node:crypto'
import {
  close,
  constants,
  fdatasync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  write,
} from 'node:fs'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import { isDiskFull, PRIVATE_FILE, syncFailed } from '../base/durable.ts'
import { IdSlots, SLOT_KEY_BYTES } from './id-slots.ts'
import { DIGEST_BYTES, ID_BYTES } from './record.ts'

const ROW_BYTES = ID_BYTES + DIGEST_BYTES
const MAGIC = Buffer.from('TOCSINI1')
const READ_ROWS = 8192
const SLOT_KEY_LABEL = 'tocsin/ids/v1'
const writeAsync = promisify(write)
const syncAsync = promisify(fdatasync)
const closeAsync = promisify(close)

export type IdFate = 'new' | 'duplicate' | 'conflict'

export interface IdTable {
  /** Entries known. */
  readonly size: number
  /** Entries that were surely acknowledged before the table was opened. */
  readonly acknowledged: number
  /** What storing this event would be; looks at everything added so far, durable or not. */
  find(id: Uint8Array, digest: Uint8Array): IdFate
  /** The next leaf index is an event's. */
  add(id: Uint8Array, digest: Uint8Array): void
  /** The next leaf index is a control entry's, which has no id. */
  addControl(): void
  /** Forgets what was added from `size` on, after a write that failed; never behind a `flush`. */
  truncate(size: number): void
  /** What was added is durable in the log. Writes it to the file in the background, when it can. */
  flush(): void
  /**
   * Makes what was flushed durable; the log may then drop the records it came from. Throws what the
   * disk says: when it is full, the next call tries again. One call at a time.
   */
  sync(): Promise<void>
  /** Waits for what is being written; does not make it durable. May be called again. */
  close(): Promise<void>
}

export type IdTableDeps = {
  /** Secret; keys the hash table. */
  readonly hashKey: Uint8Array
  /** Called when the file cannot be written for another reason than a full disk. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Opens the table with the rows that the file's head vouches for; none of a file that is missing or
 * damaged. The caller adds the others from the log.
 */
export function openIdTable(path: string, deps: IdTableDeps): IdTable {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, PRIVATE_FILE)
  const key = hash('sha256', Buffer.concat([Buffer.from(SLOT_KEY_LABEL), deps.hashKey]), 'buffer')
  const slots = new IdSlots(key.subarray(0, SLOT_KEY_BYTES))
  const stored = loadRows(fd, slots)
  const rows = new RowFile(fd, stored)
  const row = Buffer.alloc(ROW_BYTES)
  let known = stored.rows
  let soughtId: Uint8Array = row
  let found: Uint8Array = row

  const isSought = (index: number): boolean => {
    found = rows.row(index)
    return startsWith(found, soughtId)
  }

  return {
    get size() {
      return known
    },
    acknowledged: stored.acknowledged,
    find(id, digest) {
      soughtId = id
      if (slots.find(id, isSought) < 0) return 'new'
      return startsWith(found.subarray(ID_BYTES), digest) ? 'duplicate' : 'conflict'
    },
    add(id, digest) {
      row.set(id)
      row.set(digest, ID_BYTES)
      rows.append(row)
      slots.insert(row, 0, known)
      known += 1
    },
    addControl() {
      rows.append(row.fill(0))
      known += 1
    },
    truncate(size) {
      for (; known > size; known--) {
        const last = rows.row(known - 1)
        if (!isControl(last)) slots.remove(last, 0, known - 1)
        rows.drop()
      }
    },
    flush: () => {
      rows.commit()
      void rows.write().catch(error => {
        if (!isDiskFull(error)) deps.onFailure(error)
      })
    },
    async sync() {
      await rows.write()
      await rows.sync(path)
    },
    close: () => rows.close(),
  }
}

type Stored = {
  readonly hasHead: boolean
  readonly rows: number
  readonly crc: number
  readonly acknowledged: number
}

/** Reads the rows that the head vouches for into `slots`; none when they are not those. */
function loadRows(fd: number, slots: IdSlots): Stored {
  const head = Buffer.alloc(ROW_BYTES)
  const fileRows = Math.max(0, Math.floor(fstatSync(fd).size / ROW_BYTES) - 1)
  readSync(fd, head, 0, ROW_BYTES, 0)
  const isHead = head.subarray(0, MAGIC.length).equals(MAGIC)
  if (!isHead || crc32(head.subarray(0, 20)) !== head.readUInt32BE(20)) {
    // Not a table, or one of which not even the length can be trusted.
    ftruncateSync(fd, 0)
    return { hasHead: false, rows: 0, crc: 0, acknowledged: 0 }
  }
  const synced = Number(head.readBigUInt64BE(8))
  const acknowledged = Math.max(fileRows, synced)
  let crc = 0
  for (const { bytes } of readRows(fd, synced)) crc = crc32(bytes, crc)
  if (fileRows < synced || crc !== head.readUInt32BE(16)) {
    return { hasHead: true, rows: 0, crc: 0, acknowledged }
  }
  for (const { bytes, firstIndex } of readRows(fd, synced)) insertRows(slots, bytes, firstIndex)
  return { hasHead: true, rows: synced, crc, acknowledged }
}

type Rows = { readonly bytes: Buffer; readonly firstIndex: number }

function* readRows(fd: number, count: number): Generator<Rows> {
  const chunk = Buffer.alloc(READ_ROWS * ROW_BYTES)
  for (let firstIndex = 0; firstIndex < count; firstIndex += READ_ROWS) {
    const wanted = Math.min(READ_ROWS, count - firstIndex) * ROW_BYTES
    const read = readSync(fd, chunk, 0, wanted, (firstIndex + 1) * ROW_BYTES)
    yield { bytes: chunk.subarray(0, read), firstIndex }
  }
}

function insertRows(slots: IdSlots, bytes: Buffer, firstIndex: number): void {
  for (let at = 0; at + ROW_BYTES <= bytes.length; at += ROW_BYTES) {
    const row = bytes.subarray(at, at + ROW_BYTES)
    if (!isControl(row)) slots.insert(row, 0, firstIndex + at / ROW_BYTES)
  }
}

function isControl(row: Uint8Array): boolean {
  for (let i = 0; i < ROW_BYTES; i++) if (row[i] !== 0) return false
  return true
}

function startsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  for (let i = 0; i < head.length; i++) if (bytes[i] !== head[i]) return false
  return true
}

/** The rows: those in the file, and behind them those that wait in memory. */
class RowFile {
  readonly #fd: number
  /** Rows in the file, and the checksum of them all. */
  #written: number
  #crc: number
  #tail: Buffer = Buffer.alloc(256 * ROW_BYTES)
  /** Rows in `#tail`, and how many of them may be written. */
  #waiting = 0
  #committed = 0
  readonly #row: Buffer = Buffer.alloc(ROW_BYTES)
  #writing: Promise<void> | null = null
  #hasHead: boolean
  #isOpen = true

  constructor(fd: number, stored: Stored) {
    this.#fd = fd
    this.#hasHead = stored.hasHead
    this.#written = stored.rows
    this.#crc = stored.crc
  }

  append(row: Uint8Array): void {
    const at = this.#waiting * ROW_BYTES
    // A fresh buffer: the old one may be on its way to the disk.
    if (at + ROW_BYTES > this.#tail.length) {
      this.#tail = Buffer.concat([this.#tail], 2 * this.#tail.length)
    }
    this.#tail.set(row, at)
    this.#waiting += 1
  }

  /** Valid until the next call. */
  row(index: number): Uint8Array {
    const at = (index - this.#written) * ROW_BYTES
    if (at >= 0) return this.#tail.subarray(at, at + ROW_BYTES)
    const read = readSync(this.#fd, this.#row, 0, ROW_BYTES, (index + 1) * ROW_BYTES)
    return this.#row.subarray(0, read)
  }

  drop(): void {
    if (this.#waiting <= this.#committed) throw new RangeError('a committed row cannot be dropped')
    this.#waiting -= 1
  }

  commit(): void {
    this.#committed = this.#waiting
  }

  /** Writes what is committed. Callers that come meanwhile wait for the same write and one more. */
  async write(): Promise<void> {
    while (this.#writing) await this.#writing.catch(() => {})
    if (this.#committed === 0) return
    this.#writing = this.#writeCommitted().finally(() => {
      this.#writing = null
    })
    await this.#writing
  }

  async #writeCommitted(): Promise<void> {
    if (!this.#hasHead) await this.#writeHead(printHead(0, 0))
    const rows = this.#committed
    const bytes = this.#tail.subarray(0, rows * ROW_BYTES)
    await writeAll(this.#fd, bytes, (this.#written + 1) * ROW_BYTES)
    this.#crc = crc32(bytes, this.#crc)
    this.#written += rows
    this.#tail.copyWithin(0, rows * ROW_BYTES, this.#waiting * ROW_BYTES)
    this.#waiting -= rows
    this.#committed -= rows
  }

  async #writeHead(head: Uint8Array): Promise<void> {
    await writeAll(this.#fd, head, 0)
    this.#hasHead = true
  }

  /** The rows first, then the head that vouches for them. */
  async sync(path: string): Promise<void> {
    const head = printHead(this.#written, this.#crc)
    await this.#syncFile(path)
    await this.#writeHead(head)
    await this.#syncFile(path)
  }

  async #syncFile(path: string): Promise<void> {
    try {
      await syncAsync(this.#fd)
    } catch (cause) {
      throw syncFailed(path, cause)
    }
  }

  async close(): Promise<void> {
    await this.#writing?.catch(() => {})
    if (this.#isOpen) await closeAsync(this.#fd)
    this.#isOpen = false
  }
}

function printHead(rows: number, crc: number): Buffer {
  const head = Buffer.alloc(ROW_BYTES)
  head.set(MAGIC)
  head.writeBigUInt64BE(BigInt(rows), 8)
  head.writeUInt32BE(crc, 16)
  head.writeUInt32BE(crc32(head.subarray(0, 20)), 20)
  return head
}

async function writeAll(fd: number, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await writeAsync(fd, bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}
