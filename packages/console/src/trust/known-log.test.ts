import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  type Checked,
  type KnownLog,
  knownFor,
  printKnownLogs,
  readKnownLogs,
  withLog,
  withoutLog,
} from './known-log.ts'

const INTACT: Checked = {
  kind: 'intact',
  atMs: 5,
  tookMs: 800,
  size: 1000,
  root: 'AAAA',
  bytes: 9,
  sealedEntries: 990,
  controlEntries: 10,
  sections: 1200,
  firstMs: 1,
  lastMs: null,
  clockStepsBack: 0,
  since: null,
}
const REFUSED: Checked = {
  kind: 'refused',
  atMs: 5,
  why: 'entry_changed',
  file: 'tile/entries/000',
  at: 7,
  detail: 'entry 7 is not what it was',
}

function known(origin: string, checked: Checked | null = null): KnownLog {
  return {
    origin,
    vkey: `${origin}+12345678+AAAA`,
    firstSeenMs: 1,
    comparedMs: null,
    note: 'note',
    size: 3,
    seenMs: 2,
    checked,
  }
}

describe('what the browser remembers of logs', () => {
  it('comes back as it was kept', () => {
    const logs = [known('a/2026'), known('b/2026', INTACT), known('c/2026', REFUSED)]
    assert.deepEqual(readKnownLogs(printKnownLogs(logs)), logs)
  })

  it('is nothing where the storage holds something else, and never throws', () => {
    for (const text of [null, '', '{', 'null', '7', '{"origin":"a"}', '[null,7,"x",[]]']) {
      assert.deepEqual(readKnownLogs(text), [], String(text))
    }
    fc.assert(fc.property(fc.json(), text => Array.isArray(readKnownLogs(text))))
  })

  it('leaves out an entry of which any part has another type', () => {
    const whole = known('a/2026', INTACT)
    for (const name of Object.keys(whole)) {
      for (const value of [undefined, {}, [], true]) {
        const text: string = JSON.stringify([{ ...whole, [name]: value }])
        assert.deepEqual(readKnownLogs(text), [], `${name} ${String(value)}`)
      }
    }
    for (const name of Object.keys(INTACT)) {
      const text: string = JSON.stringify([{ ...whole, checked: { ...INTACT, [name]: {} } }])
      assert.deepEqual(readKnownLogs(text), [], name)
    }
  })

  it('is asked by name; a log of an unknown name is measured by the one that stood here last', () => {
    const logs = withLog(withLog([], known('a/2026')), known('b/2026'))
    assert.equal(knownFor(logs, 'a/2026')?.origin, 'a/2026')
    assert.equal(knownFor(logs, 'z/2026')?.origin, 'b/2026')
    assert.equal(knownFor(logs, null)?.origin, 'b/2026')
    assert.equal(knownFor([], 'a/2026'), null)
    assert.equal(knownFor(withLog(logs, known('a/2026')), null)?.origin, 'a/2026')
    assert.deepEqual(withoutLog(logs, 'a/2026'), [known('b/2026')])
  })

  it('stays small', () => {
    let logs: readonly KnownLog[] = []
    for (let i = 0; i < 50; i++) logs = withLog(logs, known(`node/${i}`))
    assert.equal(logs.length, 20)
    assert.equal(logs.at(-1)?.origin, 'node/49')
  })
})
