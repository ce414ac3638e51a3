// Overview in a real browser: every figure on it is the API's for the same question, and what the
// API says is what a count over the events themselves says; what is wrong is said in one line; and
// a server to which nothing came leads to its first event.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { execute } from '../live.ts'
import { type ConsoleRig, needChromium, openConsole } from './browser.ts'
import { FORCED_REQUEST } from './force.ts'

const HOUR_MS = 3_600_000
const TRAFFIC = 'not via:tocsin'
const OUTCOMES = ['success', 'failure', 'denied', 'unknown'] as const

type Range = { readonly from: number; readonly to: number }

/** A day that is over: what is asked about it does not change while the test looks. */
function yesterday(): Range {
  const to = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOUR_MS
  return { from: to - 24 * HOUR_MS, to }
}

const pathOf = ({ from, to }: Range) => `/?v=1&from=${from}&to=${to}`

const asked = ({ from, to }: Range, more = '') =>
  `q=${encodeURIComponent(TRAFFIC)}&from=${from}&to=${to}${more}`

/** Exact values of a figure, by its name. */
async function figure(page: Page, name: string): Promise<readonly (number | null)[]> {
  const term = page.locator('dl.figure-row > div', { has: page.locator('dt', { hasText: name }) })
  const values = await term
    .locator('data')
    .evaluateAll(all => all.map(one => one.getAttribute('value')))
  return values.map(value => (value === null || value === '' ? null : Number(value)))
}

const chart = (page: Page, title: string): Locator =>
  page.getByRole('figure', { name: new RegExp(`^${title}\\.`) })

/** A chart's numbers, from the table behind it. */
async function tableOf(page: Page, title: string): Promise<readonly (readonly string[])[]> {
  await chart(page, title)
    .getByRole('button', { name: /As a table/ })
    .click()
  return chart(page, title)
    .locator('tbody tr')
    .evaluateAll(rows => rows.map(row => [...row.children].map(cell => cell.textContent ?? '')))
}

// biome-ignore lint/suspicious/noExplicitAny: events of every shape.
async function eventsOf(rig: ConsoleRig, range: Range): Promise<readonly any[]> {
  const all = []
  let cursor = ''
  do {
    const page = await rig.ask(`/v1/events?${asked(range)}&limit=1000${cursor}`)
    all.push(...page.events)
    cursor = page.next === null ? '' : `&cursor=${page.next}`
  } while (cursor !== '')
  return all
}

