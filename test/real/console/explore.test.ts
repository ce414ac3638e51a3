// Explore as an analyst uses it: by keyboard from a question to an event; what is shown is what the
// API says and what counting the events by oneself gives; nothing found says why; live; proofs that
// lie; texts of strangers, however long.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { type ConsoleRig, needChromium, openConsole } from './browser.ts'
import { type Broken, judge } from './judge.ts'

const skip = needChromium()
const PAGE_EVENTS = 100

let rig: ConsoleRig
/** A range that does not move, so that what is counted twice is the same. */
let from: string
let to: string

before(async () => {
  if (skip !== false) return
  rig = await openConsole()
  const { events } = await rig.ask('/v1/events?limit=1')
  to = new Date(events[0].time - 60_000).toISOString()
  from = new Date(events[0].time - 3 * 86_400_000).toISOString()
})
after(() => rig?.close())

const pathOf = (search: { readonly [name: string]: string }) =>
  `/events?${new URLSearchParams({ v: '1', from, to, ...search })}`
const question = (page: Page) => new URL(page.url()).searchParams.get('q') ?? ''
const chosen = (page: Page) => new URL(page.url()).searchParams.get('sel')

type Shown = { readonly id: string; readonly outcome: string; readonly actor: { id: string } }

async function eventsOf(q: string, max = 100_000): Promise<readonly Shown[]> {
  const events: Shown[] = []
  let cursor = ''
  do {
    const search = new URLSearchParams({ q, from, to, limit: '1000', ...(cursor && { cursor }) })
    const page = await rig.ask(`/v1/events?${search}`)
    events.push(...page.events)
    cursor = page.next ?? ''
  } while (cursor !== '' && events.length < max)
  return events
}

async function askFor(page: Page, text: string): Promise<void> {
  await page.keyboard.press('/')
  await page.keyboard.press('Control+a')
  await page.keyboard.type(text)
  await page.keyboard.press('Enter')
}

