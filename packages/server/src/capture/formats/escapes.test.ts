import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fitText, pathOf, unescapeText, withoutQuery } from './escapes.ts'

/** As nginx's default escaping and Apache write bytes. */
function escapeAsNginx(text: string): string {
  return [...Buffer.from(text)]
    .map(byte => {
      const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
      return plain
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}

describe('unescapeText', () => {
  it('undoes what nginx and Apache do', () => {
    assert.equal(unescapeText('caf\\xC3\\xA9'), 'café')
    assert.equal(unescapeText('\\x22quoted\\x22 \\x5C'), '"quoted" \\')
    assert.equal(unescapeText('\\"quoted\\" \\\\'), '"quoted" \\')
  })

  it('leaves spelled out what is not UTF-8 and what controls a terminal', () => {
    assert.equal(unescapeText('\\xFF\\xC3\\xA9\\xC3'), '\\xFFé\\xC3')
    assert.equal(unescapeText('\\x1B[31m\\x00\\x7F'), '\\x1B[31m\\x00\\x7F')
    assert.equal(unescapeText('\\xED\\xA0\\x80'), '\\xED\\xA0\\x80')
    assert.equal(unescapeText('\\n\\t\\q\\xZZ\\x4'), '\\n\\t\\q\\xZZ\\x4')
    assert.equal(unescapeText('end\\'), 'end\\')
  })

  it('gives back every text without control characters', () => {
    const text = fc.string({ unit: 'grapheme' }).filter(s => !/[\x00-\x1f\x7f]/.test(s))
    fc.assert(fc.property(text, s => assert.equal(unescapeText(escapeAsNginx(s)), s)))
  })

  it('never throws and never grows', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), s => unescapeText(s).length <= s.length))
  })
})

describe('pathOf', () => {
  it('keeps the path and nothing else', () => {
    assert.equal(pathOf('/a/b?c=d?e#f'), '/a/b')
    assert.equal(pathOf('/a#b?c'), '/a')
    assert.equal(pathOf('http://user:password@host:80/a?b'), '/a')
    assert.equal(pathOf('http://user:password@host'), '/')
    assert.equal(pathOf('user:password@host:443'), 'host:443')
    assert.equal(pathOf('*'), '*')
    assert.equal(withoutQuery('?a'), '')
  })
})

describe('fitText', () => {
  it('keeps what fits, and keeps apart what does not', () => {
    assert.equal(fitText('ä'.repeat(50), 100), 'ä'.repeat(50))
    const one = fitText(`${'ä'.repeat(100)}1`, 100)
    const two = fitText(`${'ä'.repeat(100)}2`, 100)
    assert.notEqual(one, two)
    for (const text of [one, two]) {
      assert.ok(Buffer.byteLength(text) <= 100)
      assert.match(text, /^ä+~[0-9a-f]{16}$/)
    }
  })
})
