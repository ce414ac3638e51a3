// The files that the operator told the server to follow: one follower each, started again after a
// failure of the log's, stopped in order with the server.

import { hash } from 'node:crypto'
import { basename, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { TocsinError } from '@tocsin/sdk/errors'
import { makeDirectory } from './base/durable.ts'
import { fileConsumer, followFile, openPositionStore, parseFileFormat } from './capture/capture.ts'
import type { FollowedFile } from './config.ts'
import { TENANT, type Tocsin } from './tocsin.ts'

const RESTART_MS = 2000

export interface FollowedFiles {
  /**
   * Resolves when every file was looked for once: a rotation before that, at the very first start,
   * could not be told from the old files of earlier days.
   */
  readonly looked: Promise<void>
  /** Lets go of the files; what was read is durable and its position saved on return. */
  stop(): Promise<void>
}

/** Throws `capture.unknown_format` before any file is opened. */
export function followFiles(files: readonly FollowedFile[], tocsin: Tocsin): FollowedFiles {
  const controller = new AbortController()
  const positions = join(tocsin.dataDir, 'state', 'positions')
  makeDirectory(positions)
  for (const file of files) parseFileFormat(file.format)
  const looks = files.map(() => Promise.withResolvers<void>())
  const followed = files.map((file, i) => {
    const onLooked = () => looks[i]?.resolve()
    const { signal } = controller
    return keepFollowing(file, tocsin, { positions, signal, onLooked }).finally(onLooked)
  })
  return {
    looked: Promise.all(looks.map(look => look.promise)).then(() => undefined),
    async stop() {
      controller.abort()
      await Promise.all(followed)
    },
  }
}

type FollowParts = {
  readonly positions: string
  readonly signal: AbortSignal
  readonly onLooked: () => void
}

async function keepFollowing(
  { format, path }: FollowedFile,
  tocsin: Tocsin,
  { positions, signal, onLooked }: FollowParts,
): Promise<void> {
  const { clock, telemetry } = tocsin.deps
  const sleep = (ms: number, until: AbortSignal = signal) =>
    wait(ms, undefined, { signal: until }).catch(() => undefined)
  const name = `file:${basename(path)}`
  const context = {
    tenant: TENANT,
    via: 'file',
    principal: name,
    mayAttest: true,
    keepContent: false,
  }
  const consumer = fileConsumer(
    { name, format, context },
    { ...tocsin, telemetry, clock, sleep: ms => sleep(ms) },
  )
  const store = openPositionStore(join(positions, `${hash('sha256', path).slice(0, 16)}.json`))
  const { invalidUtf8 } = parseFileFormat(format)
  const report = (level: 'info' | 'warn', sentence: string) => telemetry.report(level, sentence)
  while (!signal.aborted) {
    try {
      const ports = { store, consumer, clock, sleep, report, onLooked }
      await followFile({ path, invalidUtf8 }, ports, signal)
    } catch (error) {
      onLooked()
      const why = error instanceof TocsinError ? error.message : String(error)
      report('warn', `following ${path} stopped: ${why}; starting again where it was`)
      await sleep(RESTART_MS)
    }
  }
}
