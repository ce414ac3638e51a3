// The inbox as somebody works through it, by keyboard alone: what they say is in the log, what they
// undo is undone, and the list holds still under the cursor. Every figure is the API's.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { type ConsoleRig, needChromium, openConsole } from './browser.ts'

const LIVE_MS = 16_000

type Alert = {
  readonly id: string
  readonly state: string
  readonly disposition: string | null
  readonly assignee: string | null
}

const rows = (page: Page) =>
  page.$$eval('[data-alert]', all => all.map(row => row.getAttribute('data-alert') ?? ''))
const opened = (page: Page) => new URL(page.url()).searchParams.get('sel')
const asked = (page: Page) => new URL(page.url()).searchParams.get('aq')
/** What has the focus, in a word. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const at = document.activeElement
    if (!at || at === document.body) return 'nothing'
    if (at.matches('[data-alert]')) return 'row'
    return at.matches('.opened h2') ? 'heading' : at.tagName.toLowerCase()
  })
const said = async (page: Page, words: string) =>
  page.locator('.undo-line', { hasText: words }).waitFor()

/** Presses keys one after the other, as fingers do. */
async function press(page: Page, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key)
}

describe('alerts', { skip: needChromium() }, () => {
  let rig: ConsoleRig

  before(async () => {
    rig = await openConsole()
  })
  after(() => rig?.close())

  const alertsOf = async (q: string): Promise<readonly Alert[]> =>
    (await rig.ask(`/v1/alerts?limit=500&q=${encodeURIComponent(q)}`)).alerts
  const alertOf = (id: string): Promise<Alert & { readonly history: readonly unknown[] }> =>
    rig.ask(`/v1/alerts/${id}`)
  const reopenAll = async () => {
    for (const { id } of await alertsOf('state:(acknowledged or resolved)')) {
      await rig.ask(`/v1/alerts/${id}/reopen`, { method: 'POST', body: '{}' })
    }
  }

  it('ten alerts are triaged by keyboard alone, and every word is in the log', () =>
    rig.visit({ path: '/alerts' }, async ({ page, settled }) => {
      await settled()
      const list = await rows(page)
      assert.ok(list.length >= 10)
      await press(page, 'j', 'Enter')
      const seen: string[] = []
      for (let i = 0; i < 10; i++) {
        await page.locator('.opened h2').first().waitFor()
        const id = opened(page) ?? ''
        seen.push(id)
        await page.waitForFunction(
          short => document.querySelector('.opened .who')?.textContent?.includes(short),
          id.slice(0, 12),
        )
        await decide(page, i)
        await page.waitForFunction(() => document.activeElement !== document.body)
        assert.equal(await focused(page), 'heading', `after alert ${i}`)
        assert.ok(await page.locator(`[data-alert="${id}"]`).isVisible(), 'the list is in sight')
        if (i < 9) await press(page, 'j')
        if (i < 9) await page.waitForURL(url => url.searchParams.get('sel') !== id)
      }
      assert.equal(new Set(seen).size, 10, 'each alert came once')
      assert.deepEqual(seen, list.slice(0, 10), 'in the order of the list')
      for (const [i, id] of seen.entries()) {
        const { state, disposition, assignee, history } = await alertOf(id)
        const expected = [
          ['acknowledged', null, null],
          ['resolved', 'true', null],
          ['resolved', 'benign', null],
          ['open', null, 'root'],
          ['open', null, null],
        ][i % 5]
        assert.equal(state, expected?.[0], `alert ${i}`)
        if (expected?.[1]) assert.equal(disposition, expected[1])
        assert.equal(assignee !== null, expected?.[2] !== null, `alert ${i}`)
        assert.equal(history.length, i % 5 === 4 ? 2 : 1)
      }
      await press(page, 'Escape')
      await page.locator('.opened').waitFor({ state: 'detached' })
      await page.waitForFunction(() => document.activeElement?.matches('[data-alert]'))
      await reopenAll()
    }))

  /** By turns: acknowledge; resolve as true; as benign; take it; acknowledge and undo. */
  async function decide(page: Page, i: number): Promise<void> {
    switch (i % 5) {
      case 0:
        await press(page, 'e')
        return said(page, 'Acknowledged')
      case 1:
        await press(page, 'r')
        await page.locator('form[aria-label="Resolve"] input:focus').waitFor()
        await press(page, 'Enter')
        return said(page, 'Resolved as true')
      case 2:
        await press(page, 'r')
        await page.locator('form[aria-label="Resolve"] input:focus').waitFor()
        await press(page, 'ArrowDown', 'Enter')
        return said(page, 'Resolved as benign')
      case 3:
        await press(page, 'a')
        await page.locator('form[aria-label="Assign"] input:focus').waitFor()
        await press(page, 'Enter')
        return said(page, 'Assigned to')
      default:
        await press(page, 'e')
        await said(page, 'Acknowledged')
        await press(page, 'z')
        return said(page, 'Taken back')
    }
  }

  it('j and k walk the query, beyond what is loaded, and never leave it', () =>
    rig.visit(
      {
        path: '/alerts?group=none&aq=level%3Ahigh',
        // Small pages: the next one must be asked for on the way.
        prepare: async page => {
          await page.route(/\/v1\/alerts\?/, route => {
            const url = new URL(route.request().url())
            if (url.searchParams.get('limit') === '100') url.searchParams.set('limit', '3')
            return route.continue({ url: url.href })
          })
        },
      },
      async ({ page, settled }) => {
        await settled()
        const wanted = (await alertsOf('level:high')).map(({ id }) => id)
        assert.ok(wanted.length > 6)
        await press(page, 'j', 'Enter')
        const walked: (string | null)[] = []
        for (const id of wanted) {
          await page.waitForURL(url => url.searchParams.get('sel') === id)
          walked.push(opened(page))
          await press(page, 'j')
        }
        assert.deepEqual(walked, wanted)
        await press(page, 'k')
        await page.waitForURL(url => url.searchParams.get('sel') === wanted.at(-2))
        assert.equal(asked(page), 'level:high', 'the question stands in the address')
        await page.goBack()
        assert.equal(opened(page), null)
        assert.equal(asked(page), 'level:high')
      },
    ))

  it('filters write the query, and their numbers are the server’s', () =>
    rig.visit({ path: '/alerts' }, async ({ page, settled }) => {
      await settled()
      const { counts } = await rig.ask('/v1/alerts?limit=1&from=now-30d&to=now')
      for (const [name, state] of [
        ['Open', 'open'],
        ['Resolved', 'resolved'],
      ] as const) {
        const filter = page.locator('.filter', { hasText: name })
        assert.equal(await filter.locator('.number').textContent(), String(counts[state]))
      }
      await page.locator('.filter', { hasText: 'Resolved' }).click()
      assert.equal(asked(page), 'state:resolved')
      await page.locator('.filter', { hasText: 'Mine' }).click()
      assert.match(asked(page) ?? '', /^state:resolved and assignee:/)
      assert.equal(await page.getByLabel('Question about alerts').inputValue(), asked(page))
      await page.locator('.filter', { hasText: 'Resolved' }).click()
      assert.match(asked(page) ?? '', /^assignee:/)
    }))

  it('the parts of a score add up to the score that is shown', () =>
    rig.visit({ path: '/alerts' }, async ({ page, settled }) => {
      await settled()
      for (const { id } of (await alertsOf('state:open')).slice(0, 5)) {
        await page.goto(`${rig.url}/alerts?sel=${id}`)
        await settled()
        const { risk, findings } = await rig.ask(`/v1/alerts/${id}`)
        const sums = await page.evaluate(sumsOf)
        assert.ok(sums.length >= 1 + findings.length)
        for (const { parts, sum } of sums) assert.equal(parts, sum)
        assert.equal(sums.at(-1)?.sum, Number(risk.score.toFixed(1)))
      }
    }))

  it('all that match are acknowledged at once, and undone at once', () =>
    rig.visit({ path: '/alerts' }, async ({ page, settled }) => {
      await settled()
      const before = await alertsOf('state:open')
      await press(page, 'j', 'x')
      await page.getByRole('button', { name: `Select all ${before.length} that match` }).waitFor()
      await press(page, 'X')
      await page.getByText(`${before.length} selected`).waitFor()
      await press(page, 'e')
      await said(page, `${before.length} alerts changed`)
      assert.equal((await alertsOf('state:open')).length, 0)
      await page.getByRole('heading', { name: 'All triaged' }).waitFor()
      assert.match((await page.locator('.inbox').textContent()) ?? '', /rules watch .* entities/)
      await press(page, 'z')
      await said(page, 'Taken back')
      assert.deepEqual(
        (await alertsOf('state:open')).map(({ id }) => id),
        before.map(({ id }) => id),
      )
    }))

  it('when the number is another one by then, nothing is done and the new one is named', () =>
    rig.visit({ path: '/alerts' }, async ({ page, settled, expects }) => {
      await settled()
      const before = await alertsOf('state:open')
      const [first] = before
      await press(page, 'j', 'x', 'X')
      await rig.ask(`/v1/alerts/${first?.id}/ack`, { method: 'POST', body: '{}' })
      expects(/status of 409 .*\/v1\/alerts\/bulk$/)
      await press(page, 'e')
      const words = await page.locator('.wrong').textContent()
      assert.match(words ?? '', new RegExp(`\\b${before.length - 1}\\b`))
      assert.equal((await alertsOf('state:open')).length, before.length - 1)
      await reopenAll()
    }))

  it('what is new waits until it is wanted, and the focus stays where it is', () =>
    rig.visit(
      {
        path: '/alerts?group=none',
        prepare: async page => {
          await page.clock.install()
          let asks = 0
          await page.route(/\/v1\/alerts\?.*limit=100/, async route => {
            asks += 1
            const response = await route.fetch()
            const answer = await response.json()
            // The newest has not come yet when the list is first asked for.
            if (asks === 1) answer.alerts.shift()
            await route.fulfill({ response, json: answer })
          })
        },
      },
      async ({ page, settled }) => {
        await settled()
        const before = await rows(page)
        await press(page, 'j', 'j')
        const [, at = ''] = before
        await page.waitForFunction(
          id => document.activeElement?.getAttribute('data-alert') === id,
          at,
        )
        await page.clock.runFor(LIVE_MS)
        const fresh = page.getByRole('button', { name: '1 new: show it' })
        await fresh.waitFor()
        assert.deepEqual(await rows(page), before)
        assert.equal(
          await page.evaluate(() => document.activeElement?.getAttribute('data-alert')),
          at,
        )
        await fresh.click()
        await page.waitForFunction(
          length => document.querySelectorAll('[data-alert]').length === length,
          before.length + 1,
        )
        assert.deepEqual((await rows(page)).slice(1), before)
      },
    ))

  it('a suppression needs its reason, hides the alert, and is lifted by z', () =>
    rig.visit({ path: '/alerts' }, async ({ page, settled }) => {
      await settled()
      await press(page, 'j', 'Enter')
      const id = opened(page) ?? ''
      await press(page, 'm')
      const form = page.locator('form[aria-label="Suppress"]')
      await form.locator('input:focus').waitFor()
      await form.getByLabel('Why, for whoever misses it').focus()
      await press(page, 'Enter')
      assert.equal((await alertsOf('suppressed:true')).length, 0, 'without a reason nothing')
      await page.keyboard.type('announced load test')
      await press(page, 'Enter')
      await said(page, 'Suppressed')
      assert.deepEqual(
        (await alertsOf('suppressed:true')).map(alert => alert.id),
        [id],
      )
      await press(page, 'z')
      await said(page, 'Taken back')
      assert.equal((await alertsOf('suppressed:true')).length, 0)
    }))

  it('who may only read is told so, and nothing is sent', async () => {
    const body = JSON.stringify({ name: 'reader', scopes: ['read'] })
    const { key } = await rig.ask('/v1/keys', { method: 'POST', body })
    await rig.visit({ path: '/alerts', isSignedIn: false }, async ({ page, settled }) => {
      await page.getByLabel('Or with an API key').fill(key)
      await press(page, 'Enter')
      await page.locator('[data-alert]').first().waitFor()
      await settled()
      let changes = 0
      page.on('request', request => {
        if (request.method() !== 'GET') changes += 1
      })
      await press(page, 'j', 'Enter')
      const resolve = page.locator('.actions button', { hasText: 'Resolve' })
      await resolve.waitFor()
      assert.equal(await resolve.getAttribute('aria-disabled'), 'true')
      assert.match((await resolve.textContent()) ?? '', /does not have the scope triage/)
      await press(page, 'r', 'a', 'm', 'e')
      await page.locator('.wrong', { hasText: 'triage' }).waitFor()
      assert.equal(await page.locator('.action-form').count(), 0)
      assert.equal(changes, 0)
    })
  })
})

/** Runs in the page: what stands above each sum, added up, in tenths. */
function sumsOf(): readonly { readonly parts: number; readonly sum: number }[] {
  const tenths = (text: string | null | undefined) => Math.round(Number(text || 0) * 10) || 0
  const total = (cells: readonly (Element | null)[]) =>
    cells.reduce((sum, cell) => sum + tenths(cell?.textContent), 0) / 10
  const tables = [...document.querySelectorAll('.finding table')].map(table => {
    const lines = [...table.querySelectorAll('tbody tr')]
    const last = lines.at(-1)?.querySelector('.number')
    const cells = lines.slice(0, -1).map(line => line.querySelector('.number'))
    return { parts: total(cells), sum: tenths(last?.textContent) / 10 }
  })
  const whole = document.querySelector('.evidence')
  const lines = [...(whole?.querySelectorAll('summary, .sum-line') ?? [])]
  const last = lines.at(-1)?.querySelector('.number')
  const cells = lines.slice(0, -1).map(line => line.querySelector('.number'))
  return [...tables, { parts: total(cells), sum: tenths(last?.textContent) / 10 }]
}
