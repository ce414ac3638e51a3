// Following a file that a server writes: every line is given out, across rotation, truncation and
// restarts, and the position moves only when the consumer says that the lines are durable. So each
// line comes at least once; its identity (`lineIdentity`) is the same each time, and makes it once.
// What cannot be read any more is given out as a gap, never passed over in silence.

import type { Clock } from '../../base/clock.ts'
import { LINE_BYTES_MAX } from '../lines.ts'
import { Follower, type LineConsumer } from './follower.ts'
import { FINGERPRINT_BYTES_MAX } from './identity.ts'
import { type LogFiles, realLogFiles } from './log-files.ts'
import type { FollowPosition, PositionStore } from './position.ts'

export type { Gap } from './discover.ts'
export type { LineBatch, LineConsumer } from './follower.ts'
export { type LineIdentity, lineIdentity } from './identity.ts'
export { type ImportConfig, importLines, openImport } from './import.ts'
export type { FileFacts, LogFiles, OpenLogFile } from './log-files.ts'
export {
  type FilePosition,
  type FollowPosition,
  openPositionStore,
  type PositionStore,
} from './position.ts'

export type FollowConfig = {
  readonly path: string
  /** What the format asks for; see LineFormat.invalidUtf8. */
  readonly invalidUtf8: 'escape' | 'refuse'
  readonly pollMs?: number
  /** A rotated file that was quiet for so long is closed, and its last line ends where it ends. */
  readonly retireAfterMs?: number
  /** Most time between two savings of the position while it moves. */
  readonly saveEveryMs?: number
  readonly chunkBytes?: number
  readonly lineBytesMax?: number
  /** Batches given out and not yet durable. */
  readonly batchesInFlightMax?: number
}

export type FollowPorts = {
  readonly store: PositionStore
  readonly consumer: LineConsumer
  readonly clock: Clock
  /** Resolves after so long, or as soon as the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** One sentence for the operator when something changes. */
  readonly report: (level: 'info' | 'warn', sentence: string) => void
  readonly files?: LogFiles
  /** Called after the first look around: from then on a rotation is followed. */
  readonly onLooked?: () => void
}

const POLL_MS = 250
const RETIRE_AFTER_MS = 60_000
const SAVE_EVERY_MS = 1000
const CHUNK_BYTES = 256 * 1024
const BATCHES_IN_FLIGHT_MAX = 4

/**
 * Follows until the signal is aborted; then what was given out is awaited, the position saved, and
 * the promise resolves. Rejects only with what the consumer rejected with: start it again, and it
 * continues before the batch that failed.
 */
export async function followFile(
  config: FollowConfig,
  ports: FollowPorts,
  signal: AbortSignal,
): Promise<void> {
  const saver = new PositionSaver(config.saveEveryMs ?? SAVE_EVERY_MS, ports)
  const follower = buildFollower(config, ports, await saver.load())
  try {
    while (!signal.aborted) {
      const busy = await follower.poll(signal)
      ports.onLooked?.()
      await saver.saveIfDue(follower.position)
      if (busy) continue
      await Promise.race([ports.sleep(config.pollMs ?? POLL_MS, signal), follower.failed])
    }
  } finally {
    try {
      await follower.close()
    } finally {
      await saver.save(follower.position)
    }
  }
}

function buildFollower(
  config: FollowConfig,
  ports: FollowPorts,
  saved: FollowPosition | null,
): Follower {
  const { consumer, clock, report } = ports
  return new Follower(
    {
      path: config.path,
      invalidUtf8: config.invalidUtf8,
      retireAfterMs: config.retireAfterMs ?? RETIRE_AFTER_MS,
      lineBytesMax: config.lineBytesMax ?? LINE_BYTES_MAX,
      batchesInFlightMax: config.batchesInFlightMax ?? BATCHES_IN_FLIGHT_MAX,
      // The first chunk of a file must show its fingerprint.
      chunkBytes: Math.max(config.chunkBytes ?? CHUNK_BYTES, FINGERPRINT_BYTES_MAX),
    },
    { files: ports.files ?? realLogFiles, consumer, clock, report },
    saved,
  )
}

/** A position that cannot be saved or loaded costs reading again, never lines: it stops nothing. */
class PositionSaver {
  readonly #everyMs: number
  readonly #ports: FollowPorts
  #saved = ''
  #savedMs = -Infinity
  #failing = false

  constructor(everyMs: number, ports: FollowPorts) {
    this.#everyMs = everyMs
    this.#ports = ports
  }

  async load(): Promise<FollowPosition | null> {
    try {
      return await this.#ports.store.load()
    } catch (error) {
      this.#ports.report('warn', `${messageOf(error)}; what is stored is not stored twice`)
      return null
    }
  }

  async saveIfDue(position: FollowPosition | null): Promise<void> {
    const nowMs = this.#ports.clock.nowMs()
    // The machine's clock may step back.
    const waited = Math.abs(nowMs - this.#savedMs)
    if (waited >= this.#everyMs) await this.save(position)
  }

  async save(position: FollowPosition | null): Promise<void> {
    const text = JSON.stringify(position)
    if (position === null || text === this.#saved) return
    this.#savedMs = this.#ports.clock.nowMs()
    try {
      await this.#ports.store.save(position)
      this.#saved = text
      this.#failing = false
    } catch (error) {
      const sentence = `the position in the followed file cannot be saved: ${messageOf(error)}`
      if (!this.#failing) this.#ports.report('warn', `${sentence}; check the data directory`)
      this.#failing = true
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
