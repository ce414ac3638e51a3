import assert from 'node:assert/strict'
import { it } from 'node:test'
import { actorOf } from './finding.ts'
import { makeEvent } from './test-events.ts'

it('a finding names who was proved and who was claimed, and claims nothing of its own', () => {
  const actor = { type: 'service', id: 'key:app', verified: 'key' } as const
  const proved = { id: 'key:app', type: 'service', verified: 'key' }
  const without = { session: null, credential: null }
  assert.deepEqual(actorOf(makeEvent({ actor })), { ...proved, ...without })
  const claimed = 'root\u202e"; --'
  const whole = { ...actor, claimed, session: 's', credential: 'c' }
  const known = { session: 's', credential: 'c', claimed }
  assert.deepEqual(actorOf(makeEvent({ actor: whole })), { ...proved, ...known })
})
