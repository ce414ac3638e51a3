// Entity in a real browser: what it says is the API's for the same question, charts read from their
// tables; parts of a risk add up as they are shown; what a person decides is taken and undone by
// keyboard, and only by who may.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { type ConsoleRig, DEMO_POLICY, needChromium, openConsole, type Tab } from './browser.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const TABS_MAX = 200

type Ref = { readonly type: string; readonly id: string }

const pathOf = ({ type, id }: Ref, more = '') =>
  `/entities/${type}/${encodeURIComponent(id)}?v=1${more}`

const apiOf = ({ type, id }: Ref, more = '') =>
  `/v1/entities/${type}/${encodeURIComponent(id)}${more}`

/** A week that is over, so that it stays the same. */
function week(): { readonly from: number; readonly to: number } {
  const to = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOUR_MS
  return { from: to - 7 * DAY_MS, to }
}

async function rowsOf(table: Locator): Promise<readonly (readonly string[])[]> {
  return table
    .locator('tbody tr')
    .evaluateAll(rows => rows.map(row => [...row.children].map(cell => cell.textContent ?? '')))
}

async function tableOf(page: Page, title: RegExp): Promise<readonly (readonly string[])[]> {
  const figure = page.getByRole('figure', { name: title })
  await figure.getByRole('button', { name: /As a table/ }).click()
  return rowsOf(figure.locator('table'))
}

const numberIn = (text: string | undefined) => Number((text ?? '').replaceAll(/[^\d.-]/g, ''))

