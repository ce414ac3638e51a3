// Signing in as a browser, a stranger and an attacker meet it.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Answer, openRig, type Request, type Rig } from './rig.ts'

let rig: Rig

before(async () => {
  rig = await openRig()
})
after(() => rig.close())

type Browser = { readonly cookie: string; readonly csrf: string; readonly answer: Answer }

const signIn = (body: object, more: Request = {}) =>
  rig.ask('/v1/session', {
    method: 'POST',
    key: null,
    type: 'application/json',
    body: JSON.stringify(body),
    ...more,
  })

async function newToken(): Promise<string> {
  const { status, json } = await rig.ask('/v1/session/links', { method: 'POST' })
  assert.equal(status, 200)
  return json.url.split('#token=')[1]
}

function browserOf(answer: Answer): Browser {
  assert.equal(answer.status, 200, answer.text)
  const [cookie = ''] = String(answer.headers['set-cookie']).split(';')
  return { cookie, csrf: answer.json.csrf, answer }
}

const byLink = async () => browserOf(await signIn({ token: await newToken() }))

/** As the console's own page asks. */
const as = (path: string, { cookie, csrf }: Browser, more: Request = {}) =>
  rig.ask(path, {
    key: null,
    ...more,
    headers: {
      cookie,
      'sec-fetch-site': 'same-origin',
      ...(more.method && more.method !== 'GET' ? { 'x-tocsin-csrf': csrf } : {}),
      ...more.headers,
    },
  })

describe('a one-time link', () => {
  it('signs in once, with a cookie that no script, other site or plain network gets', async () => {
    const { answer, cookie, csrf } = await byLink()
    const { csrf: _, expiresMs, scopes, ...rest } = answer.json
    const wanted = { principal: 'tester@here', keyId: 'local', demo: false, version: '0.0.0' }
    assert.deepEqual(rest, wanted)
    assert.ok(expiresMs > Date.now())
    assert.ok(scopes.includes('content:reveal') && !scopes.includes('ingest'), scopes)
    assert.equal(
      answer.headers['set-cookie'],
      `${cookie}; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Lax`,
    )
    assert.match(cookie, /^__Host-tocsin=[\w-]{43}$/)
    const seen = await as('/v1/session', { cookie, csrf, answer })
    assert.deepEqual(seen.json.csrf, csrf)
    assert.equal(seen.headers['cache-control'], 'no-store')
    assert.equal((await as('/v1/events', { cookie, csrf, answer })).status, 200)
  })
})
