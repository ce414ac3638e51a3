// `tocsin simulate`: writes made-up events (NDJSON of wire events) and the labels of what is
// special in them, so that anybody can try a detector on events whose answer is known. The same
// flags make the same files, byte for byte; without --to the events end now.

import { closeSync, openSync, writeSync } from 'node:fs'
import { TocsinError } from '@tocsin/sdk/errors'
import {
  createWorld,
  type StoriesConfig,
  type Strength,
  type World,
} from '@tocsin/simulate/simulate'
import { systemClock } from '../base/clock.ts'
import { parseRange } from '../show/show.ts'
import { EXIT, type ExitCode, type Io, type Json } from './io.ts'

export type SimulateFlags = Json & {
  readonly seed: string
  readonly days: string
  readonly to?: string
  readonly events: string
  readonly labels?: string
  /** true without a value. */
  readonly stories?: string | boolean
}

const DAY_MS = 86_400_000
const DAYS_MAX = 400
/** Holidays are computed by rules that know no further. */
const LAST_MS = Date.UTC(2200, 0, 1)
const CHUNK_CHARS = 1 << 20
const STRENGTHS: readonly Strength[] = ['weak', 'medium', 'strong']

type Written = { readonly events: number; readonly labels: number }

export async function simulate(flags: SimulateFlags, io: Io): Promise<ExitCode> {
  const seed = parseWhole('--seed', flags.seed, [0, 0xffffffff])
  const days = parseWhole('--days', flags.days, [1, DAYS_MAX])
  const nowMs = systemClock.nowMs()
  const { toMs } = parseRange({ to: flags.to ?? String(nowMs) }, nowMs)
  const fromMs = toMs - days * DAY_MS
  if (fromMs < 0 || toMs > LAST_MS) throw usage('--to and --days lie outside 1970 to 2200')
  if (flags.labels === flags.events) throw usage('--events and --labels name the same file')
  const world = createWorld({ seed, ...storiesOf(flags, toMs) })
  const events = writeLines(flags.events, world.events(fromMs, toMs))
  const labels = flags.labels === undefined ? 0 : writeLabels(flags.labels, world, [fromMs, toMs])
  report({ events, labels }, flags, io)
  return EXIT.ok
}

function report({ events, labels }: Written, flags: SimulateFlags, io: Io): void {
  const labelled = flags.labels === undefined ? '' : `, ${labels} labels in ${flags.labels}`
  const text = flags.json
    ? JSON.stringify({ events, labels })
    : `${events} events in ${flags.events}${labelled}`
  io.out(`${text}\n`)
}

type Range = readonly [fromMs: number, toMs: number]

function writeLabels(path: string, world: World, [fromMs, toMs]: Range): number {
  return writeLines(path, world.labels(fromMs, toMs))
}

function storiesOf({ stories }: SimulateFlags, nowMs: number): { stories?: StoriesConfig } {
  if (stories === undefined || stories === false) return {}
  const strength = stories === true ? 'strong' : STRENGTHS.find(name => name === stories)
  if (!strength) throw usage(`--stories takes ${STRENGTHS.join(', ')}`)
  return { stories: { nowMs, strength } }
}

/** Overwrites the file. */
function writeLines(path: string, items: Iterable<object>): number {
  let count = 0
  let held = ''
  try {
    const file = openSync(path, 'w')
    try {
      for (const item of items) {
        held += `${JSON.stringify(item)}\n`
        count += 1
        if (held.length < CHUNK_CHARS) continue
        writeAll(file, held)
        held = ''
      }
      writeAll(file, held)
    } finally {
      closeSync(file)
    }
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && 'syscall' in cause)) throw cause
    throw new TocsinError('cli.usage', {
      public: `${path} cannot be written: ${cause.code}`,
      cause,
    })
  }
  return count
}

/** A write may end early, on a full disk or a pipe. */
function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}

function parseWhole(name: string, text: string, [low, high]: Range): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= low && value <= high) return value
  throw usage(`${name} takes a whole number from ${low} to ${high}`)
}

function usage(text: string): TocsinError {
  return new TocsinError('cli.usage', { public: text })
}
