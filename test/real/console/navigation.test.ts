// Any way through the console keeps the questions, the time range and the zone: walks by menu,
// palette, keys, links on the screens, back, forward and reload, made up by fast-check. What walks
// are worth in the thousands, without a browser, stands in packages/console/src/address/.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import type { Page } from 'playwright-core'
import { type ConsoleRig, needChromium, openConsole } from './browser.ts'
import { type Place, placesOf } from './places.ts'

const skip = needChromium()
const RUNS = 8
const STEPS_MAX = 14
const KEPT = ['q', 'aq', 'from', 'to', 'tz']

type Kept = { readonly [name: string]: string }

const kept: fc.Arbitrary<Kept> = fc.record({
  q: fc.constantFrom(
    '',
    'outcome:denied',
    'actor.id:"a & b" or -kind:ai.*',
    'x%20y+z#?&v=9',
    'rows>10 (resource.id:*churn* or tool.name:*)',
    'outcome:(',
  ),
  aq: fc.constantFrom('', 'level:high', 'rule:"x & y" state:open'),
  from: fc.constantFrom('', 'now-7d', '2026-01-02T03:04Z'),
  to: fc.constantFrom('', 'now-1h'),
  tz: fc.constantFrom('', 'local'),
})

const PLACES = [
  { name: 'Overview', path: '/', key: 'o' },
  { name: 'Explore', path: '/events', key: 'e' },
  { name: 'Alerts', path: '/alerts', key: 'a' },
  { name: 'Investigate', path: '/investigate', key: 'n' },
  { name: 'Integrity', path: '/integrity', key: 'i' },
] as const

type Going = { readonly by: 'menu' | 'palette' | 'keys'; readonly to: (typeof PLACES)[number] }
type Step =
  | Going
  | { readonly by: 'link'; readonly at: number }
  | { readonly by: 'back' | 'forward' | 'reload' }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    by: fc.constantFrom('menu' as const, 'palette' as const, 'keys' as const),
    to: fc.constantFrom(...PLACES),
  }),
  fc.record({ by: fc.constant('link' as const), at: fc.nat(30) }),
  fc.constantFrom(
    { by: 'back' as const },
    { by: 'back' as const },
    { by: 'forward' as const },
    { by: 'reload' as const },
  ),
)

function keptIn(address: string): Kept {
  const { searchParams } = new URL(address, 'http://x')
  return Object.fromEntries(KEPT.map(name => [name, searchParams.get(name) ?? '']))
}

function search(asked: Kept): string {
  return `?${new URLSearchParams(Object.entries(asked).filter(([, text]) => text !== ''))}`
}

/** Goes one step; how many entries of the history it went, null where it could not go. */
async function go(page: Page, one: Step): Promise<number | null> {
  if ('to' in one) return goTo(page, one)
  if (one.by === 'link') return follow(page, one.at)
  if (one.by === 'back') await page.goBack()
  else if (one.by === 'forward') await page.goForward()
  else await page.reload()
  return { back: -1, forward: 1, reload: 0 }[one.by]
}

async function goTo(page: Page, { by, to }: Going): Promise<number> {
  if (by === 'menu') {
    await page.locator(`nav a.place[aria-label^="${to.name}"]`).click()
  } else if (by === 'palette') {
    await page.keyboard.press('Control+k')
    await page.locator('[role="dialog"] input').fill(to.name)
    await page.keyboard.press('Enter')
    await page.waitForSelector('[role="dialog"]', { state: 'detached' })
  } else {
    // Letters are text while somebody types.
    await page.evaluate(() => {
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
    })
    await page.keyboard.press('g')
    await page.keyboard.press(to.key)
  }
  await page.waitForFunction(path => location.pathname === path, to.path)
  return 1
}

