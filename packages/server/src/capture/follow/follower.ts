// The state of following one path: which files are being read, and in which order. One poll looks
// for rotation, reads every file to its end, oldest first, and retires those that have been quiet.
// Recovery is the same code: at the start nothing is open, and the saved position is what is known.

import { dirname } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import type { Line } from '../lines.ts'
import { AckWindow } from './ack-window.ts'
import {
  type Candidate,
  type Gap,
  gap,
  isMissing,
  isSame,
  type LookAround,
  lookAround,
  NotAFile,
  type Plan,
  planReading,
} from './discover.ts'
import { describeFailure } from './failure.ts'
import type { LogFiles } from './log-files.ts'
import type { FilePosition, FollowPosition } from './position.ts'
import { type ReadingConfig, type ReadStep, readBefore, TrackedFile } from './tracked-file.ts'

export type LineBatch = {
  /** The path under which the file was opened. */
  readonly path: string
  /** Of the file the lines stand in: for `lineIdentity`. */
  readonly fingerprint: Uint8Array
  readonly lines: readonly Line[]
}

export interface LineConsumer {
  /**
   * Resolves when every line is durable, or kept in the quarantine. May be called again before it
   * has resolved, with later lines. A rejection ends following; the position stays before the
   * batch.
   */
  lines(batch: LineBatch): Promise<void>
  /** Resolves when the gap is recorded. */
  gap(gap: Gap): Promise<void>
}

export type FollowerConfig = ReadingConfig & {
  readonly path: string
  /** A rotated file is closed when it has been quiet for so long; its last line ends there. */
  readonly retireAfterMs: number
  readonly batchesInFlightMax: number
}

export type FollowerPorts = {
  readonly files: LogFiles
  readonly consumer: LineConsumer
  readonly clock: Clock
  readonly report: (level: 'info' | 'warn', sentence: string) => void
}

/** Reads of one file before rotation is looked for again. */
const READS_PER_POLL_MAX = 64

export class Follower {
  readonly #config: FollowerConfig
  readonly #ports: FollowerPorts
  readonly #window: AckWindow
  /** Oldest first; the last one is, or was, under the path. */
  readonly #chain: TrackedFile[] = []
  /** Files that were read to their end and closed. */
  readonly #retired = new Set<string>()
  /** What was saved, until the first look around. */
  #remembered: FollowPosition | null
  #waitingSinceMs: number
  #trouble: string | null = null
  #consumerFailed = false
  #directorySeenNs: bigint | null = null

  constructor(config: FollowerConfig, ports: FollowerPorts, saved: FollowPosition | null) {
    this.#config = config
    this.#ports = ports
    this.#window = new AckWindow(config.batchesInFlightMax)
    this.#waitingSinceMs = saved?.waitingSinceMs ?? ports.clock.nowMs()
    this.#remembered = saved ?? { files: [] }
  }

