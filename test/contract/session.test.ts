// Signing in as a browser, a stranger and an attacker meet it.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it, mock } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { Scope } from '../../packages/server/src/query/query.ts'
import { type Answer, event, ndjson, openRig, type Request, type Rig } from './rig.ts'

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

function isRefused({ status, json, headers }: Answer, code: string, expected: number): void {
  assert.deepEqual([json?.code, status], [code, expected], JSON.stringify(json))
  assert.equal(headers['set-cookie'], undefined)
}

type Seen = {
  readonly kind: string
  readonly outcome: string
  readonly operation: string
  readonly reasonCode?: string
  readonly actor: { readonly id: string; readonly credential?: string; readonly session?: string }
  readonly source?: { readonly ip: string; readonly userAgent?: string }
  readonly ext?: { readonly tocsin: { readonly [member: string]: unknown } }
}

/** Newest first. */
async function events(q: string): Promise<readonly Seen[]> {
  await rig.tocsin.query.settled()
  const { json } = await rig.ask(`/v1/events?limit=1000&q=${encodeURIComponent(q)}`)
  return json.events
}

async function newKey(
  ...scopes: readonly Scope[]
): Promise<{ readonly key: string; readonly keyId: string }> {
  const key = await rig.key(...scopes)
  const keyId = rig.tocsin.keys.find(key)?.keyId ?? ''
  return { key, keyId }
}

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

  it('works once, whoever is first, and not after another start', async () => {
    const token = await newToken()
    const answers = await Promise.all(Array.from({ length: 8 }, () => signIn({ token })))
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      isRefused(answer, 'auth.link', 401)
    }
    isRefused(await signIn({ token }), 'auth.link', 401)
    const later = await newToken()
    rig = await rig.restart()
    isRefused(await signIn({ token: later }), 'auth.link', 401)
    for (const wrong of ['x', later.slice(1), `${later} `, later.toUpperCase(), 'x'.repeat(256)]) {
      isRefused(await signIn({ token: wrong }), 'auth.link', 401)
    }
  })

  it('is not used up by a look at it, and its address holds the token where no server sees it', async () => {
    const { json, headers } = await rig.ask('/v1/session/links', { method: 'POST' })
    const url = new URL(json.url)
    assert.deepEqual([url.pathname, url.search], ['/sign-in', ''])
    assert.match(url.hash, /^#token=[\w-]{43}$/)
    assert.ok(json.expiresMs - Date.now() <= 15 * 60_000)
    assert.equal(headers['cache-control'], 'no-store')
    for (let i = 0; i < 3; i++) await rig.ask('/sign-in', { key: null })
    assert.equal((await signIn({ token: url.hash.slice(7) })).status, 200)
  })

  it('is made only by those who may do everything, and stands for whoever made it', async () => {
    const make = (key: string | null) => rig.ask('/v1/session/links', { method: 'POST', key })
    isRefused(await make(null), 'auth.missing', 401)
    isRefused(await make((await newKey('read', 'triage')).key), 'auth.scope', 403)
    isRefused(await make((await newKey('admin')).key), 'auth.scope', 403)
    const { key, keyId } = await newKey('admin', 'read', 'ingest')
    const { json } = await make(key)
    const { answer } = browserOf(await signIn({ token: json.url.split('#token=')[1] }))
    assert.deepEqual([answer.json.keyId, answer.json.scopes], [keyId, ['admin', 'read']])
    const revoked = await make(key)
    await rig.tocsin.revokeApiKey(keyId, 'tester')
    isRefused(await signIn({ token: revoked.json.url.split('#token=')[1] }), 'auth.link', 401)
  })

  it('makes room for the twenty newest', async () => {
    const tokens: string[] = []
    for (let i = 0; i < 21; i++) tokens.push(await newToken())
    isRefused(await signIn({ token: tokens[0] }), 'auth.link', 401)
    assert.equal((await signIn({ token: tokens[1] })).status, 200)
  })
})

