// No way through the console loses a question: whatever stands in an address, wherever one goes.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  type Changes,
  carried,
  changed,
  frozen,
  KEPT,
  momentOf,
  parseSearch,
  printSearch,
  rangeOf,
  type Search,
} from './search.ts'

const RUNS = 1500
const NOW_MS = Date.UTC(2026, 10, 24, 12)

/** Anything a person or a screen may put there, lone surrogates and controls too. */
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    'now-24h',
    'actor.id:"a & b" -outcome:success',
    'a+b%20c',
    '1',
    'local',
    '#',
    '&v=9',
  ),
)
const own = fc.constantFrom('sel', 'sort', 'cols', 'group', 'live', 'metric', 'cursor')
const name = fc.oneof(fc.constantFrom(...KEPT), own)
const search: fc.Arbitrary<Search> = fc.dictionary(name, value, { maxKeys: 8 })
const changes: fc.Arbitrary<Changes> = fc.dictionary(name, fc.option(value), { maxKeys: 4 })

/** As it stands in an address: empty is absent, and UTF-16 that is no text becomes U+FFFD. */
const settled = (asked: Search): Search =>
  Object.fromEntries(
    Object.entries(asked)
      .filter(([, text]) => text !== '')
      .map(([key, text]) => [key, text.toWellFormed()]),
  )

const keptOf = (asked: Search) => Object.fromEntries(KEPT.map(key => [key, asked[key] ?? '']))

type Step =
  | { readonly kind: 'go'; readonly changes: Changes }
  | { readonly kind: 'set'; readonly changes: Changes }
  | { readonly kind: 'back' | 'forward' | 'reload' }

/** What a walk may do that does not change the questions themselves. */
const ownChanges: fc.Arbitrary<Changes> = fc.dictionary(own, fc.option(value), { maxKeys: 3 })
const step: fc.Arbitrary<Step> = fc.oneof(
  ownChanges.map(asked => ({ kind: 'go' as const, changes: asked })),
  ownChanges.map(asked => ({ kind: 'set' as const, changes: asked })),
  fc.constantFrom(
    { kind: 'back' as const },
    { kind: 'forward' as const },
    { kind: 'reload' as const },
  ),
)

/** Addresses as a browser keeps them: texts, with a place in their history. */
function walk(start: Search, steps: readonly Step[]): readonly Search[] {
  let history = [printSearch(start)]
  let at = 0
  const visited: Search[] = []
  for (const one of steps) {
    const here = parseSearch(history[at] ?? '')
    if ('changes' in one) {
      const next = one.kind === 'go' ? carried(here, one.changes) : changed(here, one.changes)
      history = [...history.slice(0, at + 1), printSearch(next)]
      at += 1
    } else if (one.kind === 'back') at = Math.max(0, at - 1)
    else if (one.kind === 'forward') at = Math.min(history.length - 1, at + 1)
    visited.push(parseSearch(history[at] ?? ''))
  }
  return visited
}

describe('the address', () => {
  it('reads what it printed', () => {
    fc.assert(
      fc.property(search, asked => {
        assert.deepEqual(parseSearch(printSearch(asked)), settled(asked))
      }),
      { numRuns: RUNS },
    )
  })

  it('is the same text for the same parameters, whatever their order', () => {
    fc.assert(
      fc.property(search, asked => {
        const turned = Object.fromEntries(Object.entries(asked).reverse())
        assert.equal(printSearch(turned), printSearch(asked))
        assert.equal(printSearch(parseSearch(printSearch(asked))), printSearch(settled(asked)))
      }),
      { numRuns: RUNS },
    )
  })

  it('keeps questions, range and zone on every way, back and forward', () => {
    fc.assert(
      fc.property(search, fc.array(step, { maxLength: 20 }), (start, steps) => {
        const kept = keptOf(settled(start))
        for (const there of walk(start, steps)) assert.deepEqual(keptOf(there), kept)
      }),
      { numRuns: RUNS },
    )
  })

  it('takes nothing else along to another screen', () => {
    fc.assert(
      fc.property(search, changes, (asked, wanted) => {
        const there = settled(carried(asked, wanted))
        for (const [key, text] of Object.entries(there)) {
          assert.ok(KEPT.includes(key) || wanted[key]?.toWellFormed() === text, key)
        }
        for (const [key, text] of Object.entries(wanted)) {
          assert.equal(there[key] ?? '', (text ?? '').toWellFormed())
        }
      }),
      { numRuns: RUNS },
    )
  })

  it('leaves alone what nobody changed, and takes away what became empty', () => {
    fc.assert(
      fc.property(search, changes, (asked, wanted) => {
        const after = changed(asked, wanted)
        for (const key of new Set([...Object.keys(asked), ...Object.keys(wanted)])) {
          const expected = key in wanted ? wanted[key] : asked[key]
          assert.equal(after[key], expected || undefined, key)
        }
      }),
      { numRuns: RUNS },
    )
  })

  it('is read however it was written: nothing in it is an error, and names stay names', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), text => {
        const found = parseSearch(`?${text}`)
        for (const [key, one] of Object.entries(found)) {
          assert.match(key, /^[a-z][a-zA-Z0-9]{0,31}$/)
          assert.ok(one !== '' && one.length <= 8192)
        }
        assert.equal(Object.getPrototypeOf(found), Object.prototype)
      }),
      { numRuns: RUNS },
    )
    assert.deepEqual(parseSearch('?__proto__=x&constructor=y&v=7&q=a&q=b'), {
      constructor: 'y',
      q: 'b',
    })
    assert.deepEqual(parseSearch(`?q=${'a'.repeat(8193)}&sel=1`), { sel: '1' })
    assert.equal(printSearch({}), '')
    assert.equal(printSearch({ q: '' }), '')
  })

  it('a frozen link means the same moments for ever', () => {
    fc.assert(
      fc.property(search, fc.constantFrom('/', '/alerts', '/events'), (asked, path) => {
        const { from, to } = rangeOf(asked, path)
        const link = frozen(asked, NOW_MS, path)
        for (const [was, is] of [
          [from, link.from],
          [to, link.to],
        ] as const) {
          const ms = momentOf(was, NOW_MS)
          if (ms !== null) assert.equal(momentOf(is ?? '', NOW_MS + 86_400_000 * 300), ms)
        }
        assert.equal(link.q, asked.q || undefined)
      }),
      { numRuns: RUNS },
    )
  })
})

describe('a moment', () => {
  it('is what the server takes it for', () => {
    const hour = 3_600_000
    for (const [text, ms] of [
      ['now', NOW_MS],
      ['now-90m', NOW_MS - 1.5 * hour],
      ['now-2w', NOW_MS - 14 * 24 * hour],
      ['2026-11-24T08:00', Date.UTC(2026, 10, 24, 8)],
      ['2026-11-24 08:00:30.5', Date.UTC(2026, 10, 24, 8, 0, 30, 500)],
      ['2026-11-24T08:00+02:00', Date.UTC(2026, 10, 24, 6)],
      ['1795521600000', 1_795_521_600_000],
      ['now-', null],
      ['now-24', null],
      ['now+1h', null],
      ['yesterday', null],
      ['', null],
    ] as const) {
      assert.equal(momentOf(text, NOW_MS), ms, text)
    }
  })
})