  /**
   * True when there is more to read at once. Trouble with files is reported, and tried again at the
   * next poll; rejects only with what the consumer rejected with.
   */
  async poll(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#look()
      for (const file of [...this.#chain]) {
        if (await this.#readOn(file, signal)) return true
      }
      await this.#retireQuiet()
    } catch (error) {
      if (this.#consumerFailed || !isFileFailure(error)) throw error
      await this.#noteFailure(error)
    }
    return false
  }

  /** Up to where everything is durable. null before the first look around: nothing has changed. */
  get position(): FollowPosition | null {
    if (this.#remembered !== null) return null
    return this.#positionAt(file => file.acknowledged)
  }

  get #newest(): TrackedFile | undefined {
    return this.#chain[this.#chain.length - 1]
  }

  #positionAt(place: (file: TrackedFile) => FilePosition): FollowPosition {
    if (this.#chain.length === 0) return { files: [], waitingSinceMs: this.#waitingSinceMs }
    return { files: this.#chain.map(place) }
  }

  /** Rejects as soon as the consumer does with a batch; never resolves. */
  get failed(): Promise<never> {
    return this.#window.failed
  }

  /** Waits for what was given out, and closes the files. */
  async close(): Promise<void> {
    try {
      await this.#window.drain()
    } finally {
      await Promise.all(this.#chain.map(file => file.close()))
    }
  }

  /** Looks around at the start and after a rotation; the names of most polls are as they were. */
  async #look(): Promise<void> {
    try {
      if (this.#remembered !== null) await this.#begin(this.#remembered)
      if (await this.#wasRotated()) await this.#addNewer()
      else if (this.#newest?.delivered.tail === null) await this.#lookInDirectory()
      this.#noteTrouble(null)
    } catch (error) {
      if (!isMissing(error)) throw error
      await this.#lookInDirectory()
      // Between two files of a rotation the path is missing: what is open is read on.
      if (this.#chain.length === 0) throw error
    }
  }

  /**
   * While nothing is under the path, or nothing is in it, lines may come and be rotated or copied
   * away between two polls: so the directory is looked at when it has changed.
   */
  async #lookInDirectory(): Promise<void> {
    const { mtimeNs } = await this.#ports.files.facts(dirname(this.#config.path))
    if (mtimeNs !== this.#directorySeenNs) await this.#addNewer()
  }

  async #lookAround(known: FollowPosition): Promise<LookAround> {
    const { path } = this.#config
    // Before, not after: what changes meanwhile is looked at again.
    const { mtimeNs } = await this.#ports.files.facts(dirname(path))
    const around = await lookAround(this.#ports.files, path, known.files)
    this.#directorySeenNs = mtimeNs
    return around
  }

  async #begin(remembered: FollowPosition): Promise<void> {
    const around = await this.#lookAround(remembered)
    const plan = planReading(this.#config.path, remembered, around)
    await this.#open(plan.files, around)
    // Until the gaps are recorded the old position stays the saved one.
    for (const lost of plan.gaps) await this.#record(lost)
    this.#remembered = null
  }

  async #wasRotated(): Promise<boolean> {
    const facts = await this.#ports.files.facts(this.#config.path)
    return this.#newest === undefined || !isSame(this.#newest, facts)
  }

  async #addNewer(): Promise<void> {
    const known = this.#positionAt(file => file.delivered)
    const around = await this.#lookAround(known)
    const plan = planReading(this.#config.path, known, around)
    // What is open needs no finding, and is not gone although its name may be.
    const fresh = plan.files.filter(({ candidate }) => !this.#isKnown(candidate))
    for (const lost of plan.gaps) {
      if (lost.reason === 'unreadable') await this.#record(lost)
    }
    await this.#open(fresh, around)
  }

  #isKnown(candidate: Candidate): boolean {
    const { inode, device, fingerprint } = candidate
    return this.#isOpen(candidate) || this.#retired.has(`${device} ${inode} ${fingerprint}`)
  }

  #isOpen(candidate: Candidate): boolean {
    return this.#chain.some(file => isSame(file, candidate))
  }

  /** Takes over the planned files and closes the handles of the others. */
  async #open(planned: Plan['files'], around: LookAround): Promise<void> {
    try {
      const files: TrackedFile[] = []
      for (const { candidate, from } of planned) files.push(await this.#track(candidate, from))
      // Copies of a file that is still under the path are older than what it holds now.
      const newestStays = around.candidates.some(c => c.isMain && this.#isOpen(c))
      this.#chain.splice(this.#chain.length - (newestStays ? 1 : 0), 0, ...files)
    } catch (error) {
      await closeAll(around.candidates)
      throw error
    }
    const kept = new Set(planned.map(({ candidate }) => candidate))
    await closeAll(around.candidates.filter(candidate => !kept.has(candidate)))
  }

  async #track(candidate: Candidate, from: FilePosition | null): Promise<TrackedFile> {
    const { path, log, inode, device } = candidate
    const position: FilePosition = {
      inode,
      device,
      mtimeNs: String(candidate.mtimeNs),
      bornNs: String(candidate.bornNs),
      fingerprint: from?.fingerprint ?? null,
      offset: from?.offset ?? 0,
      tail: from?.tail ?? null,
    }
    const before = await readBefore(log, position.offset)
    const nowMs = this.#ports.clock.nowMs()
    return new TrackedFile({ path, log, before, nowMs }, position, this.#config)
  }

  /** True when the file has more to read. */
  async #readOn(file: TrackedFile, signal: AbortSignal): Promise<boolean> {
    for (let i = 0; i < READS_PER_POLL_MAX; i++) {
      if (signal.aborted) return false
      const step = await this.#readStep(file)
      if (step === null || step.kind === 'end') return false
      if (step.kind === 'lines') await this.#give(file, step.lines, step.position)
      if (step.kind === 'truncated') {
        await this.#restart(file)
        break
      }
    }
    return true
  }

  async #readStep(file: TrackedFile): Promise<ReadStep | null> {
    try {
      return await file.next(this.#ports.clock.nowMs())
    } catch (error) {
      if (file.compressed) await this.#dropUnreadable(file)
      else await this.#noteFailure(error)
      return null
    }
  }

  async #give(file: TrackedFile, lines: readonly Line[], position: FilePosition): Promise<void> {
    const { path, fingerprint } = file
    const durable = this.#watched(this.#ports.consumer.lines({ path, fingerprint, lines }))
    await this.#window.add(durable, () => {
      file.acknowledged = position
    })
  }

  #record(lost: Gap): Promise<void> {
    return this.#watched(this.#ports.consumer.gap(lost))
  }

  /** Remembers a rejection of the consumer's, so that it is never taken for trouble with a file. */
  #watched(work: Promise<void>): Promise<void> {
    return work.catch(error => {
      this.#consumerFailed = true
      throw error
    })
  }

