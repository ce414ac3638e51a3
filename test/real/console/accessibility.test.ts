// WCAG 2.2 AA as far as a program sees it: every screen in every state and all colours, with what
// opens over it, judged by axe-core without exclusions; and by keyboard, and on 320 pixels.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { type ConsoleRig, type Forced, needChromium, openConsole, type Tab } from './browser.ts'
import { type Broken, judge, overflow, tabThrough } from './judge.ts'
import { type Place, placesOf } from './places.ts'

const skip = needChromium()
const NAMES = ['overview', 'explore', 'alerts', 'entity', 'investigate', 'integrity']
/** Longer than a skeleton waits before it is shown. */
const SKELETON_MS = 400
/** Longer than it takes to give the focus back. */
const RETURN_MS = 200

type State = 'data' | 'nothing' | 'empty' | Forced
const STATES: readonly State[] = ['data', 'nothing', 'empty', 'loading', 'error', 'partial']

let month: ConsoleRig
let empty: ConsoleRig
let places: readonly Place[]

before(async () => {
  if (skip !== false) return
  month = await openConsole()
  empty = await openConsole({ world: 'empty' })
  places = await placesOf(month)
})
after(async () => {
  await month?.close()
  await empty?.close()
})

function placeOf(name: string): Place {
  const place = places.find(one => one.name === name)
  assert.ok(place, name)
  return place
}

async function settle({ page, settled }: Tab, state: State): Promise<void> {
  if (state !== 'loading') return settled()
  await page.waitForSelector('main')
  await page.waitForTimeout(SKELETON_MS)
}

const OVER: readonly (readonly [what: string, press: string, closed: string])[] = [
  ['palette', 'Control+k', '[role="dialog"]'],
  ['help', '?', '[role="dialog"]'],
]

async function judgeScreen(tab: Tab, { name, drawer }: Place, state: State): Promise<void> {
  const { page, url } = tab
  const broken: Broken = new Map()
  await settle(tab, state)
  await judge(page, name, broken)
  for (const [what, press, dialog] of OVER) {
    await page.keyboard.press(press)
    await page.waitForSelector(dialog)
    await judge(page, `${name}, ${what}`, broken)
    await page.keyboard.press('Escape')
    await page.waitForSelector(dialog, { state: 'detached' })
  }
  if (drawer !== null && state !== 'empty' && state !== 'nothing') {
    await page.goto(url + drawer)
    await settle(tab, state)
    await judge(page, `${name}, drawer`, broken)
  }
  assert.deepEqual(broken, new Map())
}

function isForced(state: State): state is Forced {
  return state === 'loading' || state === 'error' || state === 'partial'
}

describe('axe-core finds nothing', { skip }, () => {
  for (const name of NAMES) {
    for (const state of STATES) {
      it(`on ${name}, ${state}`, () => {
        const place = placeOf(name)
        const rig = state === 'empty' ? empty : month
        const path = state === 'nothing' || state === 'empty' ? place.nothing : place.path
        return rig.visit({ path, ...(isForced(state) ? { force: state } : {}) }, tab => {
          // An entity that nobody knows is a problem of the address, said as one.
          tab.expects(/status of 404 .*\/v1\/(?:entities|investigations)/)
          return judgeScreen(tab, place, state)
        })
      })
    }
  }

  it('on sign-in, before and after a key that is wrong', () =>
    month.visit({ path: '/sign-in', isSignedIn: false }, async ({ page, expects }) => {
      const broken: Broken = new Map()
      await page.waitForSelector('h1')
      await judge(page, 'sign-in', broken)
      expects(/status of 401 .*\/v1\/session$/)
      await page.getByLabel('Or with an API key').fill('tocsin_key_wrong')
      await page.keyboard.press('Enter')
      await page.waitForSelector('[aria-invalid="true"]')
      await judge(page, 'sign-in, wrong', broken)
      assert.deepEqual(broken, new Map())
    }))
})

describe('the states are told apart', { skip }, () => {
  const shown = (page: Page) =>
    page.$$eval('[data-state]', all => [...new Set(all.map(one => one.dataset.state))])

  for (const name of NAMES) {
    it(`on ${name}`, async () => {
      const place = placeOf(name)
      const { path, canBePartial } = place
      const see = async (state: State, rig: ConsoleRig, at: string) => {
        let states: readonly (string | undefined)[] = []
        await rig.visit({ path: at, ...(isForced(state) ? { force: state } : {}) }, async tab => {
          tab.expects(/status of 404 .*\/v1\/(?:entities|investigations)/)
          await settle(tab, state)
          states = await shown(tab.page)
        })
        return states
      }
      assert.deepEqual(await see('loading', month, path), ['loading'], 'loading')
      assert.deepEqual(await see('error', month, path), ['error'], 'error')
      if (canBePartial) {
        assert.ok((await see('partial', month, path)).includes('partial'), 'partial')
      }
      const data = await see('data', month, path)
      for (const state of ['loading', 'error', 'partial']) assert.ok(!data.includes(state), state)
    })
  }
})

describe('by keyboard', { skip }, () => {
  for (const name of NAMES) {
    it(`everything on ${name} is reached, and shows that it is`, () =>
      month.visit({ path: placeOf(name).path }, async ({ page, settled }) => {
        await settled()
        assert.deepEqual(await tabThrough(page), { missed: [], unmarked: [] })
      }))
  }

  it('the focus comes back when the palette, help and the range close', () =>
    month.visit({ path: placeOf('overview').path }, async ({ page, settled }) => {
      await settled()
      const goTo = page.locator('header button', { hasText: 'Go to' })
      const range = page.locator('header button', { hasText: 'Last 7 days' })
      const link = page.getByRole('link', { name: 'Integrity' }).first()
      for (const [opener, press] of [
        [goTo, 'Enter'],
        [range, 'Enter'],
        [link, 'Control+k'],
        [link, '?'],
        [link, 't'],
      ] as const) {
        await opener.focus()
        await page.keyboard.press(press)
        await page.waitForFunction(() => document.activeElement?.closest('[role="dialog"]'))
        await page.keyboard.press('Escape')
        await page.waitForSelector('[role="dialog"]', { state: 'detached' })
        await page.waitForTimeout(RETURN_MS)
        const isBack = await opener.evaluate(element => element === document.activeElement)
        const where = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 120))
        assert.ok(isBack, `${press}: the focus is on ${where}`)
      }
    }))

  it('the first Tab offers the way past the menu', () =>
    month.visit({ path: '/events' }, async ({ page, settled }) => {
      await settled()
      await page.keyboard.press('Tab')
      const link = page.locator(':focus')
      assert.equal(await link.textContent(), 'Skip to the content')
      assert.ok(await link.isVisible())
      await page.keyboard.press('Enter')
      assert.equal(await page.evaluate(() => document.activeElement?.id), 'screen')
    }))
})

describe('on 320 pixels', { skip }, () => {
  for (const name of NAMES) {
    it(`${name} needs no scrolling to the side`, () =>
      month.visit({ path: placeOf(name).path, width: 320, height: 640 }, async tab => {
        await tab.settled()
        assert.deepEqual(await overflow(tab.page), [])
      }))
  }
  it('sign-in needs none', () =>
    month.visit({ path: '/sign-in', isSignedIn: false, width: 320 }, async ({ page }) => {
      await page.waitForSelector('h1')
      assert.deepEqual(await overflow(page), [])
    }))
})
