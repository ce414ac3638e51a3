import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { renderApiTypes, typeOf } from './api-types.ts'
import { ROOT } from './tidy/source.ts'

const PATH = join(ROOT, 'packages/console/src/api/api-types.ts')

it('the console knows the API as docs/spec/openapi.json has it', () => {
  const text = renderApiTypes(
    JSON.parse(readFileSync(join(ROOT, 'docs/spec/openapi.json'), 'utf8')),
  )
  if (process.env.UPDATE) writeFileSync(PATH, text)
  assert.equal(readFileSync(PATH, 'utf8'), text, 'run this test with UPDATE=1')
})

it('types are as narrow as the schema', () => {
  const nullable = { anyOf: [{ type: 'integer' }, { type: 'null' }] }
  assert.equal(typeOf(nullable), '(number | null)')
  assert.equal(typeOf({ type: 'array', items: nullable }), 'readonly (number | null)[]')
  assert.equal(typeOf({ enum: ['a', "b'"] }), "'a'\n| 'b\\''")
  assert.equal(typeOf({ type: 'array', items: { enum: ['a', 'b'] } }), "readonly ('a'\n| 'b')[]")
  assert.equal(
    typeOf({ type: 'object', properties: { a: { type: 'string' }, 'b-c': {} }, required: ['a'] }),
    '{\nreadonly a: string\nreadonly "b-c"?: unknown\n}',
  )
  const lists = { type: 'array', items: { type: 'array', items: { type: 'number' } } }
  assert.equal(typeOf(lists), 'readonly (readonly number[])[]')
})

it('refuses a schema that it does not understand', () => {
  assert.throws(() => typeOf({ type: 'tuple' }), /tuple/)
})
