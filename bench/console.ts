// The console in a real Chromium on a million events: how long somebody waits for the first screen,
// for rows, for an event; what scrolling, shifting and the live view cost; what must be loaded; and
// what a console that is only open costs the server. Prints a table. Every page is watched as in
// test/real/console: an error of the browser ends the bench.
//
//   node bench/console.ts [--data DIRECTORY] [--rounds 40] [--tail-minutes 1] [--rest-seconds 60]
//     [--only first,rows,drawer,scroll,shift,tail,rest]
//
// Without a directory one is made (bench/million.ts); one that is given is copied.

import { readFileSync, rmSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { printPattern } from '@tocsin/sdk/query'
import type { Page } from 'playwright-core'
import { type ConsoleRig, openConsole, type Tab } from '../test/real/console/browser.ts'
import { placesOf } from '../test/real/console/places.ts'
import { makeMillion } from './million.ts'

const { values: FLAGS } = parseArgs({
  options: {
    data: { type: 'string' },
    rounds: { type: 'string', default: '40' },
    'tail-minutes': { type: 'string', default: '1' },
    'rest-seconds': { type: 'string', default: '60' },
    only: { type: 'string', default: 'first,rows,drawer,scroll,shift,tail,rest' },
  },
})
const ROUNDS = Number(FLAGS.rounds)
const DAY_MS = 86_400_000
const COLD_LOADS = 8
const DRAWERS = 25
const SCROLL_MS = 6000
const TAIL_PER_SECOND = 200
const TAIL_BATCHES_PER_SECOND = 10
/** Of Linux, in a second. */
const TICKS = 100

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

function row(what: string, aim: string, measured: string): void {
  console.log(`| ${what.padEnd(58)} | ${aim.padStart(10)} | ${measured.padStart(30)} |`)
}

const both = (values: readonly number[]) =>
  `${percentile(values, 0.5).toFixed(0)} / ${percentile(values, 0.95).toFixed(0)} ms`

// ---- In the page

/**
 * Before anything of the page: when something is first on the screen, how often layout shifted, how
 * long inputs took, and which question was answered when.
 */
function measureInPage(): void {
  const seen = { shift: 0, inputs: new Map<number, number>(), answers: new Map<string, number>() }
  Reflect.set(window, 'seen', seen)
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) {
      if (Reflect.get(entry, 'hadRecentInput') === false) {
        seen.shift += Number(Reflect.get(entry, 'value'))
      }
    }
  }).observe({ type: 'layout-shift', buffered: true })
  const events = { type: 'event', buffered: true, durationThreshold: 16 }
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) {
      const id = Number(Reflect.get(entry, 'interactionId') ?? 0)
      if (id > 0) seen.inputs.set(id, Math.max(seen.inputs.get(id) ?? 0, entry.duration))
    }
  }).observe(events)
  const { fetch } = window
  window.fetch = async (...asked) => {
    const answer = await fetch(...asked)
    seen.answers.set(String(asked[0]), performance.now())
    return answer
  }
}

/** Milliseconds of the page's own clock when `isThere` held, looked at with every frame. */
function whenThere(page: Page, isThere: string): Promise<number> {
  return page.evaluate(
    selector =>
      new Promise<number>(resolve => {
        const look = () => {
          const [wanted = '', without = ''] = selector.split(' / ')
          const isGone = without === '' || document.querySelector(without) === null
          if (document.querySelector(wanted) && isGone) {
            requestAnimationFrame(() => resolve(performance.now()))
          } else requestAnimationFrame(look)
        }
        look()
      }),
    isThere,
  )
}

// ---- What is measured

const USABLE: readonly (readonly [name: string, path: string, isThere: string])[] = [
  ['overview', '/', '.headline h2 / .figures .skeleton'],
  ['explore', '/events', '.explore-results [role=gridcell] / .explore-results .skeleton'],
]

