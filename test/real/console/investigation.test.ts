// An investigation by keyboard alone: the chain is followed to the data, what is in question is
// slowed down and let go again, and all figures are the API's.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { type ConsoleRig, needChromium, openConsole } from './browser.ts'

type Alert = { readonly id: string; readonly actor: { readonly id: string } }

const focusedNode = (page: Page) =>
  page.evaluate(() => document.activeElement?.getAttribute('data-node') ?? null)

async function press(page: Page, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key)
}

/** By Tab to the first element that fits, as somebody without a mouse comes there. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let i = 0; i < 200; i++) {
    await page.keyboard.press('Tab')
    if (await page.evaluate(one => document.activeElement?.matches(one), selector)) return
  }
  throw new Error(`Tab does not come to ${selector}`)
}

describe('investigation', { skip: needChromium() }, () => {
  let rig: ConsoleRig
  let alert: Alert

  before(async () => {
    rig = await openConsole()
    const { alerts } = await rig.ask('/v1/alerts?limit=1')
    alert = alerts[0]
  })
  after(() => rig?.close())

  /** What a gateway hears that asks so often: a throttle lets the first ones through. */
  const decided = async (actor: string, times = 10): Promise<readonly string[]> => {
    const heard: string[] = []
    for (let i = 0; i < times; i++) {
      const body = JSON.stringify({ actor })
      heard.push((await rig.ask('/v1/decide', { method: 'POST', body })).decision)
    }
    return [...new Set(heard)]
  }

  it('a chain is followed by keyboard from the alert to the events of what was reached', () =>
    rig.visit({ path: '/investigate' }, async ({ page, settled }) => {
      await settled()
      await tabTo(page, '.choose a')
      await press(page, 'Enter')
      await page.locator('.reading-words').waitFor()
      const id = new URL(page.url()).searchParams.get('alert') ?? ''
      const found = await rig.ask(`/v1/investigations?alert=${id}`)
      await tabTo(page, '[data-node]')
      const walked = [await focusedNode(page)]
      for (;;) {
        await press(page, 'ArrowRight')
        const next = await focusedNode(page)
        if (next === walked.at(-1)) break
        walked.push(next)
      }
      assert.ok(walked.length >= 3)
      await press(page, 'Enter')
      const last = walked.at(-1) ?? ''
      const name = last.slice(last.indexOf(':') + 1)
      const chosen = page.locator('.chosen-node')
      assert.match((await chosen.textContent()) ?? '', new RegExp(`^${RegExp.escape(name)}`))
      assert.equal(new URL(page.url()).searchParams.get('at'), last)
      await tabTo(page, '.chosen-node a')
      await press(page, 'Enter')
      await page.waitForURL(/\/events\?/)
      await settled()
      const { searchParams } = new URL(page.url())
      assert.equal(searchParams.get('from'), String(found.fromMs))
      assert.equal(searchParams.get('to'), String(found.toMs + 1))
      const { events } = await rig.ask(`/v1/events?limit=1&${searchParams}`)
      assert.equal(events.length, 1, 'its events are found')
      await page.goBack()
      await page.locator('.reading-words').waitFor()
      assert.equal(new URL(page.url()).searchParams.get('at'), last, 'nothing is lost on the way')
    }))

  it('its account is slowed down and let go again by keyboard, and gateways hear of both', () =>
    rig.visit({ path: `/investigate?alert=${alert.id}` }, async ({ page }) => {
      await page.locator('.reading-words').waitFor()
      assert.deepEqual(await decided(alert.actor.id), ['allow'])
      const open = page.getByRole('button', { name: 'Slow it down', exact: true })
      await open.focus()
      await press(page, 'Enter')
      const form = page.locator('form[aria-label^="Decide about"]')
      await form.locator('input:focus').waitFor()
      await form.getByLabel('Requests a minute').focus()
      await press(page, 'Control+a')
      await page.keyboard.type('7')
      await press(page, 'Enter')
      const row = page.locator('.decision', { hasText: 'Slowed down to 7 requests' })
      await row.waitFor()
      assert.deepEqual(await decided(alert.actor.id), ['allow', 'throttle'])
      await row.getByRole('button', { name: /^Undo/ }).focus()
      await press(page, 'Enter')
      await row.getByLabel('Why it is undone').waitFor()
      await press(page, 'Enter')
      assert.deepEqual(await decided(alert.actor.id), ['throttle'], 'not without a reason')
      await page.keyboard.type('it was announced')
      await press(page, 'Enter')
      await row.getByText('it was announced').waitFor()
      assert.deepEqual(await decided(alert.actor.id), ['allow'])
    }))

  it('what locks somebody out is confirmed first', () =>
    rig.visit({ path: `/investigate?alert=${alert.id}` }, async ({ page }) => {
      await page.locator('.reading-words').waitFor()
      await page.getByRole('button', { name: 'Slow it down', exact: true }).click()
      const form = page.locator('form[aria-label^="Decide about"]')
      await form.getByLabel('What is done').click()
      await page.getByRole('option', { name: 'Refuse every request' }).click()
      const send = form.getByRole('button', { name: /^Refuse every request/ })
      assert.equal(await send.getAttribute('aria-disabled'), 'true')
      await send.click({ force: true })
      await send.focus()
      await press(page, 'Enter', 'Space')
      assert.deepEqual(await decided(alert.actor.id), ['allow'])
      await press(page, 'Escape')
      await form.waitFor({ state: 'detached' })
    }))

  it('the reading, the chain and the time line are the API’s', () =>
    rig.visit({ path: `/investigate?alert=${alert.id}` }, async ({ page }) => {
      await page.locator('.reading-words').waitFor()
      const found = await rig.ask(`/v1/investigations?alert=${alert.id}`)
      for (const { points, reasons } of found.readings) {
        const sum = reasons.reduce(
          (total: number, one: { points: number }) => total + one.points,
          0,
        )
        assert.equal(sum, points)
      }
      const reasons = await page
        .locator('.reading details[open] .reasons td:last-child')
        .allInnerTexts()
      assert.deepEqual(
        reasons.toSorted(),
        found.readings[0].reasons.map(({ text }: { text: string }) => text).toSorted(),
      )
      const total = found.chain.reduce((sum: number, one: { count: number }) => sum + one.count, 0)
      const events = total.toLocaleString('en')
      const sentence = await page.locator('.chart .sentence').textContent()
      assert.ok(sentence?.startsWith(`${events} events`), sentence ?? '')
      await page.getByRole('button', { name: /^As a table/ }).click()
      assert.equal(await page.locator('.chart tbody tr').count(), found.chain.length)
      for (const more of await page.locator('.time-line .link-button').all()) await more.click()
      const runs = [...found.before, ...found.during, ...found.after]
      assert.equal(await page.locator('.time-line .run').count(), runs.length)
      const marked = runs.filter(run => run.found > 0).length
      assert.equal(await page.locator('.time-line .run.is-found').count(), marked)
    }))

  it('a declared job is weighed at once, and taken back', () =>
    rig.visit({ path: `/investigate?alert=${alert.id}` }, async ({ page, expects }) => {
      await page.locator('.reading-words').waitFor()
      await page.getByRole('button', { name: 'Declare a job' }).click()
      const form = page.locator('form[aria-label^="Declare a job"]')
      await form.getByLabel('When, in UTC').fill('whenever')
      expects(/status of 400 .*\/v1\/jobs$/)
      await press(page, 'Enter')
      await form.getByText('is no schedule').waitFor()
      await form.getByLabel('When, in UTC').fill('daily 00:00-24:00')
      await press(page, 'Enter')
      const job = page.locator('.facts li', { hasText: 'daily 00:00-24:00' })
      await job.waitFor()
      assert.equal((await rig.ask('/v1/jobs')).length, 1)
      await page.locator('.reading', { hasText: 'was declared' }).waitFor()
      await job.getByRole('button').click()
      await job.waitFor({ state: 'detached' })
      assert.equal((await rig.ask('/v1/jobs')).length, 0)
    }))

  it('of nobody it says that nobody is known', () =>
    rig.visit({ path: '/investigate?entity=actor:nobody.at.all' }, async ({ page, expects }) => {
      expects(/status of 404 .*\/v1\/investigations/)
      await page.locator('[data-state="error"]').waitFor()
      assert.match((await page.locator('main').textContent()) ?? '', /no event is known of actor/)
    }))
})