describe('Explore by keyboard', { skip }, () => {
  it('goes from a question to an event, and takes along what was found', () =>
    rig.visit({ path: pathOf({}) }, async ({ page, settled }) => {
      await settled()
      await askFor(page, 'kind:ai.invoke')
      await settled()
      assert.equal(question(page), 'kind:ai.invoke')
      await page.evaluate(
        () => document.activeElement instanceof HTMLElement && document.activeElement.blur(),
      )
      await page.locator('[role=gridcell][tabindex="0"]').focus()
      for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowRight']) {
        await page.keyboard.press(key)
      }
      await page.waitForFunction(
        () => document.activeElement?.getAttribute('aria-colindex') === '3',
      )
      const name = await page.evaluate(
        () => document.activeElement?.querySelector('.plain-text')?.textContent,
      )
      await page.keyboard.press('F')
      await settled()
      assert.equal(question(page), `kind:ai.invoke and not actor.id:${name}`)
      await page.locator('[role=gridcell][tabindex="0"]').focus()
      await page.keyboard.press('Enter')
      await page.waitForSelector('.drawer .event-fields')
      const wanted = await eventsOf(question(page), 1000)
      assert.equal(chosen(page), wanted[0]?.id)
      for (const at of [1, 2, 3]) {
        await page.keyboard.press('j')
        await page.waitForURL(url => url.searchParams.get('sel') === wanted[at]?.id)
      }
      await page.keyboard.press('k')
      await page.waitForURL(url => url.searchParams.get('sel') === wanted[2]?.id)
      await page.keyboard.press('Escape')
      await page.waitForSelector('.drawer', { state: 'detached' })
      const row = await page.evaluate(() =>
        document.activeElement?.closest('[role=row]')?.getAttribute('aria-rowindex'),
      )
      assert.equal(row, '4', 'the focus is on the row that was open')
      const download = page.waitForEvent('download')
      await page.keyboard.press('.')
      await page.getByRole('menuitem', { name: 'NDJSON' }).focus()
      await page.keyboard.press('Enter')
      const file = await (await download).createReadStream()
      let text = ''
      for await (const part of file) text += part
      const ids = text
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).id)
      assert.deepEqual(
        ids,
        (await eventsOf(question(page))).map(({ id }) => id),
      )
      await page.getByText('the file has the SHA-256 that the log records').waitFor()
    }))

  it('walks the question beyond what is loaded, in the order of the server', () =>
    rig.visit({ path: pathOf({ q: 'kind:ai.invoke' }) }, async ({ page, settled }) => {
      await settled()
      const wanted = await eventsOf('kind:ai.invoke', 1000)
      assert.ok(wanted.length > PAGE_EVENTS + 5)
      await page.locator('[role=grid]').evaluate(grid => grid.scrollTo({ top: 95 * 28 }))
      await page.locator('[role=row][aria-rowindex="97"]').click({ position: { x: 40, y: 8 } })
      await page.waitForURL(url => url.searchParams.get('sel') === wanted[95]?.id)
      for (let at = 96; at < PAGE_EVENTS + 5; at++) {
        await page.keyboard.press('j')
        await page.waitForURL(url => url.searchParams.get('sel') === wanted[at]?.id)
      }
      assert.equal(await page.locator('[role=row][aria-selected=true]').count(), 1)
      assert.equal(question(page), 'kind:ai.invoke')
    }))

  it('goes on from an event that a link opened, wherever the question has it', async () => {
    const wanted = await eventsOf('kind:ai.invoke', 1000)
    const path = pathOf({ q: 'kind:ai.invoke', sel: wanted[250]?.id ?? '' })
    await rig.visit({ path }, async ({ page, settled }) => {
      await settled()
      await page.keyboard.press('j')
      await page.waitForURL(url => url.searchParams.get('sel') === wanted[251]?.id)
      await page.keyboard.press('k')
      await page.keyboard.press('k')
      await page.waitForURL(url => url.searchParams.get('sel') === wanted[249]?.id)
      await page.locator('[role=row][aria-selected=true]').waitFor()
    })
  })

  it('offers what was asked before, fields and their values', () =>
    rig.visit({ path: pathOf({}) }, async ({ page, settled }) => {
      await settled()
      await askFor(page, 'outcome:denied')
      await settled()
      await askFor(page, 'rows>100')
      await settled()
      await page.keyboard.press('/')
      await page.keyboard.press('Control+a')
      await page.keyboard.press('Delete')
      const offers = page.getByRole('option')
      await page.keyboard.press('ArrowDown')
      assert.deepEqual(await offers.locator('.name').allTextContents(), [
        'rows>100',
        'outcome:denied',
      ])
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await settled()
      assert.equal(question(page), 'outcome:denied')
      await page.keyboard.press('/')
      await page.keyboard.press('Control+a')
      await page.keyboard.type('model.served:')
      const { facets } = await rig.ask(
        `/v1/facets?${new URLSearchParams({ from, to, fields: 'model.served' })}`,
      )
      const first = page.getByRole('option', { name: facets[0].top[0].value }).first()
      await first.waitFor()
      await page.keyboard.type('x:y (')
      await page.waitForSelector('[aria-invalid="true"]')
    }))
})

