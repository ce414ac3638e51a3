// What the rig promises to the suites on it: a page that does something it must not fails its test.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { type ConsoleRig, needChromium, openConsole } from './browser.ts'

describe('a visit', { skip: needChromium() }, () => {
  let rig: ConsoleRig
  before(async () => {
    rig = await openConsole({ world: 'empty' })
  })
  after(() => rig?.close())

  it('is signed in, and passes when nothing goes wrong', () =>
    rig.visit({}, async ({ page, settled }) => {
      await settled()
      assert.equal(await page.locator('h1').textContent(), 'Overview')
    }))

  const wrong: readonly (readonly [string, RegExp, (page: Page) => Promise<unknown>])[] = [
    ['an error in the console', /error: told/, page => page.evaluate(() => console.error('told'))],
    [
      'an uncaught error',
      /uncaught: Error: thrown/,
      page =>
        page.evaluate(() =>
          setTimeout(() => {
            throw new Error('thrown')
          }),
        ),
    ],
    [
      'a rejection nobody handles',
      /rejected: Error: alone/,
      page => page.evaluate(() => void Promise.reject(new Error('alone'))),
    ],
    [
      'markup out of text',
      /policy: require-trusted-types-for/,
      page =>
        page
          .evaluate(() => {
            document.body.innerHTML = '<b>x</b>'
          })
          .catch(() => null),
    ],
    [
      'a style of its own',
      /policy: style-src/,
      page =>
        page.evaluate(() => {
          document.head.append(document.createElement('style'))
          document.querySelector('style:last-of-type')?.append('a{}')
        }),
    ],
    ['a dialog', /a dialog: hello/, page => page.evaluate(() => alert('hello'))],
    [
      'a request to elsewhere',
      /policy: connect-src http:\/\/127\.0\.0\.2/,
      page => page.evaluate(() => fetch('http://127.0.0.2:9/').catch(() => null)),
    ],
  ]
  for (const [what, told, act] of wrong) {
    it(`fails on ${what}`, async () => {
      const visit = rig.visit({}, async ({ page, settled }) => {
        await settled()
        await act(page)
        await page.waitForTimeout(50)
      })
      await assert.rejects(visit, told)
    })
  }
})