async function firstScreens(rig: ConsoleRig): Promise<void> {
  for (const [name, path, isThere] of USABLE) {
    const times: number[] = []
    for (let i = 0; i < COLD_LOADS; i++) {
      await rig.visit({ path, prepare: page => page.addInitScript(measureInPage) }, async tab => {
        times.push(await whenThere(tab.page, isThere))
        await tab.settled()
      })
    }
    row(`first screen usable, nothing cached: ${name}, p50 / p95`, '2,000 ms', both(times))
  }
  await loaded(rig, 'sign-in', { path: '/sign-in', isSignedIn: false }, '210 kB')
  await loaded(rig, 'shell and first screen', { path: '/' }, '330 kB')
}

async function loaded(
  rig: ConsoleRig,
  what: string,
  visit: { readonly path: string; readonly isSignedIn?: boolean },
  aim: string,
): Promise<void> {
  await rig.visit(visit, async ({ page, settled }) => {
    await settled()
    const [script, style] = await page.evaluate(() =>
      ['.js', '.css'].map(ending =>
        performance
          .getEntriesByType('resource')
          .filter(({ name }) => name.endsWith(ending))
          .reduce((sum, entry) => sum + Number(Reflect.get(entry, 'encodedBodySize')), 0),
      ),
    )
    const kb = (bytes = 0) => `${(bytes / 1000).toFixed(0)} kB`
    row(`loaded for ${what}: script, styles`, aim, `${kb(script)}, ${kb(style)}`)
  })
}

type Facet = { readonly field: string; readonly top: readonly { readonly value: string }[] }

/** Questions of one or two parts, made of the values that there are, drawn by a fixed order. */
async function questions(rig: ConsoleRig): Promise<readonly string[]> {
  const fields = 'kind,outcome,actor.id,model.served,resource.id,source.ip,endpoint,operation'
  const { facets } = await rig.ask(`/v1/facets?from=now-30d&top=20&fields=${fields}`)
  const parts = facets.flatMap(({ field, top }: Facet) =>
    top.map(({ value }) => `${field}:${printPattern([value])}`),
  )
  const more = ['rows>1000', 'durationMs>500', 'actor.id:svc-*', 'resource.id:*customer*', 'chat']
  const all: readonly string[] = [...parts, ...more]
  const pick = (n: number) => all[(n * 7919 + 13) % all.length] ?? '*'
  return Array.from({ length: ROUNDS }, (_, i) =>
    i % 3 === 0 ? `${pick(i)} and not ${pick(i * 31 + 5)}` : pick(i),
  )
}

async function rows(rig: ConsoleRig): Promise<void> {
  const asked = await questions(rig)
  for (const [name, from] of [
    ['24 hours', 'now-24h'],
    ['30 days', 'now-30d'],
  ] as const) {
    const path = `/events?v=1&from=${from}`
    await rig.visit({ path, prepare: page => page.addInitScript(measureInPage) }, async tab => {
      await tab.settled()
      const times: number[] = []
      for (const q of asked) times.push(await enterToRows(tab, q))
      row(`Enter → first rows, ${ROUNDS} questions, ${name}, p50 / p95`, '300 ms', both(times))
      await interactions(tab.page, `typing and asking, ${name}`, ROUNDS)
    })
  }
}

/** From the key to the frame in which the answer's rows, or that there are none, are drawn. */
async function enterToRows({ page, settled }: Tab, q: string): Promise<number> {
  const box = page.getByRole('combobox', { name: 'Question on events' })
  await box.fill(q)
  await box.press('Escape')
  await page.evaluate(() => {
    Reflect.get(window, 'seen').answers.clear()
    const note = (event: KeyboardEvent) => {
      if (event.key === 'Enter') Reflect.set(window, 'enterMs', event.timeStamp)
    }
    addEventListener('keydown', note, { capture: true, once: true })
  })
  await box.press('Enter')
  const ms = await page.evaluate(
    () =>
      new Promise<number>(resolve => {
        const isRows = (url: string) => /^\/v1\/events(?:\?|$)/.test(url)
        const look = () => {
          const isAnswered = [...Reflect.get(window, 'seen').answers.keys()].some(isRows)
          const found = document.querySelector('.explore-results')
          const isFresh = found?.getAttribute('data-stale') === 'false'
          const isThere = found?.querySelector('[role=gridcell], [data-state=empty], .notice')
          if (isAnswered && isFresh && isThere) {
            requestAnimationFrame(() => resolve(performance.now()))
          } else requestAnimationFrame(look)
        }
        look()
      }),
  )
  const enterMs: number = await page.evaluate(() => Number(Reflect.get(window, 'enterMs')))
  await settled()
  return ms - enterMs
}

