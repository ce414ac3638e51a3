// Lines that were refused, with the reason, for whoever mends the sender: one NDJSON file a day,
// readable by the owner alone. It holds what clients sent, so it is bounded, and it is never
// needed: a disk that fails or is full is counted and said once, and capture goes on.

import { isUtf8 } from 'node:buffer'
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

export type QuarantineConfig = {
  readonly directory: string
  /** All files together. Today's file may take half of it; older files make room, oldest first. */
  readonly bytesMax?: number
  /** One sentence when writing begins to fail. */
  readonly report: (level: 'warn', sentence: string) => void
}

export type QuarantinedLine = {
  readonly timeMs: number
  readonly source: string
  /** Where the line stands in its file; absent for what came over the network. */
  readonly offset?: number
  readonly code: string
  readonly field?: string
  readonly reason: string
  /** Size of the whole line. */
  readonly bytes: number
  /** The line or its beginning. */
  readonly line: Uint8Array | string
}

export type QuarantineCounts = {
  readonly written: number
  /** Not written because today's file is full or too much was waiting. */
  readonly dropped: number
  /** Not written because the disk failed. */
  readonly failed: number
  /** Old files that made room. */
  readonly filesRemoved: number
}

export interface Quarantine {
  /** Resolves when the lines are on disk, or counted as not kept. Never rejects. */
  add(lines: readonly QuarantinedLine[]): Promise<void>
  readonly counts: QuarantineCounts
}

export const LINE_EXCERPT_BYTES_MAX = 2048
const QUARANTINE_BYTES_MAX = 256 * 1024 * 1024
const WAITING_BYTES_MAX = 16 * 1024 * 1024
const REASON_CHARS_MAX = 1024
const PRIVATE_FILE = 0o600
const PRIVATE_DIRECTORY = 0o700
const DAY_FILE = /^\d{4}-\d\d-\d\d\.ndjson$/

/** Creates the directory with the first line. */
export function openQuarantine(config: QuarantineConfig): Quarantine {
  return new DiskQuarantine(config)
}

type DayFile = { readonly name: string; size: number }

class DiskQuarantine implements Quarantine {
  readonly #directory: string
  readonly #bytesMax: number
  readonly #report: QuarantineConfig['report']
  readonly #counts = { written: 0, dropped: 0, failed: 0, filesRemoved: 0 }
  /** Oldest first; null until the directory was looked at. */
  #files: DayFile[] | null = null
  #queue: Promise<void> = Promise.resolve()
  #waitingBytes = 0
  #failing = false

  constructor({ directory, bytesMax, report }: QuarantineConfig) {
    this.#directory = directory
    this.#bytesMax = bytesMax ?? QUARANTINE_BYTES_MAX
    this.#report = report
  }

  get counts(): QuarantineCounts {
    return { ...this.#counts }
  }

  add(lines: readonly QuarantinedLine[]): Promise<void> {
    for (const [name, rows] of Map.groupBy(lines, line => dayFileOf(line.timeMs))) {
      const texts = rows.map(render)
      const size = texts.reduce((sum, text) => sum + text.length, 0)
      if (this.#waitingBytes + size > WAITING_BYTES_MAX) {
        this.#counts.dropped += rows.length
        continue
      }
      this.#waitingBytes += size
      this.#queue = this.#queue.then(async () => {
        await this.#write(name, texts)
        this.#waitingBytes -= size
      })
    }
    return this.#queue
  }

  async #write(name: string, texts: readonly string[]): Promise<void> {
    try {
      this.#files ??= await this.#lookUp()
      const kept = await this.#fitting(name, texts)
      if (kept.length > 0) await this.#append(name, kept.join(''))
      this.#counts.written += kept.length
      this.#counts.dropped += texts.length - kept.length
      this.#failing = false
    } catch (error) {
      this.#counts.failed += texts.length
      this.#files = null
      this.#sayFailing(error)
    }
  }

  /** The lines for which today's file has room, after older files have made room for them. */
  async #fitting(name: string, texts: readonly string[]): Promise<readonly string[]> {
    const files = this.#files ?? []
    const today = files.find(file => file.name === name)?.size ?? 0
    let left = Math.floor(this.#bytesMax / 2) - today
    const full = texts.findIndex(text => {
      left -= Buffer.byteLength(text)
      return left < 0
    })
    const kept = full < 0 ? texts : texts.slice(0, full)
    const size = Buffer.byteLength(kept.join(''))
    let total = files.reduce((sum, file) => sum + file.size, size)
    while (total > this.#bytesMax) {
      const oldest = files.findIndex(file => file.name !== name)
      const [file] = oldest < 0 ? [] : files.splice(oldest, 1)
      if (!file) break
      await rm(join(this.#directory, file.name), { force: true })
      this.#counts.filesRemoved += 1
      total -= file.size
    }
    return kept
  }

  async #append(name: string, text: string): Promise<void> {
    const file = await open(join(this.#directory, name), 'a', PRIVATE_FILE)
    try {
      await file.appendFile(text)
      await file.datasync()
    } finally {
      await file.close()
    }
    const files = this.#files ?? []
    const known = files.find(entry => entry.name === name)
    if (known) known.size += Buffer.byteLength(text)
    else files.push({ name, size: Buffer.byteLength(text) })
    files.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async #lookUp(): Promise<DayFile[]> {
    await mkdir(this.#directory, { recursive: true, mode: PRIVATE_DIRECTORY })
    const names = (await readdir(this.#directory)).filter(name => DAY_FILE.test(name)).sort()
    return Promise.all(
      names.map(async name => ({ name, size: (await stat(join(this.#directory, name))).size })),
    )
  }

  #sayFailing(error: unknown): void {
    if (this.#failing) return
    this.#failing = true
    const cause = error instanceof Error ? error.message : String(error)
    this.#report(
      'warn',
      `refused lines cannot be kept in ${this.#directory}: ${cause}; they are counted only`,
    )
  }
}

function dayFileOf(timeMs: number): string {
  return `${isoTime(timeMs).slice(0, 10)}.ndjson`
}

function isoTime(timeMs: number): string {
  const time = new Date(timeMs)
  return Number.isNaN(time.getTime()) ? new Date(0).toISOString() : time.toISOString()
}

function render(row: QuarantinedLine): string {
  const { source, offset, code, field, reason, bytes, line } = row
  return `${JSON.stringify({
    time: isoTime(row.timeMs),
    source,
    offset,
    code,
    field,
    reason: reason.slice(0, REASON_CHARS_MAX),
    bytes,
    ...excerptOf(typeof line === 'string' ? Buffer.from(line) : line),
  })}\n`
}

/** Text where it is UTF-8, up to a character that the cut may have split; else base64. */
function excerptOf(line: Uint8Array): { line: string } | { lineBase64: string } {
  const bytes = line.subarray(0, LINE_EXCERPT_BYTES_MAX)
  const whole = bytes.length < LINE_EXCERPT_BYTES_MAX ? bytes : withoutSplitEnd(bytes)
  if (isUtf8(whole)) return { line: Buffer.from(whole).toString('utf8') }
  return { lineBase64: Buffer.from(bytes).toString('base64') }
}

function withoutSplitEnd(bytes: Uint8Array): Uint8Array {
  for (let end = bytes.length; end > bytes.length - 4; end--) {
    const cut = bytes.subarray(0, end)
    if (isUtf8(cut)) return cut
  }
  return bytes
}
