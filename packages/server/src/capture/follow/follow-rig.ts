// What the tests of following share: a directory with a log that is written and rotated as real
// programs do it, and a follower that polls when it is told to and can be killed.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { systemClock } from '../../base/clock.ts'
import {
  type FollowConfig,
  type FollowPosition,
  followFile,
  type Gap,
  type LineBatch,
  type LogFiles,
  lineIdentity,
} from './follow.ts'

/** Lines as they reached the log: each identity once, as the server stores it. */
export class Ledger {
  readonly byIdentity: Map<string, string> = new Map()
  readonly gaps: Gap[] = []
  /** Lines given out, those that came again included. */
  received = 0

  take({ fingerprint, lines }: LineBatch): void {
    for (const line of lines) {
      const { offset, bytes } = line
      const identity = lineIdentity({ fingerprint, offset, bytes })
      const text = line.kind === 'line' ? line.text : `(${line.code})`
      this.byIdentity.set(createHash('sha256').update(identity).digest('hex'), text)
      this.received += 1
    }
  }

  get texts(): readonly string[] {
    return [...this.byIdentity.values()]
  }
}

export class Rig {
  readonly directory: string
  readonly path: string
  readonly ledger: Ledger = new Ledger()
  readonly reports: string[] = []
  /** The clock is compared with the times of real files. */
  nowMs: number = systemClock.nowMs()
  saved: FollowPosition | null = null
  saves = 0
  /** Set to make the consumer fail. */
  consumerError: Error | null = null
  /** Lines given out are durable only when this is resolved. */
  durable: Promise<void> = Promise.resolve()
  files: LogFiles | undefined
  config: Partial<FollowConfig> = {}
  #written = 0
  #fd: number | null = null
  #stop: AbortController | null = null
  #done: Promise<void> = Promise.resolve()
  #wake: () => void = () => {}
  #asleep: PromiseWithResolvers<void> = Promise.withResolvers()
  #killed = false

  constructor(name: string = 'access.log') {
    this.directory = fs.mkdtempSync(join(tmpdir(), 'tocsin-follow-'))
    this.path = join(this.directory, name)
  }

  start(): void {
    const stop = new AbortController()
    this.#stop = stop
    this.#killed = false
    this.#asleep = Promise.withResolvers()
    const config = {
      path: this.path,
      invalidUtf8: 'refuse',
      saveEveryMs: 0,
      ...this.config,
    } as const
    const ports = {
      store: {
        load: async () => this.saved,
        save: async (position: FollowPosition) => {
          if (this.#killed) return
          this.saved = position
          this.saves += 1
        },
      },
      consumer: {
        lines: async (batch: LineBatch) => {
          if (this.consumerError) throw this.consumerError
          this.ledger.take(batch)
          await this.durable
        },
        gap: async (gap: Gap) => {
          this.ledger.gaps.push(gap)
        },
      },
      clock: { nowMs: () => this.nowMs },
      sleep: (_ms: number, signal: AbortSignal) => this.#sleep(signal),
      report: (_level: string, sentence: string) => {
        this.reports.push(sentence)
      },
      ...(this.files ? { files: this.files } : {}),
    }
    this.#done = followFile(config, ports, stop.signal)
    this.#done.catch(() => this.#asleep.resolve())
  }

  #sleep(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    this.#asleep.resolve()
    return promise
  }

  get running(): boolean {
    return this.#stop !== null
  }

  /** One whole poll: everything that is there is read. */
  async poll(): Promise<void> {
    if (!this.running) this.start()
    else {
      await this.#asleep.promise
      this.#asleep = Promise.withResolvers()
      this.#wake()
    }
    await this.#asleep.promise
  }

  async stop(): Promise<void> {
    await this.#asleep.promise
    this.#stop?.abort()
    this.#wake()
    this.#stop = null
    await this.#done
  }

  /** As `kill -9` does: what was not saved before is not saved. */
  async kill(): Promise<void> {
    this.#killed = true
    await this.stop()
  }

  /** The rejection of the follower. */
  failure(): Promise<unknown> {
    return this.#done.then(
      () => null,
      (error: unknown) => {
        this.#stop = null
        return error
      },
    )
  }

  newLine(): string {
    this.#written += 1
    // The number comes first: files of which little was read must differ in it.
    return `${this.#written} line ${'x'.repeat((this.#written * 7) % 50)}`
  }

  /** Appends to the open file, as a server does: under whatever name it has now. */
  write(text: string): void {
    this.#fd ??= fs.openSync(this.path, 'a')
    fs.writeSync(this.#fd, text)
  }

  writeLines(count: number): readonly string[] {
    const lines = Array.from({ length: count }, () => this.newLine())
    for (const line of lines) this.write(`${line}\n`)
    return lines
  }

  /** The server closes its log and opens the one under the path with the next line. */
  reopen(): void {
    if (this.#fd !== null) fs.closeSync(this.#fd)
    this.#fd = null
  }

  #shift(): void {
    for (let i = 9; i >= 1; i--) {
      for (const suffix of ['', '.gz']) {
        const from = `${this.path}.${i}${suffix}`
        if (fs.existsSync(from)) fs.renameSync(from, `${this.path}.${i + 1}${suffix}`)
      }
    }
  }

  rotate(): void {
    this.#shift()
    if (fs.existsSync(this.path)) fs.renameSync(this.path, `${this.path}.1`)
  }

  copyTruncate(): void {
    this.#shift()
    fs.copyFileSync(this.path, `${this.path}.1`)
    fs.truncateSync(this.path, 0)
  }

  truncate(): void {
    fs.truncateSync(this.path, 0)
  }

  compress(index: number): void {
    const plain = `${this.path}.${index}`
    if (!fs.existsSync(plain)) return
    const { mtime, atime } = fs.statSync(plain)
    fs.writeFileSync(`${plain}.gz`, gzipSync(fs.readFileSync(plain)))
    fs.utimesSync(`${plain}.gz`, atime, mtime)
    fs.rmSync(plain)
  }

  async close(): Promise<void> {
    if (this.running) await this.stop()
    this.reopen()
    fs.rmSync(this.directory, { recursive: true, force: true })
  }

  /** Every expected line arrived, under one identity, and nothing else did. */
  assertExactly(expected: readonly string[]): void {
    assert.deepEqual([...this.ledger.texts].sort(), [...expected].sort())
  }
}
