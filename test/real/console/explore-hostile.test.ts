// Explore under what strangers send: texts that would be markup, a direction or a formula; values
// as large as they like; events faster than anybody reads.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { type ConsoleRig, needChromium, openConsole, type Tab } from './browser.ts'

const skip = needChromium()
const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '[click](javascript:alert(1))',
  '=HYPERLINK("http://elsewhere.example")',
  '\u202egnp.exe',
  '\u001b[31mred\u001b[0m',
  '"); drop table events; --',
  'a\u0000b',
  '🦊'.repeat(200),
]

let rig: ConsoleRig
let ingest: string

before(async () => {
  if (skip !== false) return
  rig = await openConsole({ world: 'empty' })
  ingest = await rig.live.key('ingest')
})
after(() => rig?.close())

const event = (operation: string, more: object = {}) => ({
  kind: 'ai.tool',
  time: Date.now(),
  outcome: 'success',
  actor: { type: 'service', id: 'svc-a' },
  operation,
  ...more,
})

async function send(events: readonly object[]): Promise<void> {
  const body = events.map(one => JSON.stringify(one)).join('\n')
  const headers = { authorization: `Bearer ${ingest}`, 'content-type': 'application/x-ndjson' }
  const answer = await fetch(`${rig.url}/v1/events`, { method: 'POST', body, headers })
  assert.equal(answer.status, 200, await answer.clone().text())
  await rig.live.indexed()
}

const rowsOf = (page: Page) => page.locator('[role=row]:has([role=gridcell])')

describe('texts of strangers in Explore', { skip }, () => {
  it('are texts, in every part of it', async () => {
    await send(
      HOSTILE.map(text =>
        event(text, {
          actor: { type: 'human', id: text, claimed: text },
          tool: { name: text },
          resource: [{ type: text, id: text }],
          source: { userAgent: text },
          agent: { id: text },
          ext: { [text]: { [text]: text } },
        }),
      ),
    )
    const cols = 'time,actor.id,operation,tool.name,resource.id,source.userAgent,ext'
    const path = `/events?${new URLSearchParams({ q: 'kind:ai.tool', cols })}`
    await rig.visit({ path }, async ({ page, settled }) => {
      await settled()
      assert.equal(await rowsOf(page).count(), HOSTILE.length)
      for (const tab of ['fields', 'json', 'chain', 'proof']) {
        for (let i = 0; i < HOSTILE.length; i++) {
          await rowsOf(page)
            .nth(i)
            .click({ position: { x: 40, y: 8 } })
          await page.getByRole('tab', { name: tab, exact: false }).click()
          await settled()
          await page.keyboard.press('Escape')
        }
      }
      assert.equal(await page.locator('img[src="x"]').count(), 0)
      assert.ok((await page.locator('.hidden-char', { hasText: 'U+202E' }).count()) > 0)
      for (const text of HOSTILE) {
        await page.goto(`${rig.url}${path}`)
        await settled()
        const row = rowsOf(page).filter({ has: page.locator('[aria-colindex="3"]') })
        const at = HOSTILE.length - 1 - HOSTILE.indexOf(text)
        await row.nth(at).locator('[aria-colindex="3"]').focus()
        await page.keyboard.press('f')
        await settled()
        assert.equal(await rowsOf(page).count(), 1, new URL(page.url()).searchParams.get('q') ?? '')
      }
    })
  })
})

describe('values as large as they like in Explore', { skip }, () => {
  /** How long the page could not do anything, at worst; only the order of magnitude is judged. */
  async function watch(page: Page): Promise<() => Promise<number>> {
    await page.evaluate(() => {
      const seen = { worst: 0 }
      Reflect.set(window, 'stuck', seen)
      let last = performance.now()
      const tick = () => {
        const now = performance.now()
        seen.worst = Math.max(seen.worst, now - last)
        last = now
        window.setTimeout(tick, 0)
      }
      tick()
    })
    return () => page.evaluate(() => Reflect.get(window, 'stuck').worst)
  }

  /** Puts `more` into every answer that holds events. */
  async function enlarge({ page }: Tab, more: string): Promise<void> {
    await page.route(/\/v1\/events(?:\?|\/[0-9a-f-]{36}$)/, async route => {
      const response = await route.fetch()
      const text = await response.text()
      const body = text.replaceAll('"kind":', `${more},"kind":`)
      await route.fulfill({ response, body })
    })
  }

  const LARGE: { readonly [what: string]: string } = {
    'a text of 20 MB': `"endpoint":"${'x<b>'.repeat(5_000_000)}"`,
    'a JSON of a million values': `"ext":{"a":[${'{"b":1},'.repeat(500_000)}0]}`,
    'an object of a million members': `"ext":{${Array.from({ length: 1_000_000 }, (_, i) => `"k${i}":${i}`).join(',')}}`,
  }
  for (const [what, more] of Object.entries(LARGE)) {
    it(`${what} does not freeze the page`, async () => {
      await send([event('large')])
      const q = 'operation:large'
      const cols = 'time,operation,endpoint,ext,target'
      await rig.visit({ path: '/events?q=kind%3Anothing' }, async tab => {
        const { page, settled } = tab
        await settled()
        await enlarge(tab, more)
        await page.goto(`${rig.url}/events?${new URLSearchParams({ q, cols })}`)
        await rowsOf(page).first().waitFor()
        const stuck = await watch(page)
        await rowsOf(page)
          .first()
          .click({ position: { x: 40, y: 8 } })
        await page.waitForSelector('.drawer .event-fields')
        await page.getByRole('tab', { name: 'JSON' }).click()
        await page.waitForSelector('.json-line')
        await settled()
        const lines = await page.locator('.json-line').count()
        assert.ok(lines < 100, String(lines))
        const { nodes, chars } = await page.evaluate(() => ({
          nodes: document.querySelectorAll('*').length,
          chars: document.body.textContent?.length ?? 0,
        }))
        assert.ok(nodes < 6000, `${nodes} nodes`)
        assert.ok(chars < 200_000, `${chars} characters`)
        const ms = await stuck()
        assert.ok(ms < 10_000, `stuck for ${ms} ms`)
        await page.keyboard.press('Escape')
        await page.waitForSelector('.drawer', { state: 'detached' })
      })
    })
  }
})

