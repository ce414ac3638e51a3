// Every figure on Explore and Overview, for questions made up at random, three ways: as the screen
// says it, as the API does, and as it is counted over the exported events with the language's own
// predicate, without the index. TOCSIN_SEED makes the same questions again.

import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { FIELDS } from '@tocsin/sdk/event'
import { compilePredicate, printPattern, readQuery } from '@tocsin/sdk/query'
import fc from 'fast-check'
import type { Page } from 'playwright-core'
import {
  cost,
  count,
  duration,
  percent,
  short,
} from '../../../packages/console/src/amount/amount.ts'
import { type ConsoleRig, needChromium, openConsole, type Tab } from './browser.ts'

const skip = needChromium()
const HOUR_MS = 3_600_000
const DAYS = 8
const QUESTIONS_A_RANGE = 5
const RANGES = 3
const OUTCOMES = ['success', 'failure', 'denied', 'unknown'] as const
const TRAFFIC = 'not via:tocsin'

// biome-ignore lint/suspicious/noExplicitAny: events of every shape.
type Event = any
type Range = { readonly from: number; readonly to: number }

let rig: ConsoleRig
let all: readonly Event[]
let whole: Range

before(async () => {
  if (skip !== false) return
  rig = await openConsole()
  const { events } = await rig.ask(`/v1/events?limit=1&q=${encodeURIComponent(TRAFFIC)}`)
  const to = Math.floor(events[0].time / HOUR_MS) * HOUR_MS - 3 * HOUR_MS
  whole = { from: to - DAYS * 24 * HOUR_MS, to }
  const lines: string = await rig.ask(`/v1/events/export?format=ndjson&${searchOf(whole)}`)
  all = lines
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
  assert.ok(all.length > 10_000, `${all.length} events`)
})
after(() => rig?.close())

function searchOf({ from, to }: Range, more: Record<string, string> = {}): string {
  return `${new URLSearchParams({ from: String(from), to: String(to), ...more })}`
}

function seedOf(t: TestContext): number {
  const seed = Number(process.env.TOCSIN_SEED ?? Date.now() % 1_000_000)
  t.diagnostic(`TOCSIN_SEED=${seed}`)
  return seed
}

// ---- Counting by oneself

function counted(q: string, { from, to }: Range): readonly Event[] {
  const holds = compilePredicate(readQuery(q, FIELDS, Date.now()))
  return all.filter(event => event.time >= from && event.time < to && holds(event))
}

/** All values of a field, of lists each. */
function valuesOf(event: Event, path: string): readonly unknown[] {
  const step = (values: readonly unknown[], key: string) =>
    values
      .flatMap(value => (Array.isArray(value) ? value : [value]))
      .map(value => Reflect.get(Object(value), key))
  const found = path.split('.').reduce(step, [event])
  return found
    .flatMap(value => (Array.isArray(value) ? value : [value]))
    .filter(value => value !== undefined && value !== null)
}

function sum(events: readonly Event[], path: string): number {
  return events.reduce((total, event) => total + Number(valuesOf(event, path)[0] ?? 0), 0)
}

/** By nearest rank. */
function rank(events: readonly Event[], share: number): number | null {
  const all = events.flatMap(event => valuesOf(event, 'durationMs')).map(Number)
  const sorted = all.sort((a, b) => a - b)
  return sorted[Math.ceil(share * sorted.length) - 1] ?? null
}

function totalsOf(events: readonly Event[]): { readonly [name: string]: number | null } {
  const ended = (outcome: string) => events.filter(event => event.outcome === outcome).length
  const [success, failure, denied] = ['success', 'failure', 'denied'].map(ended)
  return {
    events: events.length,
    success: success ?? 0,
    failure: failure ?? 0,
    denied: denied ?? 0,
    unknown: events.length - (success ?? 0) - (failure ?? 0) - (denied ?? 0),
    durationMsP50: rank(events, 0.5),
    durationMsP95: rank(events, 0.95),
    tokensIn: sum(events, 'usage.in'),
    tokensOut: sum(events, 'usage.out'),
    costMicros: sum(events, 'costMicros'),
    bytesOut: sum(events, 'bytes.out'),
    rows: sum(events, 'rows'),
  }
}