describe('overview', { skip: needChromium() }, () => {
  let rig: ConsoleRig
  before(async () => {
    rig = await openConsole()
  })
  after(() => rig?.close())

  it('figures are those of the API, and of a count over the events', async () => {
    const range = yesterday()
    const { totals } = await rig.ask(`/v1/series?${asked(range, '&buckets=96')}`)
    const events = await eventsOf(rig, range)
    const sum = (read: (event: (typeof events)[number]) => number | undefined) =>
      events.reduce((total, event) => total + (read(event) ?? 0), 0)
    await rig.visit({ path: pathOf(range) }, async ({ page, settled }) => {
      await settled()
      const failed = events.filter(({ outcome }) => outcome === 'failure').length
      const denied = events.filter(({ outcome }) => outcome === 'denied').length
      assert.ok(events.length > 1000, 'a day of the month has events')
      assert.deepEqual(await figure(page, 'Events'), [events.length])
      assert.deepEqual(await figure(page, 'Failed'), [failed, failed / events.length])
      assert.deepEqual(await figure(page, 'Denied'), [denied, denied / events.length])
      assert.deepEqual(await figure(page, 'Tokens'), [
        sum(({ usage }) => usage?.in),
        sum(({ usage }) => usage?.out),
      ])
      const { durationMsP50, durationMsP95, costMicros } = totals
      assert.deepEqual(await figure(page, 'Latency'), [durationMsP50, durationMsP95])
      assert.deepEqual(await figure(page, 'Cost'), [costMicros])
    })
  })

  it('each figure is compared with the span before, as long and just before', async () => {
    const range = yesterday()
    const now = await rig.ask(`/v1/series?${asked(range, '&buckets=1')}`)
    const span = { from: range.from - 24 * HOUR_MS, to: range.from }
    const before = await rig.ask(`/v1/series?${asked(span, '&buckets=1')}`)
    const percent = Math.round(Math.abs(now.totals.events / before.totals.events - 1) * 100)
    await rig.visit({ path: pathOf(range) }, async ({ page, settled }) => {
      await settled()
      const told = page.locator('dl.figure-row > div').first().locator('.change')
      const text = (await told.textContent()) ?? ''
      if (percent > 0) assert.ok(text.includes(`${percent} %`), text)
      assert.match(text, /against the 24 h before$/)
    })
  })

  it('charts are the buckets of the API, read from the tables behind them', async () => {
    const range = yesterday()
    const { buckets } = await rig.ask(`/v1/series?${asked(range, '&buckets=96')}`)
    await rig.visit({ path: pathOf(range) }, async ({ page, settled }) => {
      await settled()
      const traffic = await tableOf(page, 'Traffic')
      assert.equal(traffic.length, buckets.length)
      for (const [i, [time, ...values]] of traffic.entries()) {
        const bucket = buckets[i]
        assert.equal(Date.parse(`${time?.replace(' ', 'T')}Z`), bucket.t)
        const numbers = values.map(value => Number(value.replaceAll(',', '')))
        assert.deepEqual(
          numbers,
          OUTCOMES.map(outcome => bucket[outcome]),
        )
      }
      const latency = await tableOf(page, 'Latency')
      const isKnown = latency.map(([, p95, p50]) => [p95 !== '–', p50 !== '–'])
      type Bucket = { readonly durationMsP95: number | null; readonly durationMsP50: number | null }
      const known = buckets.map(({ durationMsP95, durationMsP50 }: Bucket) => [
        durationMsP95 !== null,
        durationMsP50 !== null,
      ])
      assert.deepEqual(isKnown, known)
    })
  })

  it('rankings are the API’s, and each leads to the events that it counts', async () => {
    const range = yesterday()
    const { facets } = await rig.ask(
      `/v1/facets?${asked(range, '&fields=endpoint,model.served&top=8')}`,
    )
    await rig.visit({ path: pathOf(range) }, async ({ page, settled }) => {
      await settled()
      for (const [i, title] of ['Top endpoints', 'Top models'].entries()) {
        const bars = page.getByRole('region', { name: title }).locator('.bar')
        const shown = await bars.evaluateAll(all =>
          all.map(bar => [...bar.children].map(part => part.textContent ?? '')),
        )
        type Top = { readonly value: string; readonly events: number }
        const expected = facets[i].top.map(({ value, events }: Top) => [
          value,
          events.toLocaleString('en'),
        ])
        assert.deepEqual(shown, expected)
      }
      const [first] = facets[0].top
      await page.getByRole('region', { name: 'Top endpoints' }).locator('.bar').first().click()
      await page.waitForURL(/\/events\?/)
      const q = new URL(page.url()).searchParams.get('q') ?? ''
      const { total } = await rig.ask(
        `/v1/facets?q=${encodeURIComponent(q)}&from=${range.from}&to=${range.to}&fields=kind`,
      )
      assert.equal(total, first.events)
    })
  })

  it('says in one line how many alerts are open, whether data arrives, and when it was sealed', async () => {
    const { counts, alerts } = await rig.ask('/v1/alerts?state=open&limit=100')
    const { sources } = await rig.ask('/v1/sources')
    const { size } = await rig.ask('/v1/log')
    await rig.visit({ path: '/' }, async ({ page, settled }) => {
      await settled()
      const headline = page.locator('.headline h2')
      const text = (await headline.textContent()) ?? ''
      assert.ok(text.includes(`${counts.open} open alerts`), text)
      type State = { readonly state: string }
      const well = sources.filter(({ state }: State) => state === 'ok').length
      assert.ok(
        sources.length === 1 || text.includes(`data arrives from ${well} of ${sources.length}`),
        text,
      )
      assert.match(text, /sealed (?:now|\d+ \w+ ago)\.$/)
      type Leveled = { readonly level: string }
      const isGrave = alerts.some(({ level }: Leveled) => level === 'high' || level === 'critical')
      assert.equal(await headline.getAttribute('data-status'), isGrave ? 'act' : 'look')
      const shown = await page.locator('.log-line data').getAttribute('value')
      // Looking is itself recorded.
      assert.ok(Number(shown) >= size && Number(shown) < size + 100, `${shown}, ${size}`)
    })
  })

  it('newest alerts and the top story are the API’s', async () => {
    const { alerts, counts } = await rig.ask('/v1/alerts?state=open&limit=100')
    await rig.visit({ path: '/' }, async ({ page, settled }) => {
      await settled()
      const panel = page.getByRole('region', { name: 'Newest alerts' })
      const sentences = await panel.locator('.newest-sentence').allTextContents()
      type Told = { readonly sentence: string; readonly id: string }
      assert.deepEqual(
        sentences,
        alerts.slice(0, sentences.length).map(({ sentence }: Told) => sentence),
      )
      assert.ok(await panel.getByRole('link', { name: `All ${counts.open} open` }).isVisible())
      const story = (await page.locator('.story-sentence').textContent()) ?? ''
      const told = alerts.find(({ sentence }: Told) => sentence === story)
      assert.ok(told, story)
      await page
        .getByRole('region', { name: 'Top story' })
        .getByRole('link', { name: 'Open' })
        .click()
      await page.waitForURL(/\/alerts\?/)
      assert.equal(new URL(page.url()).searchParams.get('sel'), told.id)
    })
  })

  it('riskiest entities are the API’s in its order, and digits open them', async () => {
    const { entities } = await rig.ask('/v1/entities?limit=9')
    await rig.visit({ path: '/' }, async ({ page, settled }) => {
      await settled()
      const rows = page.getByRole('region', { name: 'Riskiest entities' }).locator('tbody tr')
      const shown = await rows.evaluateAll(all =>
        all.map(row => [...row.children].map(cell => cell.textContent ?? '')),
      )
      assert.equal(shown.length, entities.length)
      for (const [i, cells] of shown.entries()) {
        const { entity, risk } = entities[i]
        assert.equal(cells[1], `${entity.id} ${entity.type}`)
        // Risk fades with time: a tenth may turn between two questions.
        assert.ok(Math.abs(Number(cells[3]) - risk.score) < 0.11, `${cells[3]}, ${risk.score}`)
      }
      await page.keyboard.press('2')
      const { type, id } = entities[1].entity
      await page.waitForURL(url => url.pathname === `/entities/${type}/${encodeURIComponent(id)}`)
    })
  })

  it('a brush over a chart chooses the range of the page; a click opens a bucket’s events', async () => {
    const range = yesterday()
    await rig.visit({ path: pathOf(range) }, async ({ page, settled }) => {
      await settled()
      const over = chart(page, 'Traffic').locator('.u-over')
      const box = await over.boundingBox()
      assert.ok(box)
      const y = box.y + box.height / 2
      await page.mouse.move(box.x + box.width * 0.25, y)
      await page.mouse.down()
      await page.mouse.move(box.x + box.width * 0.5, y, { steps: 8 })
      await page.mouse.up()
      await page.waitForURL(url => url.searchParams.get('from') !== String(range.from))
      const chosen = new URL(page.url()).searchParams
      const hours = (name: string) => (Number(chosen.get(name)) - range.from) / HOUR_MS
      assert.ok(Math.abs(hours('from') - 6) < 1, String(hours('from')))
      assert.ok(Math.abs(hours('to') - 12) < 1, String(hours('to')))
      assert.equal(new URL(page.url()).pathname, '/')
      await settled()
      await page.goBack()
      await settled()
      assert.equal(new URL(page.url()).searchParams.get('from'), String(range.from))
      await page.mouse.click(box.x + box.width * 0.5, y)
      await page.waitForURL(/\/events\?/)
      const bucket = new URL(page.url()).searchParams
      const { stepMs } = await rig.ask(`/v1/series?${asked(range, '&buckets=96')}`)
      assert.equal(Number(bucket.get('to')) - Number(bucket.get('from')), stepMs)
    })
  })

  it('the same by keyboard: arrows read a bucket, Enter opens its events', async () => {
    const range = yesterday()
    await rig.visit({ path: pathOf(range) }, async ({ page, settled }) => {
      await settled()
      const keys = chart(page, 'Traffic').getByRole('slider')
      await keys.focus()
      await page.keyboard.press('ArrowLeft')
      const reading = await keys.getAttribute('aria-valuetext')
      assert.match(reading ?? '', /^\d{4}-\d\d-\d\d .*: success [\d,.K]+, failure/)
      await page.keyboard.press('Enter')
      await page.waitForURL(/\/events\?/)
    })
  })

  it('a panel that fails fails alone, with the request’s id, and comes back', () =>
    rig.visit(
      {
        path: '/',
        prepare: async page => {
          await page.route(/\/v1\/facets/, route =>
            route.fulfill({
              status: 503,
              headers: { 'content-type': 'application/problem+json', 'x-request-id': 'req-1' },
              body: JSON.stringify({ title: 'Busy', detail: 'Try later.', code: 'server.busy' }),
            }),
          )
        },
      },
      async ({ page, settled, expects }) => {
        expects(/status of 503 .*\/v1\/facets/)
        await settled()
        const failed = page.locator('[data-state="error"]')
        await failed.first().waitFor()
        assert.equal(await failed.count(), 2)
        assert.match((await failed.first().textContent()) ?? '', /req-1/)
        assert.ok(await page.locator('.figure-row').isVisible())
        await page.unroute(/\/v1\/facets/)
        await failed.first().getByRole('button', { name: 'Try again' }).click()
        await page.locator('.bar').first().waitFor()
        assert.equal(await failed.count(), 0)
      },
    ))

  it('where nothing answers, nothing is called well', () =>
    rig.visit({ path: '/', force: 'error' }, async ({ page }) => {
      const headline = page.locator('.headline h2')
      await headline.waitFor()
      assert.equal(await headline.getAttribute('data-status'), 'unknown')
      assert.match((await headline.textContent()) ?? '', /not known/)
      await page.getByText(FORCED_REQUEST).nth(3).waitFor()
    }))

  it('its figures are taken along as CSV', async () => {
    const range = yesterday()
    const { buckets } = await rig.ask(`/v1/series?${asked(range, '&buckets=96')}`)
    await rig.visit({ path: pathOf(range) }, async ({ page, settled }) => {
      await settled()
      await page.getByRole('button', { name: 'Export' }).click()
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('menuitem', { name: 'Traffic over time (CSV)' }).click(),
      ])
      const lines = readFileSync(await download.path(), 'utf8')
        .trim()
        .split('\r\n')
      assert.equal(lines.length, buckets.length + 1)
      const names = lines[0]?.split(',') ?? []
      const first = new Map(lines[1]?.split(',').map((cell, i) => [names[i], cell]))
      assert.equal(Date.parse(first.get('time') ?? ''), buckets[0].t)
      assert.equal(Number(first.get('success')), buckets[0].success)
    })
  })
})

