// `tocsin demo`: a server on a month of made-up traffic that goes on as long as it runs. Everything
// is the real product; only the events are made up, by @tocsin/simulate. Started again on the same
// directory it stores nothing twice: the world is the same for the same seed and time.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Finding } from '@tocsin/detect/finding'
import { TocsinError } from '@tocsin/sdk/errors'
import type { WireEvent } from '@tocsin/sdk/event'
import { createWorld, type World } from '@tocsin/simulate/simulate'
import { systemClock } from '../base/clock.ts'
import { readFileIfThere, replaceFile } from '../base/durable.ts'
import { DEMO_POLICY, type ServeFlags } from '../config.ts'
import type { Shown } from '../respond/respond.ts'
import { TENANT, type Tocsin } from '../tocsin.ts'
import { VERSION } from '../version.ts'
import type { AlertSummary } from '../watch/watch.ts'
import { printAlert } from './alerts.ts'
import type { ExitCode, Io } from './io.ts'
import { endOf, type Running, start } from './serve.ts'
import { visible } from './table.ts'

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
  const running = await start({ policy: DEMO_POLICY, ...flags, data }, io, true)
  const { tocsin, alarm, config } = running
  io.out(`\n  Open Tocsin:  ${await running.show.makeLink()}\n\n`)
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

/** So long after a finding that weighs much, others of the same moment have joined it. */
const TELL_AFTER_MS = 3000
/** Nothing that weighs much came: told as it is. */
const TELL_AT_LAST_MS = 20_000

/** An alert that was announced, and will be told whole. */
type Telling = { readonly timer: NodeJS.Timeout; readonly weighsMuch: boolean }

/** Says of each alert about what happens live at once that there is one, then all of it, once. */
function tellAlerts(running: Running, fromMs: number, io: Io): () => void {
  const telling = new Map<string, Telling>()
  return running.alarm.watch.onFound(({ finding, alert }) => {
    if (!alert || finding.timeMs < fromMs) return
    const before = telling.get(alert.id)
    const weighsMuch = finding.level === 'high' || finding.level === 'critical'
    if (before && (before.weighsMuch || !weighsMuch)) return
    if (before) clearTimeout(before.timer)
    else announce(finding, alert.id, io)
    const tell = () => tellWhole(running, alert.id, io)
    const timer = setTimeout(tell, weighsMuch ? TELL_AFTER_MS : TELL_AT_LAST_MS).unref()
    telling.set(alert.id, { timer, weighsMuch })
  })
}

function announce({ timeMs, sentence }: Finding, alertId: string, io: Io): void {
  const late = ((systemClock.nowMs() - timeMs) / 1000).toFixed(1)
  io.out(`\nALERT ${alertId.slice(0, 8)}: ${visible(sentence)}\n`)
  io.out(`      noticed ${late} s after the event that gave it away\n`)
}

function tellWhole({ alarm, tocsin }: Running, alertId: string, io: Io): void {
  const detail = tocsin.alerts.get(alertId)
  if (!detail) return
  const width = Math.min(io.width, WIDTH_MAX)
  const line = '─'.repeat(width)
  const done = alarm.respond.list().filter(one => one.alertId === alertId)
  io.out(`\n${line}\n${printAlert(detail, width)}\n${done.map(tellDone).join('')}${line}\n`)
}

const WIDTH_MAX = 110

/** What the policy did about it, or would have. */
function tellDone({ id, decision, state, actor, until, rule }: Shown): string {
  const what = DONE[decision] ?? decision
  const end = new Date(until).toISOString().slice(11, 16)
  const isDry = state === 'dry_run'
  const head = `${isDry ? 'Would be' : 'Now'} ${what}: ${visible(actor)} until ${end} UTC`
  const undo = isDry ? '' : `; take it back: tocsin responses undo ${id}`
  return `${head} (${rule ?? 'by hand'}${undo})\n`
}

const DONE: { readonly [decision: string]: string } = {
  throttle: 'slowed down',
  approval_required: 'held until its owner approves bulk reads',
  step_up: 'asked for a second factor',
  end_session: 'signed out',
  deny: 'refused',
}

async function load(tocsin: Tocsin, events: Iterable<WireEvent>): Promise<void> {
  const underWay = new Set<Promise<unknown>>()
  let batch: string[] = []
  const send = async () => {
    const stored = store(tocsin, batch.join('\n'))
    batch = []
    underWay.add(stored)
    await (underWay.size < BATCHES_AT_ONCE ? null : Promise.race(underWay))
    void stored.then(() => underWay.delete(stored))
  }
  for (const event of events) {
    batch.push(JSON.stringify(event))
    if (batch.length === BATCH_EVENTS) await send()
  }
  if (batch.length > 0) await send()
  await Promise.all(underWay)
}

/** Again while the log asks to wait. */
async function store(tocsin: Tocsin, lines: string): Promise<void> {
  for (;;) {
    try {
      await tocsin.capture.receiveInTurn(new Uint8Array(Buffer.from(lines)), CONTEXT)
      return
    } catch (error) {
      const mayWait = error instanceof TocsinError && error.fault === 'busy'
      if (!mayWait || error.code === 'log.closed') throw error
      await sleep(TRICKLE_MS)
    }
  }
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
  const { tocsin, show, config, alarm } = running
  const data = config.dataDir.startsWith(process.cwd())
    ? `.${config.dataDir.slice(process.cwd().length)}`
    : config.dataDir
  const { alerts } = tocsin.alerts.list({ limit: ALERTS_SHOWN })
  const { counts } = tocsin.alerts.list({ limit: 1 })
  const { entities, rules } = alarm.watch.status
  io.out(`
Ready in ${seconds.toFixed(1)} s: ${tocsin.log.size} events of 30 days, sealed, searchable,
and looked at by ${rules} rules that know the usual week of ${entities} accounts and addresses.

  console  ${await show.makeLink()}
           (signs in once, within 15 minutes; another one: npx tocsin sign-in)
  server   ${show.url}   (this machine only)
  data     ${data}
  log key  ${tocsin.log.vkey}

${counts.open} alerts in 30 days; the newest:

${indent(alerts.map(one => tellAlert(one, io.width)).join(''))}
Try, in another terminal:

  npx tocsin alerts list
  npx tocsin alerts show ${alerts[0]?.id.slice(0, 8) ?? '<id>'}
  npx tocsin events search 'actor.id:svc-* and not outcome:success' --limit 5
  npx tocsin summary ${data} --by model.served
  npx tocsin verify ${data}

In a moment an account will begin to do what it never does; this terminal will say so.
Ctrl+C ends it.
`)
}

const ALERTS_SHOWN = 5
const LINE_CHARS = 110

function tellAlert({ id, openedMs, score, sentence }: AlertSummary, width: number): string {
  const at = new Date(openedMs).toISOString().slice(0, 16).replace('T', ' ')
  const text = `${id.slice(0, 8)}  ${at}  ${score.toFixed(0).padStart(3)}  ${visible(sentence)}`
  return `${text.slice(0, Math.min(width, LINE_CHARS) - 2)}\n`
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ')
}
