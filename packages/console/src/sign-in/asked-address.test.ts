import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { printAsked, readAsked } from './asked-address.ts'

const NOW = 1_800_000_000_000

describe('the address that was asked for before signing in', () => {
  it('comes back while a link works, with its question', () => {
    const address = '/events?v=1&q=outcome%3Adenied&sel=0190b5a0'
    const kept = printAsked(address, NOW)
    assert.equal(readAsked(kept, NOW + 60_000), address)
    assert.equal(readAsked(kept, NOW + 15 * 60_000), '/')
    assert.equal(readAsked(kept, NOW - 15 * 60_000), '/')
  })

  it('never leads away from this console', () => {
    for (const address of [
      '//evil.example/x',
      '/\\evil.example',
      '/\t/evil.example',
      'https://evil.example/',
      'javascript:alert(1)',
      'evil.example',
      '',
      '/sign-in',
      '/sign-in?next=/',
      '/events\\..\\x',
    ]) {
      assert.equal(readAsked(printAsked(address, NOW), NOW), '/', address)
    }
    fc.assert(
      fc.property(fc.string(), text => {
        const url = new URL(readAsked(printAsked(text, NOW), NOW), 'https://tocsin.example')
        assert.equal(url.origin, 'https://tocsin.example')
      }),
    )
  })

  it('is the overview where nothing that can be read was kept', () => {
    for (const text of [null, '', '{', '[]', '{"address":5,"atMs":1}', '{"address":"/events"}']) {
      assert.equal(readAsked(text, NOW), '/', String(text))
    }
  })
})