/** What was not reported took less than 16 ms. */
async function interactions(page: Page, what: string, inputs: number): Promise<void> {
  const seen: readonly number[] = await page.evaluate(() => [
    ...Reflect.get(window, 'seen').inputs.values(),
  ])
  const quick = Array.from({ length: Math.max(0, inputs - seen.length) }, () => 8)
  row(`interactions (${what}), p50 / p95`, '200 ms', both([...seen, ...quick]))
}

async function drawers(rig: ConsoleRig): Promise<void> {
  const path = '/events?v=1&from=now-30d'
  await rig.visit({ path, prepare: page => page.addInitScript(measureInPage) }, async tab => {
    const { page, settled } = tab
    await settled()
    const times: number[] = []
    for (let i = 0; i < DRAWERS; i++) {
      await page.evaluate(() => {
        addEventListener('pointerdown', event => Reflect.set(window, 'downMs', event.timeStamp), {
          capture: true,
          once: true,
        })
      })
      const cell = page
        .locator('.grid-row')
        .nth(i % 15)
        .locator('[role=gridcell]')
        .nth(3)
      await cell.click()
      const there = await whenThere(page, '.drawer .event-fields')
      times.push(there - (await page.evaluate(() => Number(Reflect.get(window, 'downMs')))))
      await settled()
      await page.keyboard.press('j')
      await settled()
      await page.keyboard.press('Escape')
      await page.waitForSelector('.drawer', { state: 'detached' })
    }
    row(`click → event in the drawer, ${DRAWERS} events, p50 / p95`, '150 ms', both(times))
    await interactions(page, 'open, next, close', DRAWERS * 3)
  })
}

async function scrolling(rig: ConsoleRig): Promise<void> {
  await rig.visit({ path: '/events?v=1&from=now-30d' }, async ({ page, settled }) => {
    await settled()
    await page.locator('[role=grid]').hover()
    await page.evaluate(() => {
      const frames: number[] = []
      Reflect.set(window, 'drawn', frames)
      let last = performance.now()
      const beat = () => {
        const now = performance.now()
        frames.push(now - last)
        last = now
        requestAnimationFrame(beat)
      }
      requestAnimationFrame(beat)
    })
    const until = Date.now() + SCROLL_MS
    while (Date.now() < until) await page.mouse.wheel(0, 240)
    const frames: readonly number[] = await page.evaluate(() => Reflect.get(window, 'drawn'))
    row(`frame while scrolling events, p50 / p95 (${frames.length} frames)`, '40 ms', both(frames))
  })
}

async function shifts(rig: ConsoleRig): Promise<void> {
  for (const { name, path } of await placesOf(rig)) {
    await rig.visit({ path, prepare: page => page.addInitScript(measureInPage) }, async tab => {
      await tab.settled()
      await tab.page.waitForTimeout(500)
      const shift = await tab.page.evaluate(() => Number(Reflect.get(window, 'seen').shift))
      row(`layout shift while ${name} loads`, '0.05', shift.toFixed(3))
    })
  }
}

async function tail(rig: ConsoleRig): Promise<void> {
  const minutes = Number(FLAGS['tail-minutes'])
  const ingest = await rig.live.key('ingest')
  const path = '/events?v=1&live=1&q=kind%3Aai.tool'
  await rig.visit({ path, secondsMax: minutes * 60 + 120 }, async ({ page }) => {
    await page.getByText('Live: the newest first').waitFor()
    const devtools = await page.context().newCDPSession(page)
    const heap = async () => {
      await devtools.send('HeapProfiler.collectGarbage')
      const { usedSize } = await devtools.send('Runtime.getHeapUsage')
      return usedSize / 1e6
    }
    // The view is full after some seconds; from then on it must not grow.
    await send(rig, ingest, 15)
    const [start, nodes] = [await heap(), await page.evaluate(countNodes)]
    const sent = await send(rig, ingest, minutes * 60)
    const [end, nodesAtEnd] = [await heap(), await page.evaluate(countNodes)]
    const text = (await page.locator('.results-bar').textContent()) ?? ''
    const rate = `${TAIL_PER_SECOND}/s for ${minutes} min, ${sent} events`
    row(`live view, ${rate}: heap`, 'flat', `${start.toFixed(1)} → ${end.toFixed(1)} MB`)
    row('– elements of the page', 'flat', `${nodes} → ${nodesAtEnd}`)
    console.log(`  the view said: ${text}`)
  })
}

