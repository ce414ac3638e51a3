// Signing in as a person does it: by a link, once; by a key, while it may; and back to where they
// wanted to go.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { type ConsoleRig, needChromium, openConsole } from './browser.ts'

const ASKED = '/events?v=1&q=outcome%3Adenied&from=now-7d'
/** What a browser says of answers that a test brings about. */
const REFUSED = /status of (?:401|403|429) .*\/v1\//

describe('signing in', { skip: needChromium() }, () => {
  let rig: ConsoleRig
  before(async () => {
    rig = await openConsole({ world: 'empty' })
  })
  after(() => rig?.close())

  async function newLink(): Promise<string> {
    const { code, out, err } = await rig.live.tocsin(['sign-in'])
    assert.equal(code, 0, err)
    return out.trim()
  }

  async function enterKey(page: Page, key: string): Promise<void> {
    await page.getByLabel('Or with an API key').fill(key)
    await page.keyboard.press('Enter')
  }

  const visitor = (path: string, look: Parameters<ConsoleRig['visit']>[1]) =>
    rig.visit({ path, isSignedIn: false }, async tab => {
      tab.expects(REFUSED)
      await look(tab)
    })

  it('works with a link once, and leaves nothing of it in the address or the history', async () => {
    const link = await newLink()
    const path = link.slice(rig.url.length)
    await visitor(path, async ({ page }) => {
      await page.locator('.frame').waitFor()
      assert.equal(page.url(), `${rig.url}/`)
      await page.goBack().catch(() => null)
      assert.doesNotMatch(page.url(), /token/)
      // The same link again, by somebody who is signed in.
      await page.goto('about:blank')
      await page.goto(link)
      await page.getByText('This link does not work any more').waitFor()
      await page.getByRole('button', { name: 'Open Tocsin' }).click()
      await page.locator('.frame').waitFor()
    })
    await visitor(path, async ({ page }) => {
      await page.getByText('This link does not work any more').waitFor()
      assert.equal(await page.locator('.frame').count(), 0)
      assert.doesNotMatch(page.url(), /token/)
      await page.getByText('tocsin sign-in').waitFor()
    })
  })

  it('with a made-up link says the same, and shows no more', () =>
    visitor('/sign-in#token=made-up', async ({ page }) => {
      await page.getByText('This link does not work any more').waitFor()
      assert.doesNotMatch(page.url(), /made-up/)
    }))

  it('goes where somebody wanted to go: by a key, and by a link in another tab', async () => {
    await visitor(ASKED, async ({ page }) => {
      await enterKey(page, rig.key)
      await page.locator('.frame').waitFor()
      assert.equal(page.url(), rig.url + ASKED)
    })
    await visitor(ASKED, async ({ page }) => {
      await page.getByLabel('Or with an API key').waitFor()
      const other = await page.context().newPage()
      await other.goto(await newLink())
      await other.locator('.frame').waitFor()
      assert.equal(other.url(), rig.url + ASKED)
      // The first tab follows when somebody comes back to it.
      await page.bringToFront()
      await page.evaluate(() => window.dispatchEvent(new Event('focus')))
      await page.locator('.frame').waitFor()
      assert.equal(page.url(), rig.url + ASKED)
    })
  })

  it('refuses a wrong key, keeps it in its field, and takes the right one', () =>
    visitor('/', async ({ page }) => {
      await enterKey(page, 'tocsin_live_wrong')
      await page.getByText('This key is not known').waitFor()
      assert.equal(await page.getByLabel('Or with an API key').inputValue(), 'tocsin_live_wrong')
      await enterKey(page, rig.key)
      await page.locator('.frame').waitFor()
    }))

  it('names the right that a key lacks', async () => {
    const key = await rig.live.key('ingest')
    await visitor('/', async ({ page }) => {
      await enterKey(page, key)
      await page.getByText(/needs the scope read, which/).waitFor()
    })
  })

  it('ends with the key: where it is revoked, the way in is shown on the same address', async () => {
    const key = await rig.live.key('read')
    const keys = await rig.ask('/v1/keys')
    const { keyId } = keys.find(
      ({ scopes }: { scopes: readonly string[] }) => scopes.join() === 'read',
    )
    await visitor('/integrity', async ({ page }) => {
      await enterKey(page, key)
      await page.locator('.frame').waitFor()
      const { code, err } = await rig.live.tocsin(['keys', 'revoke', keyId])
      assert.equal(code, 0, err)
      // Something asks again within seconds.
      await page.getByLabel('Or with an API key').waitFor({ timeout: 40_000 })
      assert.equal(page.url(), `${rig.url}/integrity`)
      await enterKey(page, key)
      await page.getByText('This key is not known').waitFor()
    })
  })

  it('says so after too many tries, and still takes a right key', () =>
    visitor('/', async ({ page }) => {
      await page.getByLabel('Or with an API key').waitFor()
      await page.evaluate(async () => {
        for (let i = 0; i < 25; i++) {
          await fetch('/v1/session', {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ key: `tocsin_wrong_${i}` }),
          })
        }
      })
      await enterKey(page, 'tocsin_live_wrong')
      await page.getByText(/Too many sign-ins failed lately/).waitFor()
      await enterKey(page, rig.key)
      await page.locator('.frame').waitFor()
    }))

  it('out: the session is gone, and back shows nothing of what was there', () =>
    visitor('/integrity', async ({ page }) => {
      await enterKey(page, rig.key)
      await page.locator('.frame').waitFor()
      await page.getByRole('button', { name: /^Menu/ }).click()
      await page.getByRole('menuitem', { name: 'Sign out' }).click()
      await page.waitForURL('**/sign-in')
      await page.getByLabel('Or with an API key').waitFor()
      await page.goto(`${rig.url}/integrity`)
      await page.getByLabel('Or with an API key').waitFor()
      assert.equal(await page.locator('.frame').count(), 0)
    }))
})
