// From an event to a decision on a whole server: a canary is touched, a rule finds it, the policy
// decides, a gateway is answered. And the same in somebody else's name, by history, and after a
// restart.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { event, ndjson, newDirectory, openRig, type Rig } from './rig.ts'

const POLICY = `version: 1
mode: enforce
rules:
  - id: canary
    when: { rules: [canary_touched], actorTypes: [service] }
    then: deny
    for: 1h
`

let rig: Rig
const directory = newDirectory()

before(async () => {
  const policy = join(directory, 'policy.yml')
  writeFileSync(policy, POLICY)
  rig = await openRig(directory, { policy })
})
after(() => rig.close())

let number = 0

async function touch(id: string, key: string, more: object = {}): Promise<void> {
  number += 1
  const body = ndjson([
    event(number, {
      kind: 'data.read',
      time: Date.now(),
      outcome: 'success',
      operation: 'read',
      actor: { type: 'service', id },
      resource: [{ type: 'dataset', id: 'lake/canary' }],
      ...more,
    }),
  ])
  const type = 'application/x-ndjson'
  const { json } = await rig.ask('/v1/events', { method: 'POST', body, type, key })
  assert.equal(json.stored, 1)
  await rig.alarm.watch.settled()
  // What was found is acted on beside the way of events.
  const until = Date.now() + 5000
  const count = () => rig.alarm.respond.list().length + rig.alarm.respond.counts.stale
  while (count() < number && Date.now() < until) await new Promise(r => setTimeout(r, 10))
}

async function decide(actor: string): Promise<string> {
  const body = JSON.stringify({ actor })
  const type = 'application/json'
  return (await rig.ask('/v1/decide', { method: 'POST', body, type })).json.decision
}

describe('who touches a canary', () => {
  it('is denied when its sender proved who it is', async () => {
    await touch('svc-thief', await rig.key('ingest', 'attest'))
    assert.equal(await decide('svc-thief'), 'deny')
    const [response] = (await rig.ask('/v1/responses')).json
    assert.equal(response.rule, 'canary')
    assert.match(response.reason, /svc-thief/)
    assert.equal(response.findingIds.length, 1)
  })

  it('in the name of somebody else is denied itself, and the other one goes on', async () => {
    await touch('svc-victim', await rig.key('ingest'))
    assert.equal(await decide('svc-victim'), 'allow')
    const [response] = (await rig.ask('/v1/responses')).json
    assert.match(response.actor, /^key:/)
    assert.equal(await decide(response.actor), 'deny')
  })

  it('long ago is not denied now', async () => {
    await touch('svc-once', await rig.key('ingest', 'attest'), { time: Date.now() - 16 * 60_000 })
    assert.equal(await decide('svc-once'), 'allow')
    assert.equal(rig.alarm.respond.counts.stale, 1)
  })

  it('stays denied over a restart', async () => {
    rig = await rig.restart()
    assert.equal(await decide('svc-thief'), 'deny')
    assert.equal(await decide('svc-victim'), 'allow')
  })
})
