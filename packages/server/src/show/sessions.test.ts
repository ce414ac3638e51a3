import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { createTelemetry } from '../base/emit.ts'
import { systemEntropy } from '../base/entropy.ts'
import { SESSION_IDLE_MS, SESSION_MS_MAX, SESSIONS_MAX, SIGN_IN_LINK_MS } from '../base/limits.ts'
import { buildFailedAttempts } from './failed-attempts.ts'
import { csrfOf, openSessions } from './sessions.ts'
import { buildSignInLinks } from './sign-in-links.ts'

const root = mkdtempSync(join(tmpdir(), 'tocsin-sessions-'))
after(() => rmSync(root, { recursive: true, force: true }))

const entropy = systemEntropy()
const ADA = { principal: 'ada', keyId: 'k_1' }
const START_MS = Date.UTC(2026, 0, 1)
const MINUTE_MS = 60_000

function setUp() {
  const clock = { ms: START_MS, nowMs: () => clock.ms }
  const directory = mkdtempSync(join(root, 'x'))
  const telemetry = createTelemetry(() => undefined)
  const open = () => openSessions({ directory, clock, entropy, telemetry })
  return { clock, directory, open }
}

describe('a session', () => {
  it('ends after two hours without anybody, to the millisecond', () => {
    const { clock, open } = setUp()
    const sessions = open()
    const { cookie, session } = sessions.open(ADA)
    assert.equal(session.expiresMs, START_MS + SESSION_IDLE_MS)
    clock.ms += SESSION_IDLE_MS - 1
    assert.equal(sessions.find(cookie, false)?.principal, 'ada')
    clock.ms += 1
    assert.equal(sessions.find(cookie, true), null)
    clock.ms -= MINUTE_MS
    assert.equal(sessions.find(cookie, true), null, 'what ended stays ended')
    sessions.close()
  })

  it('goes on while somebody is there, not while a page asks by itself, and twelve hours at most', () => {
    const { clock, open } = setUp()
    const sessions = open()
    const [there, alone] = [sessions.open(ADA), sessions.open(ADA)]
    const step = SESSION_IDLE_MS / 2
    for (let at = step; at < SESSION_MS_MAX; at += step) {
      clock.ms = START_MS + at
      const found = sessions.find(there.cookie, true)
      assert.equal(found?.expiresMs, START_MS + Math.min(SESSION_MS_MAX, at + SESSION_IDLE_MS))
      sessions.find(alone.cookie, false)
    }
    assert.equal(sessions.find(alone.cookie, false), null)
    clock.ms = START_MS + SESSION_MS_MAX - 1
    assert.ok(sessions.find(there.cookie, true))
    clock.ms += 1
    assert.equal(sessions.find(there.cookie, true), null)
    sessions.close()
  })

  it('outlives a restart with the time that was left, not the end of itself', () => {
    const { clock, open } = setUp()
    const first = open()
    const [kept, ended, late] = [first.open(ADA), first.open(ADA), first.open(ADA)]
    clock.ms += SESSION_IDLE_MS - MINUTE_MS
    first.find(kept.cookie, true)
    first.end(ended.cookie)
    first.close()
    clock.ms += 2 * MINUTE_MS
    const second = open()
    assert.equal(second.find(kept.cookie, false)?.id, kept.session.id)
    assert.equal(second.find(kept.cookie, false)?.createdMs, START_MS)
    assert.equal(second.find(ended.cookie, true), null)
    assert.equal(second.find(late.cookie, true), null)
    second.close()
  })

  it('is not made longer by a clock that was set back', () => {
    const { clock, open } = setUp()
    const sessions = open()
    const { cookie } = sessions.open(ADA)
    clock.ms -= MINUTE_MS
    assert.ok(sessions.find(cookie, true))
    clock.ms -= 1
    assert.equal(sessions.find(cookie, true), null)
    sessions.close()
  })

  it('makes room for another one when there are a thousand: the one longest unseen', () => {
    const { clock, open } = setUp()
    const sessions = open()
    const all = Array.from({ length: SESSIONS_MAX }, () => {
      clock.ms += 1
      return sessions.open(ADA).cookie
    })
    clock.ms += 1
    sessions.find(all[0] ?? '', true)
    sessions.open(ADA)
    const left = all.filter(cookie => sessions.find(cookie, false))
    assert.deepEqual([left.length, left[0], left[1]], [SESSIONS_MAX - 1, all[0], all[2]])
    sessions.close()
  })

  it('says whether anybody ever signed in, also after a restart', () => {
    const { open } = setUp()
    const first = open()
    assert.equal(first.isUnused, true)
    const { cookie } = first.open(ADA)
    assert.equal(first.isUnused, false)
    first.end(cookie)
    first.close()
    const second = open()
    assert.equal(second.isUnused, false)
    second.close()
  })

  it('is lost, and nothing else, when its file is damaged; nothing on disk opens one', () => {
    const { directory, open } = setUp()
    const first = open()
    const { cookie } = first.open(ADA)
    first.close()
    const path = join(directory, 'sessions.sqlite')
    const bytes = readFileSync(path)
    for (const secret of [cookie, csrfOf(cookie)]) assert.ok(!bytes.includes(secret))
    writeFileSync(path, bytes.subarray(0, 100))
    const second = open()
    assert.equal(second.find(cookie, true), null)
    assert.ok(second.find(second.open(ADA).cookie, true))
    second.close()
  })
})

describe('a link', () => {
  it('lives fifteen minutes, is taken once, and again only where it was given back', () => {
    const { clock } = setUp()
    const links = buildSignInLinks({ clock, entropy })
    const [one, two, three] = [links.make(ADA), links.make(ADA), links.make(ADA)]
    assert.equal(one.expiresMs, START_MS + SIGN_IN_LINK_MS)
    const grant = links.take(one.token)
    assert.deepEqual(grant?.holder, ADA)
    assert.equal(links.take(one.token), null)
    grant?.giveBack()
    assert.deepEqual(links.take(one.token)?.holder, ADA)
    clock.ms += SIGN_IN_LINK_MS - 1
    const late = links.take(two.token)
    assert.ok(late)
    clock.ms += 1
    assert.equal(links.take(three.token), null)
    late.giveBack()
    assert.equal(links.take(two.token), null)
  })
})

describe('failed attempts', () => {
  it('are recorded up to a rate, of one address and of all, and the rest is told later', () => {
    const { clock } = setUp()
    const failures = buildFailedAttempts(clock)
    const take = (n: number, address: string) =>
      Array.from({ length: n }, () => failures.take(address)).filter(one => one !== null).length
    assert.equal(take(25, '10.0.0.1'), 20)
    assert.deepEqual(failures.take('10.0.0.2'), { passedOver: 5 })
    assert.deepEqual(failures.take('10.0.0.2'), { passedOver: 0 })
    let more = 0
    for (let i = 0; i < 20; i++) more += take(20, `10.0.1.${i}`)
    assert.equal(more, 100 - 22)
    clock.ms += MINUTE_MS
    assert.deepEqual(failures.take('10.0.0.1'), { passedOver: 400 - more })
    clock.ms -= 10 * MINUTE_MS
    assert.deepEqual(
      failures.take('10.0.0.1'),
      { passedOver: 0 },
      'a clock set back ends the window',
    )
  })
})