describe('what Explore shows', { skip }, () => {
  const QUESTIONS = [
    '',
    'not outcome:success',
    'kind:ai.tool and agent.id:*',
    'rows>1000',
    'actor.id:svc-* outcome:failure',
    'durationMs>=2000 or usage.out>1500',
  ]
  for (const q of QUESTIONS) {
    it(`is what the API says, and what counting gives: ${q === '' ? 'everything' : q}`, () =>
      rig.visit({ path: pathOf(q === '' ? {} : { q }) }, async ({ page, settled }) => {
        await settled()
        const counted = await eventsOf(q === '' ? '*' : q)
        const words = await page.locator('.counted strong').textContent()
        assert.equal(Number(words?.replaceAll(',', '')), counted.length)
        assert.match((await page.locator('.counted').textContent()) ?? '', /complete/)
        const byOutcome = Map.groupBy(counted, ({ outcome }) => outcome)
        const values = await page.locator('section[aria-label="outcome"] .value:not(.is-any)').all()
        const shown = await Promise.all(
          values.map(async value => [
            await value.locator('.cut').textContent(),
            Number((await value.locator('.number').textContent())?.replaceAll(',', '')),
          ]),
        )
        const wanted = [...byOutcome].map(([outcome, events]) => [outcome, events.length])
        assert.deepEqual(new Map(shown as never), new Map(wanted as never))
        await page.getByRole('button', { name: /As a table/ }).click()
        const cells = await page.locator('.explore-chart td.number').allTextContents()
        const sum = cells.reduce((total, cell) => total + Number(cell.replaceAll(',', '')), 0)
        assert.equal(sum, counted.length)
      }))
  }

  it('says which part of the question removed everything, and takes it out', () =>
    rig.visit(
      { path: pathOf({ q: 'kind:ai.invoke and actor.id:nobody.at.all' }) },
      async ({ page, settled }) => {
        await settled()
        const { length } = await eventsOf('kind:ai.invoke')
        const button = page.getByRole('button', { name: 'Remove actor.id:nobody.at.all' })
        assert.match(
          (await button.textContent()) ?? '',
          new RegExp(`→ ${length.toLocaleString('en')} events`),
        )
        await button.click()
        await settled()
        assert.equal(question(page), 'kind:ai.invoke')
        assert.equal(
          await page.locator('.counted strong').textContent(),
          length.toLocaleString('en'),
        )
      },
    ))

  it('says which range has data, and goes there', () =>
    rig.visit(
      { path: '/events?v=1&from=2020-01-01T00:00Z&to=2020-01-02T00:00Z&q=outcome%3Adenied' },
      async ({ page, settled }) => {
        await settled()
        await page.getByText('This range holds no event at all.').waitFor()
        await page.getByRole('button', { name: 'Show that range' }).click()
        await settled()
        const { total } = await rig.ask(`/v1/explain?q=outcome%3Adenied`)
        assert.equal(
          await page.locator('.counted strong').textContent(),
          total.toLocaleString('en'),
        )
      },
    ))

  it('lays out by the address: columns, order, height, fields; and keeps it', () =>
    rig.visit(
      {
        path: pathOf({
          cols: 'time,rows,actor.id',
          sort: '-rows',
          density: 'roomy',
          open: 'status',
        }),
      },
      async ({ page, settled }) => {
        await settled()
        const heads = () => page.getByRole('columnheader').allTextContents()
        assert.deepEqual(await heads(), ['time', 'rows↓', 'actor.id'])
        const rows = (
          await page.locator('[role=gridcell][aria-colindex="2"]').allTextContents()
        ).map(text => Number(text.replaceAll(',', '')))
        assert.deepEqual(
          rows,
          rows.toSorted((a, b) => b - a),
        )
        const { events } = await rig.ask(
          `/v1/events?${new URLSearchParams({ from, to, sort: '-rows', limit: '1' })}`,
        )
        assert.equal(rows[0], events[0].rows)
        assert.equal(await page.locator('.open-field').count(), 1)
        await page.keyboard.press('c')
        await page.getByRole('checkbox', { name: 'kind', exact: true }).check()
        await page.getByRole('button', { name: 'Move kind to the left' }).click()
        await page.keyboard.press('Escape')
        await page.waitForSelector('[role=dialog]', { state: 'detached' })
        assert.deepEqual(await heads(), ['time', 'rows↓', 'kind', 'actor.id'])
        await page.reload()
        await settled()
        assert.deepEqual(await heads(), ['time', 'rows↓', 'kind', 'actor.id'])
        await page.getByRole('button', { name: 'Views' }).click()
        await page.getByLabel('Name of the view').fill('Most rows')
        await page.keyboard.press('Enter')
        await page.goto(rig.url + pathOf({}))
        await settled()
        await page.getByRole('button', { name: 'Views' }).click()
        await page.getByRole('button', { name: 'Most rows', exact: true }).click()
        await settled()
        assert.deepEqual(await heads(), ['time', 'rows↓', 'kind', 'actor.id'])
      },
    ))

  it('takes a brush over the chart for the next range', () =>
    rig.visit({ path: pathOf({}) }, async ({ page, settled }) => {
      await settled()
      const box = await page.locator('.explore-chart .u-over').boundingBox()
      assert.ok(box)
      await page.mouse.move(box.x + box.width * 0.25, box.y + 20)
      await page.mouse.down()
      await page.mouse.move(box.x + box.width * 0.5, box.y + 30, { steps: 5 })
      await page.mouse.up()
      await page.waitForURL(url => url.searchParams.get('from') !== from)
      await settled()
      const search = new URL(page.url()).searchParams
      const range = { from: search.get('from') ?? '', to: search.get('to') ?? '' }
      const { totals } = await rig.ask(`/v1/series?${new URLSearchParams(range)}`)
      assert.equal(
        await page.locator('.counted strong').textContent(),
        totals.events.toLocaleString('en'),
      )
      await page.goBack()
      await settled()
      assert.equal(new URL(page.url()).searchParams.get('from'), from)
    }))

  it('filters by a value of the panel and of a cell, in and out', () =>
    rig.visit({ path: pathOf({}) }, async ({ page, settled }) => {
      await settled()
      await page.getByRole('button', { name: 'All but kind ai.invoke' }).click()
      await settled()
      assert.equal(question(page), 'not kind:ai.invoke')
      const cell = page.locator('[role=row][aria-rowindex="3"] [role=gridcell][aria-colindex="2"]')
      const outcome = await cell.textContent()
      await cell.hover()
      await page
        .getByRole('button', { name: `Only outcome ${outcome}`, exact: true })
        .last()
        .click()
      await settled()
      assert.equal(question(page), `not kind:ai.invoke and outcome:${outcome}`)
      await page.getByRole('button', { name: 'Take out kind:ai.invoke' }).click()
      await settled()
      assert.equal(question(page), `outcome:${outcome}`)
      await page.getByRole('button', { name: `is: ask for all but outcome:${outcome}` }).click()
      await settled()
      assert.equal(question(page), `not outcome:${outcome}`)
    }))
})

