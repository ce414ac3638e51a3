import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { parseEventLine } from '@tocsin/sdk/event'
import { examplesFor } from './examples.ts'

const examples = examplesFor('http://127.0.0.1:7117', 'tocsin_key_abc')

describe('examples', () => {
  it('what the shell makes of the first one is one line that the server takes', () => {
    const [curl] = examples
    const script = `curl() { printf '%s\\n' "$@"; }\n${curl?.text}`
    const said = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).trim().split('\n')
    assert.ok(said.includes('Authorization: Bearer tocsin_key_abc'))
    const event = parseEventLine(said.at(-1) ?? '', Date.now())
    assert.equal(event.operation, 'chat')
    assert.equal(event.actor.id, 'alice')
    assert.ok(Math.abs(event.time - Date.now()) < 60_000)
  })

  it('each that sends has the address and the key, and none has another', () => {
    const sending = examples.filter(({ text }) => text.includes('Bearer'))
    assert.equal(sending.length, 2)
    for (const { text } of sending) {
      assert.ok(text.includes('http://127.0.0.1:7117/v1/events'))
      assert.equal(text.match(/tocsin_key_\w+/g)?.join(), 'tocsin_key_abc')
    }
  })
})