/** Goes there by Tab alone. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let i = 0; i < TABS_MAX; i++) {
    if (await target.evaluate(element => element === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not lead to ${target}`)
}

describe('entity', { skip: needChromium() }, () => {
  let rig: ConsoleRig
  let riskiest: Ref
  before(async () => {
    rig = await openConsole({ args: ['--policy', DEMO_POLICY] })
    const { entities } = await rig.ask('/v1/entities?limit=20')
    type Listed = { readonly entity: Ref }
    riskiest = entities.find(({ entity }: Listed) => entity.type === 'actor').entity
  })
  after(() => rig?.close())

  const visit = (path: string, look: (tab: Tab) => Promise<void>) =>
    rig.visit({ path }, async tab => {
      await tab.settled()
      await look(tab)
    })

  it('answers first, in the words of what found it', async () => {
    const { findings } = await rig.ask(apiOf(riskiest))
    await visit(pathOf(riskiest, '&from=now-30d'), async ({ page }) => {
      const answer = page.locator('.entity-answer')
      assert.equal(await answer.getAttribute('data-status'), 'unlike')
      const text = (await answer.textContent()) ?? ''
      assert.match(text, /^Unlike itself: /)
      type Found = { readonly sentence: string }
      assert.ok(
        findings.some(({ sentence }: Found) => text.endsWith(sentence)),
        text,
      )
      assert.equal(await page.locator('.entity-head h2').textContent(), riskiest.id)
    })
  })

  it('parts of the risk add up to the score as they are shown, and are the API’s', async () => {
    const { risk } = await rig.ask(apiOf(riskiest))
    await visit(pathOf(riskiest), async ({ page }) => {
      const table = page.getByRole('region', { name: 'How its risk comes about' }).locator('table')
      const rows = await rowsOf(table)
      const points = rows.map(cells => Math.round(numberIn(cells.at(-1)) * 10))
      const score = (await table.locator('tfoot td').textContent()) ?? ''
      const sum = points.reduce((total, part) => total + part, 0)
      assert.equal(sum, Math.round(Number(score) * 10))
      // It fades while the test runs.
      assert.ok(Math.abs(Number(score) - risk.score) < 0.11, `${score}, ${risk.score}`)
      assert.equal(rows.length, risk.parts.length + 1)
      for (const [i, { title, points: exact }] of risk.parts.entries()) {
        assert.equal(rows[i]?.[0], title)
        assert.ok(Math.abs(numberIn(rows[i]?.at(-1)) - exact) < 0.11)
      }
      const head = await page.locator('.entity-score data').textContent()
      assert.equal(head, score)
    })
  })

  it('each part leads to the events behind its finding', async () => {
    const { findings } = await rig.ask(apiOf(riskiest))
    await visit(pathOf(riskiest), async ({ page }) => {
      const links = page
        .getByRole('region', { name: 'How its risk comes about' })
        .getByRole('link', { name: /behind:/ })
      const address = new URL((await links.first().getAttribute('href')) ?? '', rig.url)
      const params = new URLSearchParams(address.search)
      const asked = `q=${encodeURIComponent(params.get('q') ?? '')}`
      const range = `from=${params.get('from')}&to=${params.get('to')}`
      const { events } = await rig.ask(`/v1/events?${asked}&${range}&limit=1000`)
      type Found = { readonly eventIds: readonly string[] }
      type Sent = { readonly id: string }
      const ids = events.map(({ id }: Sent) => id).sort()
      const behind = findings.map(({ eventIds }: Found) => [...eventIds].sort().join())
      assert.ok(behind.includes(ids.join()), ids.join())
    })
  })

  it('now and usual are the points of the API, whatever is measured', async () => {
    const { from, to } = week()
    for (const metric of ['requests', 'rows']) {
      const asked = `&metric=${metric}&from=${from}&to=${to}`
      const { points, sentence } = await rig.ask(apiOf(riskiest, `/activity?${asked.slice(1)}`))
      await visit(pathOf(riskiest, asked), async ({ page }) => {
        const title = metric === 'rows' ? /^Rows by the hour/ : /^Requests by the hour/
        const rows = await tableOf(page, title)
        assert.equal(rows.length, points.length)
        for (const [i, [time, now, expected, lo, hi]] of rows.entries()) {
          const point = points[i]
          assert.equal(Date.parse(`${time?.replace(' ', 'T')}Z`), point.t)
          for (const [text, exact] of [
            [now, point.value],
            [expected, point.expected],
            [lo, point.lo],
            [hi, point.hi],
          ] as const) {
            if (exact === null) assert.equal(text, '–')
            else assert.ok(Math.abs(numberIn(text) - exact) <= 0.05, `${text}, ${exact}`)
          }
        }
        const figure = page.getByRole('figure', { name: title })
        assert.ok((await figure.textContent())?.includes(sentence))
      })
    }
  })

  it('the measure stands in the address, and a brush chooses the range', async () => {
    const { from, to } = week()
    await visit(pathOf(riskiest, `&from=${from}&to=${to}&q=outcome%3Adenied`), async tab => {
      const { page, settled } = tab
      await page.getByRole('radio', { name: 'Bytes out' }).press('Space')
      await page.waitForURL(/metric=bytes/)
      await settled()
      const over = page.getByRole('figure', { name: /^Bytes out/ }).locator('.u-over')
      const box = await over.boundingBox()
      assert.ok(box)
      const y = box.y + box.height / 2
      await page.mouse.move(box.x + box.width * 0.5, y)
      await page.mouse.down()
      await page.mouse.move(box.x + box.width * 0.75, y, { steps: 8 })
      await page.mouse.up()
      await page.waitForURL(url => url.searchParams.get('from') !== String(from))
      const params = new URL(page.url()).searchParams
      assert.ok(Math.abs(Number(params.get('from')) - (from + to) / 2) < 6 * HOUR_MS)
      assert.equal(params.get('metric'), 'bytes')
      assert.equal(params.get('q'), 'outcome:denied')
    })
  })

  it('hours of the week, what is new and its like are the API’s', async () => {
    const { from, to } = week()
    const asked = `&metric=requests&from=${from}&to=${to}`
    const activity = await rig.ask(apiOf(riskiest, `/activity?${asked.slice(1)}`))
    await visit(pathOf(riskiest, asked), async ({ page }) => {
      const hours = await tableOf(page, /^Hours of the week/)
      assert.equal(hours.length, 168)
      for (const [i, [, now, usual]] of hours.entries()) {
        assert.equal(numberIn(now), activity.week.now[i])
        const was = activity.week.usual[i]
        if (was === null) assert.equal(usual, 'not known')
        else assert.ok(Math.abs(numberIn(usual) - was) < 0.051)
      }
      const first = page.getByRole('region', { name: 'First seen' })
      const rows = await rowsOf(first.locator('table'))
      assert.ok(rows.length > 0)
      for (const [i, cells] of rows.entries()) {
        const { value, events, isNew } = activity.firstSeen[i]
        assert.equal(cells[1]?.trim(), isNew ? `New ${value}` : value)
        assert.equal(numberIn(cells[3]), events)
      }
      const peers = (await page.getByRole('region', { name: 'Among its like' }).textContent()) ?? ''
      if (activity.peers === null) assert.match(peers, /Nobody to compare it with/)
      else assert.ok(peers.includes(`of ${activity.peers.of} ${activity.peers.cohort}`), peers)
    })
  })

  it('a decision is undone by keyboard alone, with a reason, and the focus is not lost', async () => {
    const reason = 'a test looks whether it can be undone'
    const taken = await rig.ask('/v1/responses', {
      method: 'POST',
      body: JSON.stringify({
        actor: riskiest.id,
        action: { kind: 'throttle', requestsPerMinute: 7, rowsPerMinute: 900 },
        minutes: 60,
        reason,
      }),
    })
    await visit(pathOf(riskiest), async ({ page, settled }) => {
      const inForce = page.getByRole('region', { name: 'In force' })
      const undo = inForce.getByRole('button', { name: /^Undo: Slowed down to 7 requests/ })
      await tabTo(page, undo)
      await page.keyboard.press('Enter')
      await page.keyboard.type('It was only a test')
      await page.keyboard.press('Enter')
      await inForce.getByText('Undone: Slowed down to 7 requests').waitFor({ state: 'attached' })
      await settled()
      assert.equal(await undo.count(), 0)
      const isLost = await page.evaluate(() => document.activeElement === document.body)
      assert.equal(isLost, false, 'the focus is somewhere')
    })
    const all = await rig.ask(`/v1/responses?actor=${encodeURIComponent(riskiest.id)}`)
    type Taken = { readonly id: string }
    const one = all.find(({ id }: Taken) => id === taken.id)
    assert.equal(one.state, 'undone')
    assert.equal(one.undone.reason, 'It was only a test')
  })

  it('how much depends on it weighs the risk anew, and the parts still add up', async () => {
    await visit(pathOf(riskiest), async ({ page }) => {
      const select = page.getByLabel('How much depends on it', { exact: true })
      const choose = async (label: string) => {
        await select.first().click()
        await page.getByRole('option', { name: label }).click()
        await page.getByText(`${label}: kept`).waitFor()
      }
      const score = page.locator('.entity-score data')
      const before = Number(await score.getAttribute('value'))
      await choose('Very much depends on it')
      const { risk } = await rig.ask(apiOf(riskiest))
      const after = Number(await score.getAttribute('value'))
      assert.ok(after > before + 1, `${before}, ${after}`)
      assert.ok(Math.abs(after - risk.score) < 0.1)
      const table = page.getByRole('region', { name: 'How its risk comes about' }).locator('table')
      const points = (await rowsOf(table)).map(cells => Math.round(numberIn(cells.at(-1)) * 10))
      const sum = points.reduce((total, part) => total + part, 0)
      assert.equal(sum, Math.round(numberIn((await score.textContent()) ?? '') * 10))
      await choose('As much as on any other')
    })
  })

  it('who may only read sees why nothing can be done, and nothing is done', async () => {
    const key = await rig.live.key('read')
    await rig.ask('/v1/responses', {
      method: 'POST',
      body: JSON.stringify({
        actor: riskiest.id,
        action: { kind: 'throttle', requestsPerMinute: 9, rowsPerMinute: 900 },
        minutes: 60,
        reason: 'for a reader to look at',
      }),
    })
    await rig.visit({ path: '/', isSignedIn: false }, async ({ page, url, settled }) => {
      await page.getByLabel('Or with an API key').fill(key)
      await page.keyboard.press('Enter')
      await page.waitForSelector('main.screen')
      await page.goto(url + pathOf(riskiest))
      await settled()
      const undo = page.getByRole('button', { name: /^Undo: Slowed down to 9 requests/ })
      assert.equal(await undo.getAttribute('aria-disabled'), 'true')
      await undo.focus()
      await page.keyboard.press('Enter')
      assert.equal(await page.getByLabel('Why it is undone').count(), 0)
      const select = page.getByLabel('How much depends on it', { exact: true }).first()
      assert.ok(await select.isDisabled())
      const reasons = await page.getByText(/does not have the scope triage/).count()
      assert.ok(reasons >= 2, String(reasons))
    })
    const held = await rig.ask(`/v1/responses?actor=${encodeURIComponent(riskiest.id)}`)
    type Held = {
      readonly limits?: { readonly requestsPerMinute?: number }
      readonly state: string
    }
    const one = held.find(({ limits }: Held) => limits?.requestsPerMinute === 9)
    assert.equal(one.state, 'in_force')
  })

  it('a name that nothing knows is said to be unknown, and near ones are offered', () =>
    rig.visit({ path: pathOf({ type: 'actor', id: 'svc-nobody-churn' }) }, async tab => {
      const { page, settled, expects } = tab
      expects(/status of 404 .*\/v1\/entities/)
      await settled()
      const empty = page.locator('[data-state="empty"]')
      await empty.waitFor()
      assert.match((await empty.textContent()) ?? '', /Nothing is known of the account/)
      const near = empty.locator('li a')
      assert.ok((await near.count()) > 0)
      const name = (await near.first().textContent()) ?? ''
      assert.match(name, /churn/)
      await near.first().click()
      await page.waitForURL(url => url.pathname === `/entities/actor/${name}`)
      await settled()
      assert.equal(await page.locator('.entity-head h2').textContent(), name)
    }))

  it('no kind of entity is an answer, too, and people’s words for kinds are understood', async () => {
    await visit('/entities/planet/x?v=1', async ({ page }) => {
      assert.match((await page.locator('[data-state="empty"]').textContent()) ?? '', /no kind of/)
    })
    const { facets } = await rig.ask('/v1/facets?from=now-7d&fields=source.ip&top=1')
    const ip = facets[0].top[0].value
    await visit(pathOf({ type: 'ip', id: ip }), async ({ page }) => {
      assert.equal(await page.locator('.entity-head h2').textContent(), ip)
    })
  })

  it('every kind has its page: model, resource, agent, session, credential, tool', async () => {
    const fields = {
      model: 'model.served',
      resource: 'resource.id',
      agent: 'agent.id',
      session: 'actor.session',
      credential: 'actor.credential',
      tool: 'tool.name',
    }
    for (const [type, field] of Object.entries(fields)) {
      const { facets } = await rig.ask(`/v1/facets?from=now-7d&fields=${field}&top=1`)
      const id = facets[0].top[0].value
      await visit(pathOf({ type, id }), async ({ page }) => {
        assert.equal(await page.locator('.entity-head h2').textContent(), id, type)
        assert.equal(await page.locator('[data-state="error"]').count(), 0, type)
        assert.ok((await page.locator('.u-over').count()) > 0, type)
      })
    }
  })

  it('a claimed name stands beside the verified one, and is text', async () => {
    const key = await rig.live.key('ingest')
    const claimed = '<b>ceo</b>\u202e@corp'
    const answer = await fetch(`${rig.url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' },
      body: JSON.stringify({
        time: Date.now(),
        kind: 'ai.invoke',
        outcome: 'success',
        actor: { type: 'human', id: claimed },
        operation: 'chat',
      }),
    })
    assert.equal(answer.status, 200, await answer.text())
    await rig.live.indexed()
    await visit(pathOf({ type: 'actor', id: 'key:test' }), async ({ page }) => {
      const head = page.locator('.entity-head')
      const text = (await head.textContent()) ?? ''
      assert.ok(text.includes('verified (key)'), text)
      assert.ok(text.includes('claims to be <b>ceo</b>⟨U+202E⟩@corp'), text)
      assert.equal(await head.locator('b').count(), 0)
    })
  })

  it('its figures are taken along as CSV, and its link means the same tomorrow', async () => {
    const { from, to } = week()
    const asked = `&metric=requests&from=${from}&to=${to}`
    const { points } = await rig.ask(apiOf(riskiest, `/activity?${asked.slice(1)}`))
    await visit(pathOf(riskiest, asked), async ({ page }) => {
      await page.getByRole('button', { name: 'Export' }).click()
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('menuitem', { name: 'Now and usual (CSV)' }).click(),
      ])
      const lines = readFileSync(await download.path(), 'utf8')
        .trim()
        .split('\r\n')
      const values = lines.slice(1).map(line => Number(line.split(',')[1]))
      type Point = { readonly value: number }
      assert.deepEqual(
        values,
        points.map(({ value }: Point) => value),
      )
    })
    await visit(pathOf(riskiest), async ({ page }) => {
      await page.getByRole('button', { name: 'Export' }).click()
      await page.getByRole('menuitem', { name: 'Copy a link to this' }).click()
      await page.getByText('Link copied').waitFor()
      const link = new URL(await page.evaluate(() => navigator.clipboard.readText()))
      const span =
        Date.parse(link.searchParams.get('to') ?? '') -
        Date.parse(link.searchParams.get('from') ?? '')
      assert.equal(span, 7 * DAY_MS)
    })
  })
})