  /** A damaged archive will not mend: what it held is named, and the rest is read. */
  async #dropUnreadable(file: TrackedFile): Promise<void> {
    await this.#window.drain()
    await this.#record(gap(file.path, file.delivered, 'unreadable'))
    await this.#remove(file)
  }

  /** The file was emptied under us: reads on in a copy of it where there is one, then anew. */
  async #restart(file: TrackedFile): Promise<void> {
    await this.#window.drain()
    const { path } = this.#config
    const around = await lookAround(this.#ports.files, path, [file.delivered])
    const copy = around.candidates.find(c => {
      return c.holds.includes(0) && !this.#isOpen(c)
    })
    await closeAll(around.candidates.filter(c => c !== copy))
    if (copy) {
      const at = this.#chain.indexOf(file)
      this.#chain.splice(at, 0, await this.#track(copy, file.delivered))
      await this.#record(gap(path, file.delivered, 'copytruncate'))
    } else if (file.delivered.tail !== null) {
      const lost = Math.max(0, file.sizeSeen - file.delivered.offset)
      await this.#record(gap(path, file.delivered, 'truncated', lost))
    }
    file.restart()
  }

  async #retireQuiet(): Promise<void> {
    const nowMs = this.#ports.clock.nowMs()
    const quiet = this.#chain
      .slice(0, -1)
      .filter(file => nowMs - file.progressMs >= this.#config.retireAfterMs)
    for (const file of quiet) {
      const step = await file.finish(nowMs)
      if (step.kind === 'lines') await this.#give(file, step.lines, step.position)
      await this.#window.drain()
      this.#retired.add(`${file.device} ${file.inode} ${file.delivered.fingerprint}`)
      await this.#remove(file)
    }
  }

  async #remove(file: TrackedFile): Promise<void> {
    this.#chain.splice(this.#chain.indexOf(file), 1)
    await file.close()
  }

  async #noteFailure(error: unknown): Promise<void> {
    this.#noteTrouble(await describeFailure(error, this.#config.path, this.#ports.files))
  }

  /** Says each trouble once, and once that it is over. */
  #noteTrouble(sentence: string | null): void {
    if (sentence === this.#trouble) return
    if (sentence !== null) this.#ports.report('warn', sentence)
    else this.#ports.report('info', `reading ${this.#config.path}`)
    this.#trouble = sentence
  }
}

async function closeAll(candidates: readonly Candidate[]): Promise<void> {
  await Promise.all(candidates.map(candidate => candidate.log.close()))
}

function isFileFailure(error: unknown): boolean {
  return error instanceof NotAFile || (error instanceof Error && 'syscall' in error)
}