describe('signing in with a key', () => {
  it('shows what the key may see, and ends with it', async () => {
    const { key, keyId } = await newKey('read', 'ingest')
    const browser = browserOf(await signIn({ key }))
    assert.deepEqual(browser.answer.json.scopes, ['read'])
    assert.equal((await as('/v1/log', browser)).status, 200)
    isRefused(await as('/v1/keys', browser), 'auth.scope', 403)
    const body = ndjson([event(1)])
    const more = { method: 'POST', body, type: 'application/x-ndjson' } as const
    isRefused(await as('/v1/events', browser, more), 'auth.scope', 403)
    await rig.tocsin.revokeApiKey(keyId, 'tester')
    isRefused(await as('/v1/log', browser), 'auth.session_ended', 401)
    isRefused(await as('/v1/session', browser), 'auth.session_ended', 401)
  })

  it('ends also where the key is revoked while the server is down', async () => {
    const [gone, kept] = [await newKey('read'), await newKey('read')]
    const browsers = [
      browserOf(await signIn({ key: gone.key })),
      browserOf(await signIn({ key: kept.key })),
    ] as const
    await rig.tocsin.revokeApiKey(gone.keyId, 'tester')
    rig = await rig.restart()
    isRefused(await as('/v1/log', browsers[0]), 'auth.session_ended', 401)
    assert.equal((await as('/v1/log', browsers[1])).status, 200)
  })

  it('needs a key that may read, and a request that says one thing', async () => {
    isRefused(await signIn({ key: (await newKey('ingest', 'admin')).key }), 'auth.scope', 403)
    isRefused(await signIn({ key: 'tocsin_key_nonsense' }), 'auth.invalid', 401)
    isRefused(await signIn({ key: `tocsin_key_${'0'.repeat(36)}` }), 'auth.invalid', 401)
    for (const body of [
      {},
      { key: 'a', token: 'b' },
      { key: '' },
      { key: 'x'.repeat(257) },
      { token: ['a'] },
      [],
    ]) {
      isRefused(await signIn(body), 'http.bad_request', 400)
    }
    const huge = await signIn({ key: 'a', more: 'x'.repeat(5000) })
    isRefused(huge, 'http.too_large', 413)
    isRefused(await signIn({}, { type: 'text/plain' }), 'http.media_type', 415)
  })
})

