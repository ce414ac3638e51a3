// Integrity in a real browser, against a real log: what is whole is called whole, and what somebody
// damaged on the way or replaced is refused, in words, and never taken for the log's own.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { printVerifierKey } from '../../../packages/sdk/src/note/note.ts'
import { buildLog, sealLog, signerOf } from '../../../packages/sdk/src/verify/test-log.ts'
import { type ConsoleRig, needChromium, openConsole } from './browser.ts'

const EVENTS = 1500
const LOG_FILE = /\/log\/\d{4}\/(.+)$/
const VERIFY_MS_MAX = 60_000

const idOf = (n: number) => `0190b5a0-0000-7000-8000-${String(n).padStart(12, '0')}`

type LogState = {
  readonly origin: string
  readonly vkey: string
  readonly shard: string
  readonly size: number
}

/** Another answer for files of the log; null: there is no such file; undefined: the real one. */
async function serveInstead(
  page: Page,
  change: (path: string, real: () => Promise<Buffer>) => Promise<Uint8Array | null | undefined>,
): Promise<void> {
  await page.route(LOG_FILE, async route => {
    const path = LOG_FILE.exec(route.request().url())?.[1] ?? ''
    const body = await change(path, async () => (await route.fetch()).body())
    const answered =
      body === undefined
        ? route.continue()
        : route.fulfill(body === null ? { status: 404 } : { body: Buffer.from(body) })
    // A page that was left, or a verification that ended, waits for no answer.
    await answered.catch(() => undefined)
  })
}

const verdict = (page: Page) => page.locator('.verdict')
const title = async (page: Page) => (await verdict(page).locator('h2').first().textContent()) ?? ''

async function verified(page: Page): Promise<void> {
  await page.keyboard.press('v')
  await page.locator('.verdict.is-good').waitFor({ timeout: VERIFY_MS_MAX })
}

async function refused(page: Page): Promise<string> {
  await page.locator('.verdict.is-bad').waitFor({ timeout: VERIFY_MS_MAX })
  return (await verdict(page).textContent()) ?? ''
}