describe('overview of a server to which nothing came', { skip: needChromium() }, () => {
  let rig: ConsoleRig
  before(async () => {
    rig = await openConsole({ world: 'empty' })
  })
  after(() => rig?.close())

  it('leads to the first event, which the example sends, and says that it is there', () =>
    rig.visit({ path: '/' }, async ({ page, settled }) => {
      await settled()
      assert.equal(await page.locator('.headline h2').getAttribute('data-status'), 'waiting')
      assert.ok(await page.getByRole('region', { name: 'Demo data' }).isVisible())
      const waiting = page.locator('[data-state="waiting"]')
      await waiting.waitFor()
      await page.getByRole('button', { name: 'Make a key' }).click()
      await page.getByRole('region', { name: 'Key' }).waitFor()
      const example = await page.getByRole('region', { name: 'Example' }).textContent()
      const { out } = await execute('/bin/sh', ['-c', example ?? ''], { cwd: rig.live.home })
      assert.equal(JSON.parse(out).stored, 1, out)
      await page.locator('[data-state="arrived"]').waitFor({ timeout: 30_000 })
      await page.getByRole('button', { name: 'Show the overview' }).click()
      await settled()
      assert.deepEqual(await figure(page, 'Events'), [1])
      const status = await page.locator('.headline h2').getAttribute('data-status')
      assert.equal(status, 'quiet')
    }))

  it('a stranger’s text is text wherever it stands', async () => {
    const key = await rig.live.key('ingest,attest')
    const hostile = '<img src=x onerror=alert(1)>\u202e[link](http://evil) =1+1'
    const event = {
      time: Date.now(),
      kind: 'ai.invoke',
      outcome: 'success',
      actor: { type: 'service', id: hostile },
      operation: 'chat',
      endpoint: hostile,
      model: { served: hostile },
    }
    const answer = await fetch(`${rig.url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' },
      body: JSON.stringify(event),
    })
    assert.equal(answer.status, 200, await answer.text())
    await rig.live.indexed()
    await rig.visit({ path: '/' }, async ({ page, settled }) => {
      await settled()
      for (const name of ['Top endpoints', 'Top models']) {
        const bars = page.getByRole('region', { name }).locator('.bar')
        const texts = await bars.allTextContents()
        assert.ok(texts.some(text => text.includes('<img src=x onerror=alert(1)>U+202E[link]')))
      }
      assert.equal(await page.locator('img[src="x"]').count(), 0)
    })
  })
})
