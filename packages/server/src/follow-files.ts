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
  /** Lets go of the files; what was read is durable and its position saved on return. */
  stop(): Promise<void>
}

/** Throws `capture.unknown_format` before any file is opened. */
export function followFiles(files: readonly FollowedFile[], tocsin: Tocsin): FollowedFiles {
  const controller = new AbortController()
  const positions = join(tocsin.dataDir, 'state', 'positions')
  makeDirectory(positions)
  const followed = files.map(file => {
    parseFileFormat(file.format)
    return keepFollowing(file, tocsin, { positions, signal: controller.signal })
  })
  return {
    async stop() {
      controller.abort()
      await Promise.all(followed)
    },
  }
}

type FollowParts = { readonly positions: string; readonly signal: AbortSignal }

async function keepFollowing(
  { format, path }: FollowedFile,
  tocsin: Tocsin,
  { positions, signal }: FollowParts,
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
      await followFile({ path, invalidUtf8 }, { store, consumer, clock, sleep, report }, signal)
    } catch (error) {
      const why = error instanceof TocsinError ? error.message : String(error)
      report('warn', `following ${path} stopped: ${why}; starting again where it was`)
      await sleep(RESTART_MS)
    }
  }
}