describe('an event in Explore', { skip }, () => {
  it('is proved in the browser, and a proof that lies is said to', () =>
    rig.visit({ path: pathOf({ q: 'kind:ai.tool' }) }, async ({ page, settled }) => {
      await settled()
      const [first, second] = await eventsOf('kind:ai.tool', 1000)
      const at = (id: string | undefined) => rig.url + pathOf({ sel: id ?? '', tab: 'proof' })
      await page.goto(at(first?.id))
      await page.getByText('Verified here: entry').waitFor()
      const proof = await rig.ask(`/v1/events/${second?.id}/proof`)
      const lies = [
        { ...proof, index: proof.index - 1 },
        { ...proof, proof: proof.proof.toReversed() },
        await rig.ask(`/v1/events/${first?.id}/proof`),
      ]
      for (const lie of lies) {
        await page.unrouteAll()
        await page.route('**/proof', route => route.fulfill({ json: lie }))
        await page.goto(at(second?.id))
        await page.getByText('This proof does not hold').waitFor()
      }
    }))

  it('is accessible in each of its tabs, and so is what opens over the table', () =>
    rig.visit({ path: pathOf({ q: 'kind:ai.tool not agent.id:x' }) }, async ({ page, settled }) => {
      await settled()
      const broken: Broken = new Map()
      for (const press of ['c', '.']) {
        await page.keyboard.press(press)
        await page.waitForSelector('[role=dialog], [role=menu]')
        await judge(page, press, broken)
        await page.keyboard.press('Escape')
        await page.waitForSelector('[role=dialog], [role=menu]', { state: 'detached' })
      }
      await page.getByRole('button', { name: 'Views' }).click()
      await page.getByLabel('Name of the view').fill('tools')
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'Views' }).click()
      await page.waitForSelector('.view-line')
      await judge(page, 'views', broken)
      await page.keyboard.press('Escape')
      await page.waitForSelector('[role=dialog]', { state: 'detached' })
      await page.keyboard.press('j')
      for (const tab of ['JSON', 'Chain', 'Proof', 'Fields']) {
        await page.getByRole('tab', { name: tab }).click()
        await settled()
        await judge(page, tab, broken)
      }
      assert.deepEqual(broken, new Map())
    }))

  it('is opened by a link alone, and what it reached leads on', () =>
    rig.visit({ path: '/events' }, async ({ page, settled }) => {
      const [event] = await eventsOf('kind:ai.tool and onBehalfOf.id:*', 1000)
      await page.goto(`${rig.url}/events?sel=${event?.id}&tab=chain`)
      await settled()
      const chain = page.locator('.chain')
      await chain.getByText('Asked by').waitFor()
      await chain
        .getByRole('link', { name: event?.actor.id ?? '' })
        .first()
        .click()
      await page.waitForURL(url => url.pathname.startsWith('/entities/actor/'))
    }))
})