/** How many events have each value of a field. */
function tally(events: readonly Event[], path: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const event of events) {
    for (const value of new Set(valuesOf(event, path).map(String))) {
      found.set(value, (found.get(value) ?? 0) + 1)
    }
  }
  return found
}

// ---- Making up questions

const NAMED = [
  'kind',
  'outcome',
  'actor.id',
  'actor.type',
  'model.served',
  'resource.id',
  'agent.id',
  'source.geo.country',
  'endpoint',
  'operation',
  'tool.name',
]

function clause(): fc.Arbitrary<string> {
  const some = all.filter((_, i) => i % 97 === 0)
  const exact = fc.constantFrom(...NAMED).chain(path => {
    const values = [...new Set(some.flatMap(event => valuesOf(event, path)).map(String))]
    return fc.constantFrom(...values).map(value => [path, value] as const)
  })
  return fc.oneof(
    { weight: 4, arbitrary: exact.map(([path, value]) => `${path}:${printPattern([value])}`) },
    {
      weight: 2,
      arbitrary: exact.map(([path, value]) => `${path}:${printPattern([value.slice(0, 4), null])}`),
    },
    fc.constantFrom(...NAMED).map(path => `${path}:*`),
    fc.nat(5).map(n => `rows>=${10 ** n}`),
    fc.nat(4).map(n => `durationMs<${3 * 10 ** n}`),
    fc.constantFrom(
      'actor.id:nobody.at.all',
      'source.ip:10.0.0.0/8',
      'usage.out>100',
      'status>=400',
      'bytes.out>1000000',
    ),
  )
}

function question(): fc.Arbitrary<string> {
  const one = fc
    .tuple(clause(), fc.boolean())
    .map(([text, isNot]) => (isNot ? `not ${text}` : text))
  const some = fc.array(one, { minLength: 1, maxLength: 2 }).map(parts => parts.join(' or '))
  return fc
    .array(some, { minLength: 1, maxLength: 3 })
    .map(parts => parts.map(part => (parts.length > 1 ? `(${part})` : part)).join(' and '))
}

function range(): fc.Arbitrary<Range> {
  const minutes = (whole.to - whole.from) / 60_000
  return fc
    .tuple(fc.nat(minutes - 600), fc.integer({ min: 120, max: minutes }))
    .map(([start, span]) => {
      const from = whole.from + start * 60_000
      return { from, to: Math.min(from + span * 60_000, whole.to) }
    })
}

// ---- Reading screens

async function askFor({ page, settled }: Tab, text: string): Promise<void> {
  const box = page.getByRole('combobox', { name: 'Question on events' })
  await box.fill(text)
  await box.press('Escape')
  await box.press('Enter')
  await page.waitForFunction(asked => new URLSearchParams(location.search).get('q') === asked, text)
  await settled()
}

async function tableOf(page: Page, title: string): Promise<readonly (readonly string[])[]> {
  const chart = page.getByRole('figure', { name: new RegExp(`^${title}\\.`) })
  await chart.getByRole('button', { name: /As a table/ }).click()
  const rows = await chart
    .locator('tr')
    .evaluateAll(found => found.map(row => [...row.children].map(cell => cell.textContent ?? '')))
  await chart.getByRole('button', { name: /As a chart/ }).click()
  return rows
}

