// The first steps through the demo: there where the events are made up and nowhere else, each done
// by doing it, put away and brought back, and in nobody's way.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { type ConsoleRig, needChromium, openConsole } from './browser.ts'
import { SEED } from './world.ts'

const STEPS = ['Open the alert', 'Compare with normal', 'Follow the chain', 'Slow down and undo']

/** The demo makes up a month of events while its page is open already. */
const READY_MS_MAX = 120_000

const list = (page: Page) => page.getByRole('complementary', { name: 'First steps' })
const done = (page: Page) => list(page).getByText('(done)').count()

describe('first steps', { skip: needChromium() }, () => {
  let rig: ConsoleRig
  before(async () => {
    rig = await openConsole({ command: 'demo', args: ['--seed', SEED] })
  })
  after(() => rig?.close())

  it('lead through one story, know what was done, and end with a verified log', () =>
    rig.visit({}, async ({ page, settled }) => {
      await list(page).getByText('Verify the log').waitFor({ timeout: READY_MS_MAX })
      assert.equal(await done(page), 0)
      await list(page)
        .getByRole('link', { name: STEPS[0] ?? '' })
        .click()
      await settled()
      const alert = new URL(page.url()).searchParams.get('sel')
      assert.equal(new URL(page.url()).pathname, '/alerts')
      const { alerts } = await rig.ask('/v1/alerts?state=open&limit=100')
      assert.ok(alerts.some(({ id }: { id: string }) => id === alert))
      assert.equal(await done(page), 1)

      await list(page)
        .getByRole('link', { name: STEPS[1] ?? '' })
        .click()
      await settled()
      const { entity } = await rig.ask(`/v1/alerts/${alert}`)
      const path = `/entities/${entity.type}/${encodeURIComponent(entity.id)}`
      assert.equal(new URL(page.url()).pathname, path)

      await list(page)
        .getByRole('link', { name: STEPS[2] ?? '' })
        .click()
      await settled()
      assert.equal(new URL(page.url()).searchParams.get('alert'), alert)
      assert.equal(await done(page), 3)

      await list(page)
        .getByRole('link', { name: STEPS[3] ?? '' })
        .click()
      await settled()
      await undoSomething(page, entity.id)
      await list(page).getByText('Slow down and undo (done)').waitFor()

      await list(page).getByRole('link', { name: 'Verify the log' }).click()
      await page.locator('.verdict h2').waitFor()
      await page.keyboard.press('v')
      await page.locator('.verdict.is-good').waitFor({ timeout: 120_000 })
      await page.goto(rig.url)
      await page.getByText('All five steps are done').waitFor()
      await page.getByRole('button', { name: 'Start again' }).click()
      await list(page).getByText('Open the alert').waitFor()
      assert.equal(await done(page), 0)
    }))

  /** What the policy did, or else a decision of the owner's. */
  async function undoSomething(page: Page, actor: string): Promise<void> {
    const responses = await rig.ask(`/v1/responses?actor=${encodeURIComponent(actor)}&limit=50`)
    if (!responses.some(({ state }: { state: string }) => /in_force|dry_run/.test(state))) {
      const action = { kind: 'throttle', requestsPerMinute: 10, rowsPerMinute: null }
      const body = JSON.stringify({ actor, session: null, action, minutes: 10, reason: 'test' })
      await rig.ask('/v1/responses', { method: 'POST', body })
      await page.reload()
    }
    await page
      .getByRole('button', { name: /^Undo: / })
      .first()
      .click()
    await page.getByLabel('Why it is undone').fill('it was the yearly export')
    await page.keyboard.press('Enter')
  }

  it('are a line only once begun, go away, come back, and cover nothing', () =>
    rig.visit({ path: '/integrity' }, async ({ page, settled }) => {
      await settled()
      assert.equal(await list(page).count(), 0)
      await page.goto(rig.url)
      await list(page)
        .getByRole('link', { name: 'Open the alert' })
        .click({ timeout: READY_MS_MAX })
      await list(page).getByText('Open the alert (done)').waitFor()
      const bar = await list(page).boundingBox()
      const screen = await page.locator('main').boundingBox()
      assert.ok(bar && screen && bar.y + bar.height <= screen.y && bar.height < 40)
      await page.getByRole('button', { name: 'Put the first steps away' }).click()
      assert.equal(await list(page).count(), 0)
      await page.goto(rig.url)
      await settled()
      assert.equal(await list(page).count(), 0)
      await page.getByRole('button', { name: /^Menu/ }).click()
      await page.getByRole('menuitem', { name: 'First steps' }).click()
      await list(page).getByText('Open the alert (done)').waitFor()
    }))

  it('are not shown where the events are real', async () => {
    const real = await openConsole({ world: 'empty' })
    try {
      await real.visit({}, async ({ page, settled }) => {
        await settled()
        assert.equal(await list(page).count(), 0)
        assert.equal(await page.locator('.watermark').count(), 0)
      })
    } finally {
      await real.close()
    }
  })
})