describe('a cookie', () => {
  it('changes nothing without the token of its session', async () => {
    const [browser, other] = [await byLink(), await byLink()]
    const make = (headers: Request['headers']) =>
      rig.ask('/v1/session/links', {
        method: 'POST',
        key: null,
        headers: { cookie: browser.cookie, ...headers },
      })
    isRefused(await make({}), 'auth.csrf', 403)
    for (const wrong of [
      '',
      'x',
      other.csrf,
      browser.cookie.split('=')[1] ?? '',
      `${browser.csrf}x`,
    ]) {
      isRefused(await make({ 'x-tocsin-csrf': wrong }), 'auth.csrf', 403)
    }
    isRefused(
      await rig.ask('/v1/session', {
        method: 'DELETE',
        key: null,
        headers: { cookie: browser.cookie },
      }),
      'auth.csrf',
      403,
    )
    assert.equal((await make({ 'x-tocsin-csrf': browser.csrf })).status, 200)
    assert.equal((await as('/v1/session', browser)).status, 200)
  })

  it('is worth nothing in a request that another page sent, not even a read', async () => {
    const browser = await byLink()
    for (const site of ['cross-site', 'same-site', 'nonsense']) {
      const headers = { 'sec-fetch-site': site }
      isRefused(await as('/v1/events', browser, { headers }), 'auth.csrf', 403)
      isRefused(
        await as('/v1/session/links', browser, { method: 'POST', headers }),
        'auth.csrf',
        403,
      )
      isRefused(await signIn({ token: await newToken() }, { headers }), 'auth.csrf', 403)
    }
    assert.equal(
      (await as('/v1/events', browser, { headers: { 'sec-fetch-site': 'none' } })).status,
      200,
    )
  })

  it('counts for nothing beside a key: the key alone is judged', async () => {
    const browser = await byLink()
    const { key } = await newKey('read')
    const headers = { cookie: browser.cookie, 'x-tocsin-csrf': browser.csrf }
    isRefused(await rig.ask('/v1/keys', { key, headers }), 'auth.scope', 403)
    isRefused(
      await rig.ask('/v1/keys', { key: 'tocsin_key_nonsense', headers }),
      'auth.invalid',
      401,
    )
    const basic = await rig.ask('/v1/keys', {
      key: null,
      headers: { ...headers, authorization: 'Basic YTpi' },
    })
    isRefused(basic, 'auth.missing', 401)
    const post = { method: 'POST', key: rig.allKey, headers: { cookie: browser.cookie } } as const
    assert.equal((await rig.ask('/v1/session/links', post)).status, 200, 'a key needs no token')
  })

  it('must be the one that the server gave, whole and once', async () => {
    const { cookie } = await byLink()
    const value = cookie.split('=')[1] ?? ''
    for (const sent of [
      `tocsin=${value}`,
      `__host-tocsin=${value}`,
      `__Host-tocsin=${value}x`,
      `__Host-tocsin=${value.slice(1)}`,
      `__Host-tocsin="${value}"`,
      `__Host-tocsin=; ${cookie}`,
      `${cookie}; ${cookie}`,
      '__Host-tocsin=',
    ]) {
      const answer = await rig.ask('/v1/session', { key: null, headers: { cookie: sent } })
      isRefused(answer, 'auth.missing', 401)
    }
    const unknown = await rig.ask('/v1/session', {
      key: null,
      headers: { cookie: `__Host-tocsin=${'A'.repeat(43)}` },
    })
    isRefused(unknown, 'auth.session_ended', 401)
    const among = await rig.ask('/v1/session', {
      key: null,
      headers: { cookie: `a=b; ${cookie};c=d` },
    })
    assert.equal(among.status, 200)
  })

  it('that was there before is another one after signing in, and worth nothing', async () => {
    const planted = await byLink()
    const again = browserOf(
      await signIn({ token: await newToken() }, { headers: { cookie: planted.cookie } }),
    )
    assert.notEqual(again.cookie, planted.cookie)
    isRefused(await as('/v1/session', planted), 'auth.session_ended', 401)
    const madeUp = { headers: { cookie: `__Host-tocsin=${'B'.repeat(43)}` } }
    const fresh = browserOf(await signIn({ token: await newToken() }, madeUp))
    assert.ok(!madeUp.headers.cookie.includes(fresh.cookie))
  })

  it('is nowhere in the data directory, and outlives a restart', async () => {
    const browser = await byLink()
    const value = browser.cookie.split('=')[1] ?? ''
    rig = await rig.restart()
    const { status, json } = await as('/v1/session', browser)
    assert.deepEqual([status, json.csrf], [200, browser.csrf])
    for (const secret of [value, browser.csrf]) {
      for (const file of filesBelow(rig.directory)) {
        assert.ok(!readFileSync(file).includes(secret), file)
      }
    }
  })
})

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
}

describe('signing out', () => {
  it('ends the session at once, for good and for this browser alone', async () => {
    const [browser, other] = [await byLink(), await byLink()]
    const out = await as('/v1/session', browser, { method: 'DELETE' })
    assert.deepEqual([out.status, out.text], [204, ''])
    assert.match(String(out.headers['set-cookie']), /^__Host-tocsin=; Path=\/; Max-Age=0; .*Secure/)
    isRefused(await as('/v1/session', browser), 'auth.session_ended', 401)
    rig = await rig.restart()
    isRefused(await as('/v1/log', browser), 'auth.session_ended', 401)
    isRefused(await as('/v1/session', browser, { method: 'DELETE' }), 'auth.session_ended', 401)
    assert.equal((await as('/v1/log', other)).status, 200)
  })
})