/** A link of the screen may ask something else, but loses nothing that it does not ask anew. */
async function follow(page: Page, at: number): Promise<number | null> {
  const here = keptIn(page.url())
  const links = await page.$$eval('main a[href^="/"]', all =>
    all.map(one => one.getAttribute('href') ?? ''),
  )
  for (const href of links) {
    const there = keptIn(href)
    // A window of its own (what a seal covers) is a question of its own.
    const isOwn = here.from !== there.from && here.to !== there.to
    for (const name of KEPT) {
      const isLost = here[name] !== '' && there[name] === ''
      assert.ok(!isLost || (isOwn && name === 'q'), `${name} is lost by the link ${href}`)
    }
  }
  const same = links.filter(href => JSON.stringify(keptIn(href)) === JSON.stringify(here))
  const href = same[at % Math.max(1, same.length)]
  if (href === undefined) return null
  const link = page.locator(`main a[href="${href.replaceAll('"', '\\"')}"]`).first()
  // Lists change while one looks; what is gone cannot be followed.
  const isThere = await link
    .click({ timeout: 2000 })
    .then(() => true)
    .catch(() => false)
  if (!isThere) return null
  const path = new URL(href, 'http://x').pathname
  await page.waitForFunction(wanted => location.pathname === wanted, path)
  return 1
}

describe('any way through the console', { skip }, () => {
  let rig: ConsoleRig
  let places: readonly Place[]

  before(async () => {
    rig = await openConsole()
    places = await placesOf(rig)
  })
  after(() => rig?.close())

  async function walk(asked: Kept, steps: readonly Step[]): Promise<void> {
    await rig.visit({ path: `/${search(asked)}` }, async ({ page, expects }) => {
      // A question that cannot be asked is refused by the server, and kept all the same.
      expects(/status of 400 .*\/v1\//)
      await page.waitForSelector('main.screen')
      let at = 0
      let last = 0
      for (const one of steps) {
        const mayGo = one.by === 'back' ? at > 0 : one.by === 'forward' ? at < last : true
        const went = mayGo ? await go(page, one) : null
        if (went === null) continue
        at += went
        if ('to' in one || one.by === 'link') last = at
        await page.waitForSelector('main.screen')
        assert.deepEqual(keptIn(page.url()), { ...asked }, `after ${JSON.stringify(one)}`)
      }
    })
  }

  it('keeps questions, range and zone', async t => {
    const seed = Number(process.env.TOCSIN_SEED ?? Date.now() % 1_000_000)
    t.diagnostic(`TOCSIN_SEED=${seed}`)
    const property = fc.asyncProperty(
      kept,
      fc.array(step, { minLength: 6, maxLength: STEPS_MAX }),
      walk,
    )
    await fc.assert(property, { numRuns: RUNS, seed, endOnFailure: true })
  })

  it('loses nothing by any link of any screen', async () => {
    const asked = keptIn('/?q=outcome:denied&aq=level:high&from=now-7d&to=now-1m&tz=local')
    for (const { path, drawer } of places) {
      for (const at of [path, drawer]) {
        if (at === null) continue
        const there = new URL(at, 'http://x')
        for (const [name, text] of Object.entries(asked)) there.searchParams.set(name, text)
        await rig.visit({ path: there.pathname + there.search }, async ({ page, settled }) => {
          await settled()
          await follow(page, 0)
        })
      }
    }
  })

  it('an address written by hand, however wrong, is a screen and not a fault', async () => {
    for (const path of [
      '/events?q=%E2%80%AE&sel=nothing&cols=,,x&sort=-nope&from=never&to=%00&tz=mars&live=9',
      '/alerts?aq=((&sel=../../etc/passwd&group=zzz',
      '/entities/actor/%2E%2E%2F%2E%2E?metric=none',
      '/entities/nonsense/x',
      '/investigate?alert=x&actor=y&from=z',
      '/integrity?event=nothing&seq=-1',
      '/alerts/that/are/not/there',
    ]) {
      await rig.visit({ path }, async ({ page, expects, settled }) => {
        expects(/status of (?:400|404|422) .*\/v1\//)
        await settled()
        assert.ok(await page.locator('h1').isVisible(), path)
        const text = (await page.locator('main').textContent()) ?? ''
        assert.ok(!/The console made a mistake/.test(text), `${path}: ${text.slice(0, 300)}`)
      })
    }
  })
})