describe('the live view of Explore', { skip }, () => {
  it('shows what arrives, holds still while somebody reads, and goes on', () =>
    rig.visit({ path: '/events?live=1&q=operation%3Alive-*' }, async ({ page }) => {
      await page.getByText('Live: the newest first').waitFor()
      await send([event('live-1'), event('live-2')])
      await page.getByText('live-2', { exact: true }).waitFor()
      assert.match((await rowsOf(page).first().textContent()) ?? '', /live-2/)
      await send([event('other')])
      await page.getByRole('button', { name: 'Hold still' }).click()
      await send(Array.from({ length: 30 }, (_, i) => event(`live-${i + 3}`)))
      await page.getByText('30 wait').waitFor()
      assert.match((await rowsOf(page).first().textContent()) ?? '', /live-2/)
      await page.getByRole('button', { name: 'Show 30 new' }).click()
      await page.getByText('live-32', { exact: true }).waitFor()
      assert.equal(await page.getByText('other', { exact: true }).count(), 0)
      // Away from the top, too.
      await page.locator('[role=grid]').evaluate(grid => grid.scrollTo({ top: 200 }))
      await page.getByText('Held still while you read').waitFor()
      await send([event('live-33')])
      await page.getByRole('button', { name: 'Show 1 new' }).click()
      await page.getByText('live-33', { exact: true }).waitFor()
      // And while an event is open.
      await rowsOf(page)
        .first()
        .click({ position: { x: 40, y: 8 } })
      await page.waitForSelector('.drawer .event-fields')
      await send([event('live-34')])
      await page.getByText('1 wait').waitFor()
      await page.keyboard.press('l')
      await page.waitForURL(url => !url.searchParams.has('live'))
    }))

  it('keeps a bounded number of rows, and says what it let go', () =>
    rig.visit({ path: '/events?live=1&q=operation%3Aflood' }, async ({ page }) => {
      await page.getByText('Live: the newest first').waitFor()
      await page.getByRole('button', { name: 'Hold still' }).click()
      for (let i = 0; i < 5; i++) {
        await send(Array.from({ length: 500 }, (_, n) => event('flood', { status: i * 500 + n })))
      }
      await page.getByText(/let go; search finds them/).waitFor()
      await page.getByRole('button', { name: /^Show [\d,]+ new$/ }).click()
      await setTimeout(1000)
      const height = await page.locator('.grid-body').evaluate(body => body.clientHeight)
      assert.ok(height <= 1000 * 28, String(height))
      const said = (await page.locator('.results-bar').textContent()) ?? ''
      const [, gone = '0'] = /([\d,]+) let go/.exec(said) ?? []
      assert.ok(Number(gone.replaceAll(',', '')) >= 1000, said)
      assert.ok((await rowsOf(page).count()) < 100)
    }))

  it('goes on where it was after the page was away', () =>
    rig.visit({ path: '/events?live=1&q=operation%3Aaway-*' }, async ({ page }) => {
      await page.getByText('Live: the newest first').waitFor()
      await send([event('away-1')])
      await page.getByText('away-1', { exact: true }).waitFor()
      const turn = (isHidden: boolean) =>
        page.evaluate(hidden => {
          Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden })
          document.dispatchEvent(new Event('visibilitychange'))
        }, isHidden)
      await turn(true)
      await send([event('away-2'), event('away-3')])
      await turn(false)
      await page.getByText('away-3', { exact: true }).waitFor()
      const shown = await page.locator('[role=gridcell][aria-colindex="5"]').allTextContents()
      assert.deepEqual(shown, ['away-3', 'away-2', 'away-1'])
    }))
})
