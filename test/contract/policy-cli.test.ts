// `tocsin policy`, `approvals` and `responses` as a person meets them: a policy that is wrong, one
// that is tried on the past, a grant, an undo; on a server that listens.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Finding } from '@tocsin/detect/finding'
import {
  grantApproval,
  listApprovals,
  listResponses,
  undoResponse,
} from '../../packages/server/src/cli/approvals.ts'
import { lintPolicy, simulatePolicy } from '../../packages/server/src/cli/policy.ts'
import { finding } from '../../packages/server/src/respond/respond-rig.ts'
import { findingEvent } from '../../packages/server/src/watch/watch.ts'
import { openRig, type Rig } from './rig.ts'

const home = mkdtempSync(join(tmpdir(), 'tocsin-policy-'))
let rig: Rig
let url = ''

before(async () => {
  rig = await openRig()
  await rig.app.listen({ host: '127.0.0.1', port: 0 })
  const address = rig.app.server.address()
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
})
after(async () => {
  await rig.close()
  rmSync(home, { recursive: true, force: true })
})

function terminal() {
  const seen = { out: '', err: '' }
  return {
    seen,
    env: { TOCSIN_URL: url, TOCSIN_API_KEY: rig.allKey },
    out(text: string) {
      seen.out += text
    },
    say(text: string) {
      seen.err += `${text}\n`
    },
    isTerminal: false,
    width: 300,
  }
}

function file(name: string, text: string): string {
  const path = join(home, name)
  writeFileSync(path, text)
  return path
}

const GOOD = `version: 1
rules:
  - id: slow
    when: { level: high }
    then: { throttle: { requestsPerMinute: 6 } }
    for: 1h
  - id: out
    when: { level: critical }
    then: deny
    for: 1h
`

describe('tocsin policy lint', () => {
  it('says what a good policy does, and every mistake of a bad one with its place', async () => {
    const good = terminal()
    assert.equal(await lintPolicy(file('good.yml', GOOD), {}, good), 0)
    assert.match(good.seen.err, /well formed: 0 of its rules are enforced, 2 run dry/)
    const path = file('bad.yml', GOOD.replace('1h', '1y').replace('deny', '"\\e[31m"'))
    const bad = terminal()
    assert.equal(await lintPolicy(path, {}, bad), 3)
    assert.deepEqual(
      bad.seen.out.split('\n').map(line => line.replace(path, '').slice(0, 3)),
      [':6:', ':9:', ''],
    )
    assert.ok(!bad.seen.out.includes('\u001b'))
    const json = terminal()
    assert.equal(await lintPolicy(path, { json: true }, json), 3)
    assert.equal(JSON.parse(json.seen.out).problems.length, 2)
    await assert.rejects(lintPolicy(join(home, 'none.yml'), {}, json), { code: 'cli.not_found' })
  })
})

describe('tocsin policy simulate', () => {
  it('says what would have been done to whom and when, in the order of time', async () => {
    const startMs = Date.now() - 10 * 86_400_000
    const past = (n: number, hours: number, more: Partial<Finding>, verified = 'key') => {
      const actor = { id: `svc-${n}`, type: 'service', verified, session: null, credential: null }
      const id = String(n * 100 + hours).padStart(32, '0')
      const entity = { type: 'actor', id: actor.id } as const
      return finding({ id, entity, timeMs: startMs + hours * 3_600_000, ...more, actor })
    }
    for (const one of [
      past(2, 5, { level: 'critical' }),
      past(1, 0, {}),
      past(1, 2, {}),
      past(3, 1, {}, 'none'),
      past(4, 1, { level: 'low' }),
    ]) {
      await rig.tocsin.record(findingEvent({ finding: one, alert: null }))
    }
    await rig.tocsin.query.settled()
    const path = file('good.yml', GOOD)
    const json = terminal()
    assert.equal(await simulatePolicy(path, { json: true, from: 'now-30d' }, json), 0)
    const { findings, unverified, responses } = JSON.parse(json.seen.out)
    assert.deepEqual([findings, unverified], [5, 1])
    assert.deepEqual(
      responses.map((r: { actor: string; rule: string; sinceMs: number }) => [
        r.actor,
        r.rule,
        (r.sinceMs - startMs) / 3_600_000,
      ]),
      [
        ['svc-1', 'slow', 0],
        ['svc-1', 'slow', 2],
        ['svc-2', 'slow', 5],
        ['svc-2', 'out', 5],
      ],
    )
    const table = terminal()
    assert.equal(await simulatePolicy(path, {}, table), 0)
    assert.match(table.seen.out, /svc-2 .*deny .*out .*dry_run/)
    assert.match(table.seen.err, /5 findings: 4 responses about 2 actors\./)
    assert.match(table.seen.err, /1 findings? name/)
    const none = terminal()
    assert.equal(await simulatePolicy(path, { from: 'now-1d' }, none), 0)
    assert.match(none.seen.err, /^0 findings: 0 responses/)
    const { json: done } = await rig.ask('/v1/responses')
    assert.deepEqual(done, [], 'nothing was done')
  })
})

describe('tocsin approvals and responses', () => {
  it('show who waits, let so much through, and take back', async () => {
    const empty = terminal()
    assert.equal(await listApprovals({}, empty), 0)
    assert.match(empty.seen.err, /Nobody waits/)
    const body = {
      actor: 'svc-\u001b[31m',
      action: { kind: 'approval_required', bulkRows: 1000 },
      minutes: 10,
      reason: 'odd \u202e reads',
    }
    const { json: made } = await rig.ask('/v1/responses', {
      method: 'POST',
      body: JSON.stringify(body),
      type: 'application/json',
    })
    const listed = terminal()
    assert.equal(await listApprovals({}, listed), 0)
    assert.match(listed.seen.out, new RegExp(`${made.id} .*1000 rows and more .*waits`))
    assert.ok(!/[\u001b\u202e]/.test(listed.seen.out))

    const granted = terminal()
    assert.equal(await grantApproval(made.id, { rows: '5000', minutes: '5' }, granted), 0)
    assert.match(granted.seen.err, /may read 5000 rows within 5 minutes/)
    await assert.rejects(grantApproval(made.id, { rows: '0', minutes: '5' }, granted), {
      code: 'cli.usage',
    })
    await assert.rejects(grantApproval('../keys', { rows: '1', minutes: '5' }, granted), {
      code: 'respond.unknown',
    })
    const after = terminal()
    assert.equal(await listApprovals({}, after), 0)
    assert.match(after.seen.out, /5000 of 5000 rows until/)

    const undone = terminal()
    assert.equal(await undoResponse(made.id, { reason: 'known' }, undone), 0)
    assert.match(undone.seen.err, /is undone/)
    const responses = terminal()
    assert.equal(await listResponses({}, responses), 0)
    assert.match(responses.seen.out, /undone by tester@here/)
    await assert.rejects(undoResponse(made.id, { reason: 'again' }, undone), {
      code: 'respond.not_in_force',
    })
  })
})
