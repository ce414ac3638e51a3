import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ERRORS } from '../packages/sdk/src/errors.ts'
import { errorPage } from './error-docs.ts'
import { listFiles, readText } from './tidy/source.ts'

const PAGE = join(import.meta.dirname, '../docs/errors.md')
const codes = Object.keys(ERRORS)

describe('the table of errors', () => {
  it('docs/errors.md says what the table says', () => {
    if (process.env.UPDATE === '1') writeFileSync(PAGE, errorPage())
    const isFresh = readFileSync(PAGE, 'utf8') === errorPage()
    assert.ok(isFresh, 'docs/errors.md is stale; write it again: UPDATE=1 npm test error-docs')
  })

  it('the page has one row for each code, whatever its text holds', () => {
    for (const code of codes) {
      const rows = errorPage()
        .split('\n')
        .filter(line => line.startsWith(`| \`${code}\` |`))
      assert.equal(rows.length, 1, code)
      assert.equal(rows[0]?.replaceAll('\\|', '').split('|').length, 7, code)
    }
  })

  it('codes are in alphabetical order, and each is used', () => {
    assert.deepEqual(codes, codes.toSorted())
    const sources = listFiles().filter(path => /^packages\/.*\.ts$/.test(path))
    const text = sources.filter(path => !/errors\.ts$|\.test\.ts$/.test(path)).map(readText)
    const unused = codes.filter(code => !text.some(one => one.includes(`'${code}'`)))
    assert.deepEqual(unused, [])
  })

  it('a message of help is one or more whole sentences', () => {
    for (const [code, { help }] of Object.entries(ERRORS)) {
      assert.match(help, /^[A-Z`][^\n]{5,160}\.$/, code)
    }
  })
})
