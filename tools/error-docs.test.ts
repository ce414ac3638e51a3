import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { errorPage } from './error-docs.ts'

const PAGE = join(import.meta.dirname, '../docs/errors.md')

it('docs/errors.md says what the table says', () => {
  if (process.env.UPDATE === '1') writeFileSync(PAGE, errorPage())
  assert.equal(readFileSync(PAGE, 'utf8'), errorPage())
})
