// `tocsin demo`: a server on a month of made-up traffic that goes on as long as it runs. Everything
// is the real product; only the events are made up, by @tocsin/simulate. Started again on the same
// directory it stores nothing twice: the world is the same for the same seed and time.

import { setTimeout as sleep } from 'node:timers/promises'
import type { WireEvent } from '@tocsin/sdk/event'
import { createWorld, type World } from '@tocsin/simulate/simulate'
import { systemClock } from '../base/clock.ts'
import type { ServeFlags } from '../config.ts'
import { TENANT, type Tocsin } from '../tocsin.ts'
import { VERSION } from '../version.ts'
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
  const { tocsin } = running
  const world = createWorld({ seed: Number(flags.seed) })
  const nowMs = systemClock.nowMs()
  io.say(`Tocsin ${VERSION}: making up a month of traffic …`)
  await load(tocsin, world.events(nowMs - HISTORY_MS, nowMs))
  await tocsin.query.settled()
  await welcome(running, io, (performance.now() - started) / 1000)
  const stopped = new AbortController()
  const trickling = trickle(tocsin, world, nowMs, stopped.signal)
  await running.asked
  stopped.abort()
  await trickling
  await running.stop()
  return endOf(running, io)
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
