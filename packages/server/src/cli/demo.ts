// `tocsin demo`: a server on a month of made-up traffic that goes on as long as it runs. Everything
// is the real product; only the events are made up, by @tocsin/simulate. Started again on the same
// directory it stores nothing twice: the world is the same for the same seed and time.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WireEvent } from '@tocsin/sdk/event'
import { createWorld, type World } from '@tocsin/simulate/simulate'
import { systemClock } from '../base/clock.ts'
import { readFileIfThere, replaceFile } from '../base/durable.ts'
import type { ServeFlags } from '../config.ts'
import { TENANT, type Tocsin } from '../tocsin.ts'
import { VERSION } from '../version.ts'
import { printAlert } from './alerts.ts'
import type { ExitCode, Io } from './io.ts'
import { endOf, type Running, start } from './serve.ts'
import { printSummary } from './summary.ts'

const DEMO_DATA = 'tocsin-demo'
const HISTORY_MS = 30 * 86_400_000
const BATCH_EVENTS = 1000
const BATCHES_AT_ONCE = 4
const TRICKLE_MS = 1000

type DemoFlags = ServeFlags & { readonly seed: string }

const CONTEXT = {
  tenant: TENANT,
  via: 'demo',
  principal: 'demo',
  mayAttest: true,
  keepContent: false,
}

export async function demo(flags: DemoFlags, io: Io): Promise<ExitCode> {
  const started = performance.now()
  const data = flags.data ?? io.env.TOCSIN_DATA ?? DEMO_DATA
  const running = await start({ ...flags, data }, io)
  const { tocsin, alarm, config } = running
  const startMs = systemClock.nowMs()
  const stage = setStage(config.dataDir, Number(flags.seed), startMs)
  const world = createWorld({ seed: stage.seed, stories: stage })
  io.say(`Tocsin ${VERSION}: making up a month of traffic …`)
  await load(tocsin, world.events(stage.nowMs - HISTORY_MS, startMs))
  await tocsin.query.settled()
  await alarm.watch.settled()
  await welcome(running, io, (performance.now() - started) / 1000)
  const stopTelling = tellAlerts(running, startMs, io)
  const stopped = new AbortController()
  const trickling = trickle(tocsin, world, startMs, stopped.signal)
  await running.asked
  stopped.abort()
  stopTelling()
  await trickling
  await running.stop()
  return endOf(running, io)
}

/** What the world was made with: kept, so that the next start makes the same one and goes on. */
type Stage = {
  readonly seed: number
  readonly nowMs: number
  readonly liveMs: readonly number[]
}

/** The live theft begins when the demo is usually ready. */
const LIVE_AFTER_MS = 12_000

function setStage(dataDir: string, seed: number, startMs: number): Stage {
  const path = join(dataDir, 'demo.json')
  const before = readFileIfThere(path)
  const kept = before ? parseStage(Buffer.from(before).toString()) : null
  const { nowMs = startMs, liveMs = [] } = kept?.seed === seed ? kept : {}
  const stage = { seed, nowMs, liveMs: [...liveMs, startMs + LIVE_AFTER_MS] }
  replaceFile(path, JSON.stringify(stage), `${path}.new`)
  return stage
}

function parseStage(text: string): Stage {
  return JSON.parse(text) as Stage
}

/** Long enough for the first findings of an entity to come together. */
const TELL_AFTER_MS = 2500

/** Prints each alert about what happens live, whole, once. */
function tellAlerts({ alarm, tocsin }: Running, fromMs: number, io: Io): () => void {
  const told = new Set<string>()
  return alarm.watch.onFound(({ finding, alert }) => {
    if (!alert || finding.timeMs < fromMs || told.has(alert.id)) return
    told.add(alert.id)
    const seconds = ((systemClock.nowMs() - finding.timeMs) / 1000).toFixed(1)
    io.out(`\n${rule(io)}\nALERT  ${finding.sentence}\n       noticed ${seconds} s after it\n`)
    setTimeout(() => {
      const detail = tocsin.alerts.get(alert.id)
      if (detail) io.out(`\n${printAlert(detail, Math.min(io.width, WIDTH_MAX))}\n${rule(io)}\n`)
    }, TELL_AFTER_MS).unref()
  })
}

const WIDTH_MAX = 110

function rule(io: Io): string {
  return '─'.repeat(Math.min(io.width, WIDTH_MAX))
}

async function load(tocsin: Tocsin, events: Iterable<WireEvent>): Promise<void> {
  const underWay = new Set<Promise<unknown>>()
  let batch: string[] = []
  const send = async () => {
    const body = new Uint8Array(Buffer.from(batch.join('\n')))
    batch = []
    const receipt = tocsin.capture.receive(body, CONTEXT)
    underWay.add(receipt)
    await (underWay.size < BATCHES_AT_ONCE ? null : Promise.race(underWay))
    void receipt.finally(() => underWay.delete(receipt))
  }
  for (const event of events) {
    batch.push(JSON.stringify(event))
    if (batch.length === BATCH_EVENTS) await send()
  }
  if (batch.length > 0) await send()
  await Promise.all(underWay)
}

/** The world goes on: each second, what happened in it since the last. */
async function trickle(
  tocsin: Tocsin,
  world: World,
  fromMs: number,
  signal: AbortSignal,
): Promise<void> {
  let from = fromMs
  while (!signal.aborted) {
    await sleep(TRICKLE_MS, undefined, { signal }).catch(() => undefined)
    const to = systemClock.nowMs()
    await load(tocsin, world.events(from, to))
    from = to
  }
}

async function welcome(running: Running, io: Io, seconds: number): Promise<void> {
  const { tocsin, show, config } = running
  const range = { fromMs: 0, toMs: systemClock.nowMs() + 1000 }
  const by = ['actor.id']
  const groups = await tocsin.query.summarise({ text: '*', range, by, limit: 8 })
  const data = config.dataDir.startsWith(process.cwd())
    ? `.${config.dataDir.slice(process.cwd().length)}`
    : config.dataDir
  io.out(`
Ready in ${seconds.toFixed(1)} s: ${tocsin.log.size} events of 30 days, sealed and searchable.

  server   ${show.url}   (this machine only)
  data     ${data}
  log key  ${tocsin.log.vkey}

Who reached most:

${indent(printSummary({ by, groups }, io.width - 2))}
Try, in another terminal:

  npx tocsin events search 'actor.id:svc-* and not outcome:success' --limit 5
  npx tocsin summary ${data} --by model.served
  npx tocsin verify ${data}

New events keep arriving; watch them with  npx tocsin events tail
Ctrl+C ends it.
`)
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ')
}