describe('a live stream', () => {
  it('ends with the session or the key that opened it', async () => {
    const heartbeats = mock.timers
    heartbeats.enable({ apis: ['setInterval'] })
    const url = await rig.app.listen({ host: '127.0.0.1', port: 0 })
    try {
      const [browser, stays] = [await byLink(), await byLink()]
      const { key, keyId } = await newKey('read')
      const opened = await Promise.all(
        [
          { cookie: browser.cookie },
          { cookie: stays.cookie },
          { authorization: `Bearer ${key}` },
        ].map(headers => fetch(`${url}/v1/events/tail?q=kind:none`, { headers })),
      )
      for (const { headers } of opened) {
        assert.equal(headers.get('cache-control'), 'no-store')
        assert.equal(headers.get('x-content-type-options'), 'nosniff')
        assert.match(String(headers.get('content-type')), /^text\/event-stream/)
      }
      const ended = [false, false, false]
      const reading = opened.map(async ({ body }, i) => {
        for await (const _ of body ?? []);
        ended[i] = true
      })
      heartbeats.tick(15_000)
      await setTimeout(50)
      assert.deepEqual(ended, [false, false, false])
      await as('/v1/session', browser, { method: 'DELETE' })
      await rig.tocsin.revokeApiKey(keyId, 'tester')
      heartbeats.tick(15_000)
      await Promise.all([reading[0], reading[2]])
      assert.deepEqual(ended, [true, false, true])
    } finally {
      heartbeats.reset()
      rig = await rig.restart()
    }
  })
})

describe('the record', () => {
  it('has who signed in, how, from where, and out; and looks name the session', async () => {
    const userAgent = `Firefox\u202e ${'x'.repeat(400)}`
    const browser = browserOf(
      await signIn({ token: await newToken() }, { headers: { 'user-agent': userAgent } }),
    )
    await as('/v1/events?q=operation:chat', browser)
    await as('/v1/session', browser, { method: 'DELETE' })
    const [off] = await events('kind:auth.logoff')
    const [on] = await events('kind:auth.logon')
    assert.deepEqual(
      [on?.operation, on?.outcome, on?.actor.id],
      ['session.open', 'success', 'tester@here'],
    )
    assert.deepEqual([on?.actor.credential, on?.ext?.tocsin.by], ['local', 'link'])
    assert.match(String(on?.actor.session), /^s_[0-9a-f]{12}$/)
    assert.deepEqual(on?.source?.ip, '127.0.0.1')
    assert.equal(on?.source?.userAgent?.length, 256)
    assert.deepEqual([off?.operation, off?.actor.session], ['session.close', on?.actor.session])
    const looks = await events('kind:tocsin.read')
    assert.ok(looks.some(({ actor }) => actor.session === on?.actor.session))
    const [link] = await events('kind:tocsin.key')
    assert.deepEqual([link?.operation, link?.actor.id], ['link.create', 'tester@here'])
  })

  it('has failures up to a rate, and how many went by; what is right gets in all the same', async () => {
    rig = await rig.restart()
    const before = (await events('kind:auth.failed')).length
    const answers = await Promise.all(Array.from({ length: 60 }, () => signIn({ token: 'wrong' })))
    const counts = Map.groupBy(answers, ({ json }) => json.code)
    assert.deepEqual(
      [counts.get('auth.link')?.length, counts.get('auth.too_many')?.length],
      [20, 40],
    )
    const many = counts.get('auth.too_many')?.[0]
    assert.deepEqual([many?.status, many?.headers['retry-after']], [429, '1'])
    const failed = await events('kind:auth.failed')
    assert.equal(failed.length - before, 20)
    assert.deepEqual([failed[0]?.outcome, failed[0]?.reasonCode], ['failure', 'auth.link'])
    assert.ok(!JSON.stringify(failed).includes('wrong'), 'a secret that was tried is in the log')
    assert.equal((await signIn({ token: await newToken() })).status, 200)
    assert.equal((await signIn({ key: (await newKey('read')).key })).status, 200)
  })
})

describe('plain HTTP', () => {
  it('from another machine signs nobody in, since no browser would keep the cookie', async () => {
    for (const origin of [
      'http://10.0.0.5:7117',
      'http://tocsin.corp',
      'http://localhost.evil.com',
      'http://127.0.0.1.evil.com',
    ]) {
      isRefused(
        await signIn({ token: await newToken() }, { headers: { origin } }),
        'auth.plain_http',
        403,
      )
    }
    for (const origin of [
      'http://127.0.0.1:7117',
      'http://localhost:1',
      'http://[::1]:7117',
      'https://tocsin.corp',
      'null',
    ]) {
      assert.equal(
        (await signIn({ token: await newToken() }, { headers: { origin } })).status,
        200,
        origin,
      )
    }
  })
})