async function exploreAgrees(tab: Tab, q: string, asked: Range): Promise<void> {
  const { page } = tab
  const events = counted(q, asked)
  const series = await rig.ask(`/v1/series?${searchOf(asked, { q, buckets: '120' })}`)
  assert.deepEqual(series.totals, totalsOf(events), 'the API, by oneself')
  await askFor(tab, q)
  const told = await page.locator('.results-bar .counted').textContent()
  const one = events.length === 1 ? 'event' : 'events'
  assert.ok(told?.startsWith(`${count(events.length)} ${one}`), `${told}, ${events.length}`)
  if (events.length === 0) return
  const grid = page.getByRole('grid', { name: 'Events' })
  assert.equal(await grid.getAttribute('aria-rowcount'), String(events.length + 1))
  await chartAgrees(page, events)
  await fieldsAgree(page, events)
}

async function chartAgrees(page: Page, events: readonly Event[]): Promise<void> {
  const { failure, denied } = totalsOf(events)
  const sentence = await page.locator('.explore-chart .sentence').textContent()
  const bad = percent((failure ?? 0) + (denied ?? 0), events.length)
  assert.ok(sentence?.startsWith(`${count(events.length)} events, ${bad} `), sentence ?? '')
  const [head = [], ...rows] = await tableOf(page, 'Over time')
  const times = rows.map(([time = '']) => Date.parse(`${time.replace(' ', 'T')}Z`))
  for (const [column, name] of head.entries()) {
    if (column === 0) continue
    const ended = events.filter(({ outcome }) => outcome === name)
    const buckets = times.map((start, i) => {
      const end = times[i + 1] ?? Number.POSITIVE_INFINITY
      return short(ended.filter(({ time }) => time >= start && time < end).length)
    })
    assert.deepEqual(
      rows.map(row => row[column]),
      buckets,
      `${name} over time`,
    )
  }
  for (const outcome of OUTCOMES) {
    const some = events.some(event => event.outcome === outcome)
    assert.ok(!some || head.includes(outcome), `${outcome} stands in the chart where it happened`)
  }
}

async function fieldsAgree(page: Page, events: readonly Event[]): Promise<void> {
  const shown = await page.locator('.open-field').evaluateAll(fields =>
    fields.map(field => ({
      path: field.getAttribute('aria-label') ?? '',
      about: field.querySelector('h3 .quiet')?.getAttribute('title') ?? '',
      values: [...field.querySelectorAll('li')].map(item => ({
        isAny: item.classList.contains('is-any'),
        name: item.querySelector('.cut')?.textContent ?? '',
        events: item.querySelector('.number')?.textContent ?? '',
      })),
    })),
  )
  assert.ok(shown.length >= 6, `${shown.length} fields are open`)
  for (const { path, about, values } of shown) {
    const own = tally(events, path)
    const has = events.filter(event => valuesOf(event, path).length > 0).length
    const most = [...own.values()].sort((a, b) => b - a)
    assert.ok(about.startsWith(`${count(own.size)} values`), `${path}: ${about}, ${own.size}`)
    const top = values.filter(({ isAny }) => !isAny)
    for (const [i, value] of top.entries()) {
      assert.equal(value.events, count(own.get(value.name) ?? 0), `${path}:${value.name}`)
      assert.equal(value.events, count(most[i] ?? 0), `${path}, place ${i + 1}`)
    }
    assert.equal(top.length, Math.min(5, own.size), path)
    const any = values.find(({ isAny }) => isAny)
    assert.equal(any?.events ?? '0', count(has), `${path}, any`)
  }
}

