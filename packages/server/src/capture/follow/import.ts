// Reading a file or a stream once, to its end: what `tocsin import` does. The lines get the same
// identities as when the file is followed, so importing what was followed stores nothing twice.

import { createReadStream } from 'node:fs'
import { createLineSplitter, LINE_BYTES_MAX, type Line } from '../lines.ts'
import { AckWindow } from './ack-window.ts'
import type { LineConsumer } from './follower.ts'
import { FINGERPRINT_BYTES_MAX, fingerprintOf } from './identity.ts'
import { gunzip, isCompressed } from './log-files.ts'

export type ImportConfig = {
  /** Name of the file, for the batches. */
  readonly path: string
  readonly invalidUtf8: 'escape' | 'refuse'
  readonly lineBytesMax?: number
  readonly batchesInFlightMax?: number
}

const BATCHES_IN_FLIGHT_MAX = 4
const CHUNK_BYTES = 256 * 1024

/** The bytes of a file; one that ends in `.gz` is expanded. Errors come with the first chunk. */
export function openImport(path: string): AsyncIterable<Uint8Array> {
  const source = createReadStream(path, { highWaterMark: CHUNK_BYTES })
  if (!isCompressed(path)) return source
  return gunzip(source, CHUNK_BYTES)
}

/**
 * Gives out every line, the last one too if it has no end; resolves when all are durable. Rejects
 * with what reading or the consumer rejected with; importing again continues where it matters.
 */
export async function importLines(
  config: ImportConfig,
  chunks: AsyncIterable<Uint8Array>,
  consumer: Pick<LineConsumer, 'lines'>,
): Promise<void> {
  const { path, invalidUtf8, lineBytesMax = LINE_BYTES_MAX } = config
  const window = new AckWindow(config.batchesInFlightMax ?? BATCHES_IN_FLIGHT_MAX)
  const splitter = createLineSplitter({ lineBytesMax, invalidUtf8 })
  let head: Uint8Array = new Uint8Array(0)
  let fingerprint: Uint8Array | null = null

  async function give(lines: readonly Line[]): Promise<void> {
    if (lines.length === 0 || fingerprint === null) return
    await window.add(consumer.lines({ path, fingerprint, lines }), () => {})
  }

  for await (const chunk of chunks) {
    if (fingerprint !== null) {
      await give(splitter.push(chunk))
      continue
    }
    head = Buffer.concat([head, chunk])
    fingerprint = fingerprintOf(head, head.length >= FINGERPRINT_BYTES_MAX)
    if (fingerprint !== null) await give(splitter.push(head))
  }
  if (fingerprint === null) {
    fingerprint = fingerprintOf(head, true)
    await give(splitter.push(head))
  }
  await give(splitter.end())
  await window.drain()
}
