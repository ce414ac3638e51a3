// What must never happen on a page, whatever it shows: noted as it happens, judged at the end.

import type { ConsoleMessage, Page } from 'playwright-core'

export interface Faults {
  /** Requests that have no answer yet; streams are none. */
  underWay(): number
  expects(message: RegExp): void
  /** Throws when something happened that nobody expected. */
  check(): void
  told(): string
}

const STREAM = /\/v1\/events\/tail/

export async function watchFaults(page: Page, url: string): Promise<Faults> {
  const found: string[] = []
  const expected: RegExp[] = []
  const open = new Set<object>()
  const fault = (text: string) => {
    if (!expected.some(one => one.test(text))) found.push(text)
  }
  page.on('console', message => {
    if (/^(?:error|warning|assert)$/.test(message.type())) fault(saidBy(message))
  })
  page.on('pageerror', error => fault(`uncaught: ${error.stack ?? error.message}`))
  page.on('crash', () => fault('the page crashed'))
  page.on('dialog', dialog => {
    fault(`a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', request => {
    const to = request.url()
    if (!/^(?:blob|data):/.test(to) && new URL(to).origin !== url) fault(`asked elsewhere: ${to}`)
    if (!STREAM.test(to)) open.add(request)
  })
  page.on('requestfinished', request => open.delete(request))
  page.on('requestfailed', request => open.delete(request))
  await page.exposeFunction('tellFault', fault)
  await page.addInitScript(listenInPage)
  return {
    underWay: () => open.size,
    expects: message => {
      expected.push(message)
    },
    check() {
      if (found.length > 0) throw new Error(found.join('\n'))
    },
    told: () => (found.length === 0 ? 'the browser complained of nothing' : found.join('\n')),
  }
}

function saidBy(message: ConsoleMessage): string {
  return `${message.type()}: ${message.text()} ${message.location().url}`
}

/** Runs in the page, before anything of it. */
function listenInPage(): void {
  const tell = (text: string) => void Reflect.get(window, 'tellFault')?.(text)
  document.addEventListener('securitypolicyviolation', event => {
    const { violatedDirective, blockedURI, sourceFile, lineNumber, sample } = event
    tell(`policy: ${violatedDirective} ${blockedURI} ${sourceFile}:${lineNumber} ${sample}`)
  })
  addEventListener('unhandledrejection', event => tell(`rejected: ${String(event.reason)}`))
}
