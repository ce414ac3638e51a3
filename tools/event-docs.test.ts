import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { eventPage } from './event-docs.ts'

const PAGE = join(import.meta.dirname, '../docs/spec/event.md')

it('docs/spec/event.md says what the catalogue says', () => {
  if (process.env.UPDATE === '1') writeFileSync(PAGE, eventPage())
  assert.equal(readFileSync(PAGE, 'utf8'), eventPage())
})
