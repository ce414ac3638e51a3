// The console as a person meets it: a real server on a directory of its own, and Debian's Chromium
// that signed in there by the one-time link. How a suite uses it:
//
//   describe('explore', { skip: needChromium() }, () => {
//     let rig: ConsoleRig
//     before(async () => {
//       rig = await openConsole()
//     })
//     after(() => rig?.close())
//     it('opens an event', () =>
//       rig.visit({ path: '/events?from=now-7d' }, async ({ page, settled }) => {
//         await settled()
//         await page.keyboard.press('j')
//       }))
//   })
//
// `openConsole({ world: 'empty' })` has no events; `{ args: ['--policy', DEMO_POLICY] }` are flags
// of `tocsin serve`; `{ command: 'demo' }` is the demo with its checklist and live traffic.
// `rig.ask` asks the API as the owner, to compare figures. A visit has its own cookies and storage,
// and FAILS on every message of the browser at level error or warning, uncaught error, rejection
// nobody handled, violation of the content security policy, dialog, crash, and request to another
// origin. What a test forces by `force` is expected; `tab.expects` takes what else is. When a visit
// fails, the error names a picture of the page.

import { cpSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { needProgram, REPOSITORY } from '../../need.ts'
import { execute, Live } from '../live.ts'
import { watchFaults } from './faults.ts'
import { type Forced, force } from './force.ts'
import { copyWorld } from './world.ts'

export { type Forced, force } from './force.ts'

export const DEMO_POLICY: string = join(REPOSITORY, 'packages/server/policies/demo.yml')
const PICTURES = join(REPOSITORY, 'node_modules/.cache/tocsin/console/failed')
const SETTLED_MS_MAX = 30_000
/** A browser that ended would keep its test waiting for ever. */
const VISIT_SECONDS_MAX = 300
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Skips with a sentence, and throws on CI, where there is no Chromium. */
export function needChromium(): false | string {
  return needProgram('chromium')
}

export async function launchChromium(args: readonly string[] = []): Promise<Browser> {
  const found = await execute('/bin/sh', ['-c', 'command -v chromium'], { cwd: REPOSITORY })
  return chromium.launch({ executablePath: found.out.trim(), args: [...ARGS, ...args] })
}

export type RigOptions = {
  /** `month`: the made-up company; `empty`: nothing yet. */
  readonly world?: 'month' | 'empty'
  /** A data directory that is copied instead. */
  readonly data?: string
  readonly command?: 'serve' | 'demo'
  readonly args?: readonly string[]
}

export type Visit = {
  /** With its query, below the server's address. */
  readonly path?: string
  readonly scheme?: 'light' | 'dark'
  readonly contrast?: 'normal' | 'high'
  readonly width?: number
  readonly height?: number
  readonly isSignedIn?: boolean
  /** Of everything but the session. */
  readonly force?: Forced
  /** Called before the page is loaded: routes, clocks. */
  readonly prepare?: (page: Page) => Promise<unknown>
  readonly secondsMax?: number
}

export type Tab = {
  readonly page: Page
  readonly url: string
  /** Resolves when nothing loads, and the screen shows no skeleton. */
  settled(): Promise<void>
  /** Messages of the browser that the test brings about itself. */
  expects(message: RegExp): void
}

export interface ConsoleRig {
  readonly live: Live
  readonly url: string
  /** The owner's key. */
  readonly key: string
  readonly browser: Browser
  /** JSON of the API, or its text where it is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  ask(path: string, init?: RequestInit): Promise<any>
  visit(visit: Visit, look: (tab: Tab) => Promise<void>): Promise<void>
  close(): Promise<void>
}

export async function openConsole({
  world = 'month',
  data,
  command = 'serve',
  args = [],
}: RigOptions = {}): Promise<ConsoleRig> {
  await buildConsole()
  const live = await Live.create()
  let browser: Browser | null = null
  const close = async () => {
    await browser?.close()
    await live.remove()
  }
  try {
    if (data !== undefined) cpSync(data, live.data, { recursive: true })
    else if (world === 'month') await copyWorld(live.data)
    await live.start(args, command)
    await live.indexed()
    browser = await launchChromium()
    return rigOn(live, browser, await signIn(browser, live), close)
  } catch (error) {
    // What was started would keep the process of the test alive.
    await close()
    throw error
  }
}

function rigOn(
  live: Live,
  browser: Browser,
  cookies: Cookies,
  close: () => Promise<void>,
): ConsoleRig {
  const { apiKey: key } = parseLocal(readFileSync(join(live.data, 'local.json'), 'utf8'))
  return {
    live,
    url: live.url,
    key,
    browser,
    ask: (path, init = {}) => askAs(key, live.url + path, init),
    visit: (visit, look) => visitPage({ browser, url: live.url, cookies }, visit, look),
    close,
  }
}

async function buildConsole(): Promise<void> {
  const { code, err } = await execute(process.execPath, ['packages/console/build.ts'], {
    cwd: REPOSITORY,
  })
  if (code !== 0) throw new Error(`the console does not build: ${err}`)
}

function parseLocal(text: string): { readonly apiKey: string } {
  return JSON.parse(text)
}

type Cookies = Awaited<ReturnType<BrowserContext['cookies']>>

/** As the owner does: asks for a link on the machine, opens it, and is on the overview. */
async function signIn(browser: Browser, live: Live): Promise<Cookies> {
  const { code, out, err } = await live.tocsin(['sign-in'])
  if (code !== 0) throw new Error(`no link: ${err}`)
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(out.trim())
  await page.waitForSelector('main.screen')
  const cookies = await context.cookies()
  await context.close()
  return cookies
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
async function askAs(key: string, url: string, init: RequestInit): Promise<any> {
  const headers = new Headers(init.headers)
  headers.set('authorization', `Bearer ${key}`)
  if (init.body !== undefined && !headers.has('content-type')) {
    headers.set('content-type', 'application/json')
  }
  const answer = await fetch(url, { ...init, headers })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`)
  const isJson = /^application\/json\b/.test(answer.headers.get('content-type') ?? '')
  return isJson ? JSON.parse(text) : text
}

type Where = { readonly browser: Browser; readonly url: string; readonly cookies: Cookies }

async function visitPage(
  { browser, url, cookies }: Where,
  visit: Visit,
  look: (tab: Tab) => Promise<void>,
): Promise<void> {
  const { path = '/', scheme = 'light', contrast = 'normal', width = 1440, height = 900 } = visit
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    contrast: contrast === 'high' ? 'more' : 'no-preference',
    // What still moves would be judged halfway.
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const { isSignedIn = true } = visit
  if (isSignedIn) await context.addCookies(cookies)
  const page = await context.newPage()
  const faults = await watchFaults(page, url)
  if (!isSignedIn) faults.expects(/status of 401 .*\/v1\/session$/)
  if (visit.force) await force(page, visit.force, faults.expects)
  await visit.prepare?.(page)
  const tab = { page, url, expects: faults.expects, settled: () => settled(page, faults.underWay) }
  try {
    const { secondsMax = VISIT_SECONDS_MAX } = visit
    await withinSeconds(secondsMax, () => page.goto(url + path).then(() => look(tab)))
    faults.check()
  } catch (cause) {
    const picture = join(PICTURES, `${Date.now()}.png`)
    await mkdir(PICTURES, { recursive: true })
    await page.screenshot({ path: picture, timeout: 10_000 }).catch(() => undefined)
    throw new Error(`at ${page.url()}, pictured in ${picture}; ${faults.told()}`, { cause })
  } finally {
    await context.close()
  }
}

async function withinSeconds(seconds: number, work: () => Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no end within ${seconds} s`)), seconds * 1000)
  try {
    await Promise.race([work(), promise])
  } finally {
    clearTimeout(timer)
  }
}

async function settled(page: Page, underWay: () => number): Promise<void> {
  const until = Date.now() + SETTLED_MS_MAX
  for (let calm = 0; calm < 3; ) {
    if (Date.now() > until) throw new Error(`the page does not come to rest: ${page.url()}`)
    await page.waitForTimeout(40)
    const isLoading = await page.evaluate(() => {
      const isThere = document.querySelector('h1') !== null
      return (
        !isThere || document.querySelector('[data-state="loading"], [aria-busy="true"]') !== null
      )
    })
    calm = isLoading || underWay() > 0 ? 0 : calm + 1
  }
}