function countNodes(): number {
  return document.querySelectorAll('*').length
}

async function send(rig: ConsoleRig, ingest: string, seconds: number): Promise<number> {
  const each = TAIL_PER_SECOND / TAIL_BATCHES_PER_SECOND
  const began = performance.now()
  let sent = 0
  for (let i = 0; i < seconds * TAIL_BATCHES_PER_SECOND; i++) {
    const lines = Array.from({ length: each }, (_, n) =>
      JSON.stringify({
        kind: 'ai.tool',
        time: Date.now(),
        outcome: 'success',
        actor: { type: 'service', id: `svc-${n}` },
        operation: 'call',
        tool: { name: `tool-${i % 50}` },
        durationMs: n,
      }),
    )
    const headers = { authorization: `Bearer ${ingest}`, 'content-type': 'application/x-ndjson' }
    const body = lines.join('\n')
    const answer = await fetch(`${rig.url}/v1/events`, { method: 'POST', headers, body })
    await answer.body?.cancel()
    if (answer.ok) sent += each
    const nextMs = ((i + 1) * 1000) / TAIL_BATCHES_PER_SECOND
    await sleep(Math.max(0, nextMs - (performance.now() - began)))
  }
  return sent
}

async function atRest(rig: ConsoleRig): Promise<void> {
  const seconds = Number(FLAGS['rest-seconds'])
  await untilCalm(rig)
  const alone = await serverShare(rig, seconds / 2)
  for (const { name, path } of await placesOf(rig)) {
    await rig.visit({ path }, async ({ settled }) => {
      await settled()
      await sleep(3000)
      const open = await serverShare(rig, name === 'overview' ? seconds : seconds / 4)
      const measured = `${open.toFixed(2)} % (${alone.toFixed(2)} % without)`
      row(`server's CPU, ${name} open and at rest`, '2 %', measured)
    })
  }
}

/** Detectors may still look at what was imported. */
async function untilCalm(rig: ConsoleRig): Promise<void> {
  for (let i = 0; i < 120; i++) if ((await serverShare(rig, 2)) < 3) return
}

/** Of one core, in percent. */
async function serverShare(rig: ConsoleRig, seconds: number): Promise<number> {
  const before = ticksOf(rig)
  const began = performance.now()
  await sleep(seconds * 1000)
  const gone = (performance.now() - began) / 1000
  return ((ticksOf(rig) - before) / TICKS / gone) * 100
}

function ticksOf({ live }: ConsoleRig): number {
  const stat = readFileSync(`/proc/${live.pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

const PARTS: { readonly [name: string]: (rig: ConsoleRig) => Promise<void> } = {
  first: firstScreens,
  rows,
  drawer: drawers,
  scroll: scrolling,
  shift: shifts,
  tail,
  rest: atRest,
}

async function main(): Promise<void> {
  const given = FLAGS.data
  const data = given ?? (await makeMillion())
  const rig = await openConsole({ data })
  if (given === undefined) rmSync(join(data, '..'), { recursive: true, force: true })
  try {
    await untilCalm(rig)
    const { totals } = await rig.ask(`/v1/series?from=now-${400}d&q=not%20via%3Atocsin`)
    const [newest] = (await rig.ask('/v1/events?limit=1&q=not%20via%3Atocsin')).events
    const old = ((Date.now() - newest.time) / DAY_MS) * 24
    console.log(`${totals.events} events, the newest ${old.toFixed(1)} h old; ${cpus()[0]?.model}`)
    row('figure', 'aim', 'measured')
    for (const name of FLAGS.only.split(',')) await PARTS[name]?.(rig)
  } finally {
    await rig.close()
  }
}

await main()