async function overviewAgrees({ page }: Tab, asked: Range): Promise<void> {
  const events = counted(TRAFFIC, asked)
  const totals = totalsOf(events)
  const series = await rig.ask(`/v1/series?${searchOf(asked, { q: TRAFFIC, buckets: '96' })}`)
  assert.deepEqual(series.totals, totals, 'the API, by oneself')
  const shown = await page
    .locator('.one-figure')
    .evaluateAll(found =>
      found.map(one => [
        one.querySelector('dt')?.textContent ?? '',
        ...[...one.querySelectorAll('data')].map(value => value.value),
        ...[...one.querySelectorAll('data')].map(value => value.textContent ?? ''),
      ]),
    )
  const n = (name: string) => totals[name] ?? 0
  const lasting = (ms: number | null | undefined) => (typeof ms === 'number' ? duration(ms) : '–')
  const share = (name: string) => String(n(name) / n('events'))
  assert.deepEqual(shown, [
    ['Events', String(n('events')), short(n('events'))],
    ...(['failure', 'denied'] as const).map(name => [
      { failure: 'Failed', denied: 'Denied' }[name],
      String(n(name)),
      share(name),
      short(n(name)),
      percent(n(name), n('events')),
    ]),
    [
      'Latency p50 / p95',
      String(totals.durationMsP50 ?? ''),
      String(totals.durationMsP95 ?? ''),
      lasting(totals.durationMsP50),
      lasting(totals.durationMsP95),
    ],
    [
      'Tokens in / out',
      String(n('tokensIn')),
      String(n('tokensOut')),
      short(n('tokensIn')),
      short(n('tokensOut')),
    ],
    ['Cost', String(n('costMicros')), cost(n('costMicros'))],
  ])
  for (const [title, path] of [
    ['Top endpoints', 'endpoint'],
    ['Top models', 'model.served'],
  ] as const) {
    const own = tally(events, path)
    const panel = page.getByRole('region', { name: title })
    const bars = await panel
      .locator('.bar')
      .evaluateAll(found => found.map(bar => [...bar.children].map(part => part.textContent ?? '')))
    const most = [...own.values()].sort((a, b) => b - a).slice(0, 8)
    assert.deepEqual(
      bars.map(([, number]) => number),
      most.map(count),
      title,
    )
    for (const [name = '', number] of bars) assert.equal(number, count(own.get(name) ?? 0), name)
    const note = await panel.locator('.note').textContent()
    assert.ok(note?.startsWith(`${count(own.size)} `), `${title}: ${note}, ${own.size}`)
  }
}

describe('figures for random questions', { skip }, () => {
  it('of Explore are those of the API and of counting by oneself', async t => {
    const seed = seedOf(t)
    for (const [i, asked] of fc.sample(range(), { seed, numRuns: RANGES }).entries()) {
      const questions = fc.sample(question(), { seed: seed + i, numRuns: QUESTIONS_A_RANGE })
      await rig.visit({ path: `/events?v=1&${searchOf(asked)}` }, async tab => {
        await tab.settled()
        for (const q of questions) {
          await exploreAgrees(tab, q, asked).catch(cause => {
            throw new Error(`seed ${seed}, ${q}, ${JSON.stringify(asked)}`, { cause })
          })
        }
      })
    }
  })

  it('of Overview are those of the API and of counting by oneself', async t => {
    const seed = seedOf(t)
    for (const asked of fc.sample(range(), { seed, numRuns: RANGES })) {
      await rig.visit({ path: `/?v=1&${searchOf(asked)}` }, async tab => {
        await tab.settled()
        await overviewAgrees(tab, asked).catch(cause => {
          throw new Error(`seed ${seed}, ${JSON.stringify(asked)}`, { cause })
        })
      })
    }
  })

  it('lead on: what a value counts is what one finds behind it', async t => {
    const seed = seedOf(t)
    const [asked = whole] = fc.sample(range(), { seed, numRuns: 1 })
    await rig.visit({ path: `/events?v=1&${searchOf(asked)}` }, async ({ page, settled }) => {
      await settled()
      for (const path of ['kind', 'actor.id', 'resource.id']) {
        const value = page.getByRole('region', { name: path, exact: true }).locator('li').first()
        const number = await value.locator('.number').textContent()
        await value.hover()
        await value.getByRole('button', { name: /^Only/ }).click()
        await settled()
        const told = await page.locator('.results-bar .counted strong').textContent()
        assert.equal(told, number, path)
        await page.goBack()
        await settled()
      }
    })
  })
})
