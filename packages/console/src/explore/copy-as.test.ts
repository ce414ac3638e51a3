import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { asCommand, asCurl, quoted } from './copy-as.ts'

const HOSTILE = [
  `a'b`,
  '$(touch x)',
  '`id`',
  'a"b',
  'a\\',
  '!x',
  '; rm -rf .',
  'two\nlines',
  '',
  '*',
  '~',
  '-x',
]

describe('a question for a shell', () => {
  it('stays one word, whatever it holds', () => {
    for (const text of HOSTILE) {
      const out = execFileSync('/bin/sh', ['-c', `printf '<%s>' ${quoted(text)} end`])
      assert.equal(out.toString(), `<${text}><end>`)
    }
  })

  it('is the command that finds the same', () => {
    const from = '2026-11-24T00:00:00.000Z'
    const to = '2026-11-25T00:00:00.000Z'
    assert.equal(
      asCommand({ q: `actor.id:"o'neil"`, from, to }),
      `tocsin events search 'actor.id:"o'\\''neil"' --from ${from} --to ${to}`,
    )
    assert.match(asCommand({ q: '', from, to }), /search '\*' /)
  })

  it('names the key, and does not hold one', () => {
    const text = asCurl('https://t.example', { q: `a'b $(x)`, from: 'now-24h', sort: '-time' })
    const shown = text.replace(/^curl/, `TOCSIN_API_KEY=k; printf '<%s>'`)
    const url = 'https://t.example/v1/events?q=a%27b+%24%28x%29&from=now-24h&sort=-time'
    const out = execFileSync('/bin/sh', ['-c', shown]).toString()
    assert.equal(out, `<-sS><-H><Authorization: Bearer k><${url}>`)
  })
})
