// States of a screen that a test brings about, by what the browser is answered: `loading` never
// ends, `error` is a problem document with the request's id, `partial` is the server's own answer,
// told to be incomplete. Nothing of the product knows of it.

import type { Page, Route } from 'playwright-core'

export type Forced = 'loading' | 'error' | 'partial'

/** Everything that is asked of the API, but who is signed in. */
const ANSWERS = /\/v1\/(?!session)/

export const FORCED_REQUEST = 'req-forced-000000'

const PROBLEM = {
  type: 'about:blank',
  title: 'Tocsin is busy',
  status: 503,
  detail: 'Too many questions wait for the index; nothing was lost.',
  code: 'server.busy',
  help: 'Try again in a moment.',
  instance: '/v1',
  requestId: FORCED_REQUEST,
}

export async function force(
  page: Page,
  how: Forced,
  expects: (message: RegExp) => void,
  answers: RegExp = ANSWERS,
): Promise<void> {
  if (how === 'error') expects(/status of 503 .*\/v1\//)
  await page.route(answers, route => answer(route, how))
}

async function answer(route: Route, how: Forced): Promise<void> {
  if (how === 'loading') return
  if (how === 'error') {
    await route.fulfill({
      status: 503,
      headers: {
        'content-type': 'application/problem+json',
        'x-request-id': FORCED_REQUEST,
      },
      body: JSON.stringify(PROBLEM),
    })
    return
  }
  const isStream = route.request().url().includes('/tail')
  if (isStream || route.request().method() !== 'GET') return route.continue()
  // The page may be gone before its answer comes.
  const response = await route.fetch().catch(() => null)
  if (!response) return
  const isJson = (response.headers()['content-type'] ?? '').startsWith('application/json')
  if (!isJson) return route.fulfill({ response })
  const body: unknown = await response.json()
  await route.fulfill({ response, body: JSON.stringify(incomplete(body)) })
}

function incomplete(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  return 'complete' in body ? { ...body, complete: false } : body
}
