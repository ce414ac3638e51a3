// `tocsin serve`: opens the data directory, listens, follows files, and ends in order when asked
// to.

import { rmSync } from 'node:fs'
import { type Alarm, openAlarm } from '../alarm.ts'
import { systemClock } from '../base/clock.ts'
import { replaceFile } from '../base/durable.ts'
import { createTelemetry, type Level, type Telemetry } from '../base/emit.ts'
import { systemEntropy } from '../base/entropy.ts'
import { parseFileFormat } from '../capture/capture.ts'
import {
  CONSOLE_DIR,
  localFile,
  parseServerConfig,
  type ServeFlags,
  type ServerConfig,
} from '../config.ts'
import { type FollowedFiles, followFiles } from '../follow-files.ts'
import { generateKey } from '../query/query.ts'
import { listen, type Show } from '../show/show.ts'
import { localOperator, openTocsin, TENANT, type Tocsin } from '../tocsin.ts'
import { VERSION } from '../version.ts'
import { EXIT, type ExitCode, type Io } from './io.ts'
import { rememberOwnLog } from './known-logs.ts'

export type Running = {
  readonly tocsin: Tocsin
  readonly alarm: Alarm
  readonly show: Show
  readonly config: ServerConfig
  /** Resolves when the process was asked to end. */
  readonly asked: Promise<void>
  stop(): Promise<void>
}

export async function serve(flags: ServeFlags, io: Io): Promise<ExitCode> {
  const running = await start(flags, io)
  const { tocsin, show, config } = running
  io.say(`Tocsin ${VERSION} listens on ${show.url}`)
  io.say(`  data      ${config.dataDir} (${tocsin.log.size} entries)`)
  io.say(`  log       ${tocsin.log.vkey}`)
  for (const { format, path } of config.follow) io.say(`  follows   ${path} (${format})`)
  if (tocsin.keys.list().length === 0) {
    io.say('  first key tocsin keys create --name my-app --scope ingest')
    if (show.isUnused) io.say(`  sign in   ${await show.makeLink()} (once, within 15 minutes)`)
  }
  await running.asked
  io.say('Stopping: finishing requests, signing a last checkpoint')
  await running.stop()
  return endOf(running, io)
}

/** What was acknowledged is safe either way; an auditor cannot see it before it is sealed. */
export function endOf({ tocsin: { log }, config }: Running, io: Io): ExitCode {
  const left = log.size - log.publishedSize
  if (left === 0) return EXIT.ok
  io.say(
    `tocsin: ${left} stored ${left === 1 ? 'event is' : 'events are'} not under a checkpoint yet, because the disk of ` +
      `${config.dataDir} is full; they are safe and will be sealed at the next start`,
  )
  return EXIT.error
}

/**
 * Everything `serve` and `demo` share: open, listen, leave the owner's key in the data directory.
 */
export async function start(flags: ServeFlags, io: Io, isDemo: boolean = false): Promise<Running> {
  const config = parseServerConfig(flags, io.env)
  for (const { format } of config.follow) parseFileFormat(format)
  const entropy = systemEntropy()
  const telemetry = createTelemetry((level, sentence) => io.say(`${mark(level)}${sentence}`))
  const tocsin = await openTocsin(config.dataDir, {
    clock: systemClock,
    entropy,
    telemetry,
    onFatal: error => {
      io.say(`tocsin: ${error.message}`)
      process.exit(EXIT.error)
    },
  })
  const alarm = await openAlarmOrClose(tocsin, config)
  const local = { secret: generateKey(entropy), operator: localOperator() }
  const followed = followFiles(config.follow, tocsin)
  // Who finds the server listening may rotate a followed file at once.
  await followed.looked
  const show = await listenOrClose(config, tocsin, {
    telemetry,
    local,
    followed,
    alarm,
    isDemo,
  })
  tocsin.lock.announce({ pid: process.pid, url: show.url })
  replaceFile(localFile(config.dataDir), JSON.stringify({ url: show.url, apiKey: local.secret }))
  rememberOwnLog(io.env, tocsin.log)
  return {
    tocsin,
    alarm,
    show,
    config,
    asked: askedToEnd(),
    async stop() {
      rmSync(localFile(config.dataDir), { force: true })
      await followed.stop()
      await show.close()
      await alarm.close()
      await tocsin.close()
    },
  }
}

/** A policy with a mistake ends the start; the directory is let go. */
async function openAlarmOrClose(tocsin: Tocsin, config: ServerConfig): Promise<Alarm> {
  try {
    return await openAlarm(tocsin, config)
  } catch (error) {
    await tocsin.close()
    throw error
  }
}

type ListenParts = {
  readonly telemetry: Telemetry
  readonly local: { readonly secret: string; readonly operator: string }
  readonly followed: FollowedFiles
  readonly alarm: Alarm
  readonly isDemo: boolean
}

async function listenOrClose(
  config: ServerConfig,
  tocsin: Tocsin,
  { telemetry, local, followed, alarm, isDemo }: ListenParts,
): Promise<Show> {
  try {
    return await listen(config, {
      ...tocsin,
      ...alarm,
      ...tocsin.deps,
      telemetry,
      tenant: TENANT,
      version: VERSION,
      keepContent: config.keepContent,
      consoleDir: CONSOLE_DIR,
      follow: config.follow,
      isDemo,
      local,
    })
  } catch (error) {
    await followed.stop()
    await alarm.close()
    await tocsin.close()
    throw error
  }
}

function mark(level: Level): string {
  return level === 'info' ? '' : `${level}: `
}

function askedToEnd(): Promise<void> {
  return new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}
