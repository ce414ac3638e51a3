import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type JsonChoice, type JsonLine, jsonLines, MEMBERS_SHOWN } from './json-lines.ts'

const AS_IS: JsonChoice = { isOpen: new Map(), shown: new Map() }
const OPEN_ALL = (paths: readonly string[]): JsonChoice => ({
  isOpen: new Map(paths.map(path => [path, true])),
  shown: new Map(),
})

function text(lines: readonly JsonLine[]): string {
  return lines
    .map(line => {
      const key = line.key === null ? '' : `${line.key}: `
      if (line.kind === 'value') return key + JSON.stringify(line.value)
      if (line.kind === 'more') return `+${line.left}`
      if (line.kind === 'close') return line.isList ? ']' : '}'
      const sign = line.isList ? '[' : '{'
      return line.kind === 'open' ? key + sign : `${key}${sign}${line.count}`
    })
    .join(' ')
}

/** An object of which every value that is looked at is counted. */
function watched(size: number, make: (i: number) => unknown) {
  const seen = { count: 0 }
  const value: { [key: string]: unknown } = {}
  for (let i = 0; i < size; i++) {
    Object.defineProperty(value, `k${i}`, {
      enumerable: true,
      get() {
        seen.count += 1
        return make(i)
      },
    })
  }
  return { seen, value }
}

describe('JSON as lines', () => {
  it('shows a small value whole', () => {
    const value = { a: 1, b: [true, null, 'x'], c: {}, d: [] }
    assert.equal(text(jsonLines(value, AS_IS)), '{ a: 1 b: [ true null "x" ] c: {0 d: [0 }')
    assert.equal(text(jsonLines('x', AS_IS)), '"x"')
    assert.equal(text(jsonLines(null, AS_IS)), 'null')
  })

  it('shuts and opens what the reader says', () => {
    const value = { a: { b: { c: { d: { e: 1 } } } } }
    assert.equal(text(jsonLines(value, AS_IS)), '{ a: { b: { c: { d: {1 } } } }')
    const open = jsonLines(value, OPEN_ALL(['/0/0/0/0']))
    assert.equal(text(open), '{ a: { b: { c: { d: { e: 1 } } } } }')
    const shut = jsonLines(value, { isOpen: new Map([['/0', false]]), shown: new Map() })
    assert.equal(text(shut), '{ a: {1 }')
  })

  it('names each place once, whatever the keys are', () => {
    const value = { '': 1, '/': { '~1': 2 }, '0': { '': 3 }, ['k'.repeat(100_000)]: [4] }
    const lines = jsonLines(value, AS_IS).filter(({ kind }) => kind !== 'close')
    assert.equal(new Set(lines.map(({ path }) => path)).size, lines.length)
    assert.ok(lines.every(({ path }) => path.length < 20))
  })

  it('looks at no more of many values than it shows', () => {
    const { seen, value } = watched(50_000, i => ({ i }))
    const lines = jsonLines(value, AS_IS)
    assert.ok(seen.count <= MEMBERS_SHOWN, String(seen.count))
    assert.ok(lines.length <= 4 * MEMBERS_SHOWN)
    assert.equal(lines.at(-2)?.kind, 'more')
  })

  it('shows more of a long one when asked, and stays within its bounds', () => {
    const value = Array.from({ length: 1_000_000 }, (_, i) => i)
    const choice: JsonChoice = { isOpen: new Map(), shown: new Map([['', 1100]]) }
    const lines = jsonLines(value, choice)
    assert.equal(lines.length, 1103)
    const all: JsonChoice = { isOpen: new Map(), shown: new Map([['', 1_000_000]]) }
    assert.ok(jsonLines(value, all).length <= 20_002)
  })

  it('does not follow a nesting of any depth', () => {
    let value: unknown = 1
    for (let i = 0; i < 100_000; i++) value = [value]
    assert.ok(jsonLines(value, AS_IS).length < 20)
  })
})