describe('integrity', { skip: needChromium() }, () => {
  let rig: ConsoleRig
  let log: LogState
  /** A checkpoint of a shorter log, signed by the same key. */
  let early: Buffer

  before(async () => {
    rig = await openConsole({ world: 'empty' })
    const key = await rig.live.key('ingest,attest')
    const send = async (from: number, to: number) => {
      const lines = Array.from({ length: to - from }, (_, i) =>
        JSON.stringify({
          id: idOf(from + i),
          time: Date.now(),
          kind: 'ai.invoke',
          outcome: 'success',
          actor: { type: 'service', id: `svc-${i % 7}` },
          operation: 'chat',
          system: 'gateway',
        }),
      )
      const answer = await fetch(`${rig.url}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' },
        body: lines.join('\n'),
      })
      assert.equal(answer.status, 200, await answer.text())
    }
    await send(0, 600)
    log = await sealed(600)
    early = Buffer.from(await (await fetch(`${rig.url}/log/${log.shard}/checkpoint`)).arrayBuffer())
    await send(600, EVENTS)
    log = await sealed(EVENTS)
  })
  after(() => rig?.close())

  async function sealed(entries: number): Promise<LogState> {
    for (;;) {
      const state = await rig.ask('/v1/log')
      if (state.checkpointSize >= entries) return state
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }

  it('meets a log, keeps its key, verifies all of it, and still knows after a reload', () =>
    rig.visit({ path: '/integrity' }, async ({ page, settled }) => {
      await settled()
      assert.match(await title(page), /^Signed by .*; not verified in this browser yet$/)
      const panel = page.locator('.key-panel')
      assert.equal(await panel.locator('code').first().textContent(), log.vkey)
      assert.match((await panel.textContent()) ?? '', /not yet with the operator’s/)
      await verified(page)
      const [, size = ''] = /: ([\d,]+) entries, every hash/.exec(await title(page)) ?? []
      assert.ok(Number(size.replaceAll(',', '')) >= EVENTS, size)
      assert.ok((await title(page)).endsWith(`signature by ${log.origin}`))
      const words = (await verdict(page).textContent()) ?? ''
      assert.match(words, /signed by the key that this browser remembers/)
      assert.match(words, /encrypted and do not leave the server/)
      await page.reload()
      await settled()
      assert.match(await title(page), /^Verified here/)
      const { code, out } = await rig.live.tocsin(['verify', rig.url])
      assert.equal(code, 0, out)
    }))

  it('compares the key with what the operator gives, and says when it is another', () =>
    rig.visit({ path: '/integrity' }, async ({ page, settled }) => {
      await settled()
      const field = page.getByLabel('Key that the operator gave you')
      await field.fill(log.vkey.replace(/.$/, 'A'))
      await page.keyboard.press('Enter')
      await page.getByText('This is another key.').waitFor()
      await field.fill(`${log.vkey}\n`)
      await page.keyboard.press('Enter')
      await page.getByText('the same as the operator’s').waitFor()
    }))

  const damages: readonly (readonly [
    what: string,
    expected: RegExp,
    change: Parameters<typeof serveInstead>[1],
  ])[] = [
    [
      'a flipped byte',
      /An entry was changed.*in tile\/entries\/002/,
      async (path, real) => {
        if (path !== 'tile/entries/002') return undefined
        const bytes = await real()
        const at = bytes.indexOf('"u":', 5000) + 4
        bytes[at] = (bytes[at] ?? 0) ^ 1
        return bytes
      },
    ],
    [
      'a bundle that was cut off',
      /Entries are damaged.*tile\/entries\/001/,
      async (path, real) =>
        path === 'tile/entries/001' ? (await real()).subarray(0, 4000) : undefined,
    ],
    [
      'a bundle that is missing',
      /Entries are missing.*tile\/entries\/003/,
      async path => (path === 'tile/entries/003' ? null : undefined),
    ],
    [
      'a hash that was changed',
      /Hashes of the log were changed.*tile\/0\/001/,
      async (path, real) => {
        if (path !== 'tile/0/001') return undefined
        const bytes = await real()
        bytes[77] = (bytes[77] ?? 0) ^ 1
        return bytes
      },
    ],
    [
      'a signature that does not hold',
      /The signature of the log is forged/,
      async (path, real) => {
        if (path !== 'checkpoint') return undefined
        return Buffer.from((await real()).toString().replace(/\n(\d+)\n/, '\n1$1\n'))
      },
    ],
  ]
  for (const [what, expected, change] of damages) {
    it(`refuses ${what}, and takes the log again when it is whole`, () =>
      rig.visit({ path: '/integrity' }, async ({ page, settled, expects }) => {
        expects(/status of 404 .*\/log\//)
        await settled()
        await verified(page)
        await serveInstead(page, change)
        await page.keyboard.press('v')
        assert.match(await refused(page), expected)
        await page.unroute(LOG_FILE)
        await page.reload()
        await settled()
        assert.match(await refused(page), /Found here/, 'a reload makes nothing whole')
        await verified(page)
      }))
  }

  it('refuses a log that became shorter, and names both sizes', () =>
    rig.visit({ path: '/integrity' }, async ({ page, settled }) => {
      await settled()
      await serveInstead(page, async path => (path === 'checkpoint' ? early : undefined))
      await page.reload()
      const words = await refused(page)
      assert.match(words, /The log is shorter than it was/)
      const [, size] = early.toString().split('\n')
      assert.match(words, new RegExp(`now has ${size}`))
      await page.keyboard.press('v')
      await page.waitForTimeout(200)
      assert.equal(await page.locator('.verdict.is-bad').count(), 1)
    }))

  it('never takes another key for the log’s own, before a person forgets the old one', async () => {
    const forger = signerOf(log.origin, 2)
    const theirs = await sealLog((await buildLog(300)).entries, [300], forger)
    const forged = printVerifierKey(forger.key)
    await rig.visit({ path: '/integrity' }, async ({ page, settled, expects }) => {
      expects(/status of 404 .*\/log\//)
      await settled()
      await serveInstead(page, async path => theirs.files.get(path) ?? null)
      await page.reload()
      const words = await refused(page)
      assert.match(words, /Another key signs this log/)
      assert.ok(words.includes(log.vkey) && words.includes(forged), 'it names both keys')
      const panel = page.locator('.key-panel')
      assert.equal(await panel.locator('code').first().textContent(), log.vkey)
      await page.goto(`${rig.url}/events`)
      await page.locator('header').getByText('Log refused').waitFor()
      await page.goto(`${rig.url}/integrity?v=1&event=${idOf(7)}`)
      await refused(page)
      await page.getByText('A proof is worth nothing while the log is refused').waitFor()
      await page.getByRole('button', { name: 'Forget this key' }).click()
      await page.getByRole('button', { name: 'Keep it' }).click()
      assert.equal(await panel.locator('code').first().textContent(), log.vkey)
      await page.getByRole('button', { name: 'Forget this key' }).click()
      await page.getByRole('button', { name: 'Forget it' }).click()
      await page.locator('.verdict.is-plain h2').waitFor()
      assert.equal(await panel.locator('code').first().textContent(), forged)
      assert.match((await panel.textContent()) ?? '', /not yet with the operator’s/)
      await page.unroute(LOG_FILE)
      await page.reload()
      assert.match(await refused(page), /Another key signs this log/)
    })
  })

  it('says no verdict when the log cannot be read, and keeps the one it had', () =>
    rig.visit({ path: '/integrity' }, async ({ page, settled, expects }) => {
      expects(/status of 503 .*\/log\//)
      await settled()
      await verified(page)
      await page.route(/tile\/entries\/004/, route =>
        route.fulfill({ status: 503 }).catch(() => undefined),
      )
      await page.keyboard.press('v')
      await page.getByText(/could not be verified to the end: .*answered 503/).waitFor()
      assert.match(await title(page), /^Verified here/)
    }))

  it('can be stopped, and goes on while somebody looks at something else', () =>
    rig.visit({ path: '/integrity' }, async ({ page, settled }) => {
      await settled()
      const held = Promise.withResolvers<void>()
      await page.route(/tile\/entries\/002/, async route => {
        await held.promise
        await route.continue().catch(() => undefined)
      })
      await page.keyboard.press('v')
      await page.getByText(/of [\d,]+ entries ·/).waitFor()
      await page.keyboard.press('v')
      await page.locator('.verdict.is-plain').waitFor()
      assert.match(await title(page), /not verified in this browser yet/)
      await page.keyboard.press('v')
      await page.getByText(/of [\d,]+ entries ·/).waitFor()
      await page.locator('nav').getByRole('link', { name: 'Explore' }).click()
      held.resolve()
      await page.locator('nav').getByRole('link', { name: 'Integrity' }).click()
      await page.locator('.verdict.is-good').waitFor({ timeout: VERIFY_MS_MAX })
    }))

  it('proves one event up to the root, and refuses a proof that was changed', () =>
    rig.visit({ path: '/integrity' }, async ({ page, settled, expects }) => {
      expects(/status of 404 .*\/proof$/)
      await settled()
      await page.getByLabel('Id of an event').fill(idOf(42))
      await page.keyboard.press('Enter')
      await page.getByText(/Verified here: this event is entry/).waitFor()
      const proof = await rig.ask(`/v1/events/${idOf(42)}/proof`)
      const words = (await page.locator('.event-proof').textContent()) ?? ''
      assert.match(words, new RegExp(`entry ${proof.index} of`))
      assert.equal(await page.locator('.ladder li').count(), proof.proof.length + 1)
      assert.match(page.url(), new RegExp(`event=${idOf(42)}`))
      await page.route(/\/proof$/, async route => {
        const response = await route.fetch()
        const claim = await response.json()
        await route.fulfill({
          response,
          body: JSON.stringify({ ...claim, index: claim.index + 1 }),
        })
      })
      await page.reload()
      await page.getByText(/Not proved: the hashes do not lead/).waitFor()
      await page.unroute(/\/proof$/)
      await page.getByLabel('Id of an event').fill(idOf(999_999))
      await page.keyboard.press('Enter')
      await page.getByText(/no event has the id/).waitFor()
    }))

  it('hands out a receipt that the command line proves without the server', () =>
    rig.visit({ path: `/integrity?v=1&event=${idOf(1234)}` }, async ({ page, settled }) => {
      await settled()
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'Download the receipt' }).click(),
      ])
      const file = join(rig.live.home, download.suggestedFilename())
      assert.match(file, /\.tlog-proof$/)
      await download.saveAs(file)
      const vkey = join(rig.live.home, 'pinned.vkey')
      writeFileSync(vkey, log.vkey)
      const { code, out } = await rig.live.tocsin(['verify', file, '--vkey', vkey])
      assert.equal(code, 0, out)
      assert.match(out, new RegExp(`^PROVED {2}${idOf(1234)} `))
      writeFileSync(file, readFileSync(file, 'utf8').replace(/index (\d+)/, 'index 1$1'))
      assert.equal((await rig.live.tocsin(['verify', file, '--vkey', vkey])).code, 3)
    }))

  it('reads the seals by arrow keys, and keeps the one that is read in the address', () =>
    rig.visit({ path: '/integrity' }, async ({ page, settled }) => {
      await settled()
      await page.locator('.strip').focus()
      await page.keyboard.press('Home')
      const first = await page.locator('.strip').getAttribute('aria-valuetext')
      await page.keyboard.press('ArrowRight')
      const second = await page.locator('.strip').getAttribute('aria-valuetext')
      assert.match(second ?? '', /^Seal of .*: [\d,]+ entries, [\d,]+ new, not verified here$/)
      assert.notEqual(first, second)
      assert.match(page.url(), /[?&]seq=\d+/)
      await page.reload()
      await settled()
      assert.equal(await page.locator('.strip').getAttribute('aria-valuetext'), second)
    }))

  it('shows a gap that a sender reports as an object, with a way to its entry', async () => {
    const key = await rig.live.key('ingest')
    const gap = {
      id: idOf(5000),
      time: Date.now(),
      kind: 'audit.gap',
      outcome: 'failure',
      actor: { type: 'service', id: 'edge-7' },
      operation: 'queue.drop',
      system: 'edge',
      reasonCode: 'queue_full',
    }
    const answer = await fetch(`${rig.url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' },
      body: JSON.stringify(gap),
    })
    assert.equal(answer.status, 200, await answer.text())
    await rig.live.indexed()
    await rig.visit({ path: '/integrity' }, async ({ page }) => {
      const row = page.locator('.gaps tbody tr').first()
      await row.waitFor({ timeout: 40_000 })
      assert.match((await row.textContent()) ?? '', /queue_full/)
      const href = await row.getByRole('link', { name: 'The entry' }).getAttribute('href')
      assert.match(href ?? '', new RegExp(`sel=${idOf(5000)}`))
    })
  })
})
