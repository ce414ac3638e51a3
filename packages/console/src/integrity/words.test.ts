import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Intact, KnownLog, Looked, Refusal } from '../trust/trust.ts'
import { figuresOf, headlineOf, isVerified, REFUSALS, scopeOf, wordsOf } from './words.ts'

const NOW = Date.UTC(2026, 10, 24, 12)
const INTACT: Intact = {
  kind: 'intact',
  atMs: NOW - 120_000,
  tookMs: 2000,
  size: 217_697,
  root: 'AAAA',
  bytes: 84_000_000,
  sealedEntries: 217_690,
  controlEntries: 7,
  sections: 230_000,
  firstMs: 1,
  lastMs: 2,
  clockStepsBack: 0,
  since: null,
}
const KNOWN: KnownLog = {
  origin: 'tocsin-9f27c1aa/2026',
  vkey: 'tocsin-9f27c1aa/2026+12345678+AAAA',
  firstSeenMs: 1,
  comparedMs: null,
  note: 'note',
  size: 217_697,
  seenMs: NOW,
  checked: INTACT,
}
const SHOWN = { origin: KNOWN.origin, vkey: KNOWN.vkey, size: 3 }

function refused(why: Refusal, at: number | null = null): Looked {
  const place = { file: 'checkpoint', at, detail: 'it had 9 entries and now has 3' }
  return { kind: 'refused', why, ...place, known: KNOWN.origin, shown: SHOWN }
}

describe('the sentence about the log', () => {
  it('says what was verified, when and by whose key', () => {
    assert.deepEqual(headlineOf({ kind: 'same', shown: SHOWN, note: '' }, KNOWN, NOW), {
      tone: 'good',
      title:
        'Verified here 2 min ago: 217,697 entries, every hash recomputed in this browser, ' +
        'signature by tocsin-9f27c1aa/2026',
      more: 'Nothing came since.',
    })
    assert.match(headlineOf(null, { ...KNOWN, size: 217_698 }, NOW)?.more ?? '', /^1 entry came/)
    assert.match(headlineOf(null, { ...KNOWN, size: 219_697 }, NOW)?.more ?? '', /^2,000 entries/)
  })

  it('never calls verified what was not', () => {
    const unseen = headlineOf(null, { ...KNOWN, checked: null }, NOW)
    assert.equal(unseen?.tone, 'plain')
    assert.match(unseen?.title ?? '', /not verified in this browser yet/)
    assert.equal(headlineOf(null, null, NOW), null)
  })

  it('is a refusal whatever was verified before', () => {
    for (const why of ['other_key', 'other_log', 'rollback', 'fork'] as const) {
      const headline = headlineOf(refused(why), KNOWN, NOW)
      assert.equal(headline?.tone, 'bad')
      assert.equal(headline?.title, REFUSALS[why].title)
      assert.match(headline?.more ?? '', /It had 9 entries and now has 3/)
    }
    assert.equal(headlineOf(refused('checkpoint_missing'), null, NOW)?.tone, 'bad')
  })

  it('stays one until it is verified again', () => {
    const checked = {
      kind: 'refused',
      why: 'entry_changed',
      atMs: NOW - 3_600_000,
      file: 'tile/entries/002',
      at: 612,
      detail: 'entry 612 is not what was signed',
    } as const
    const headline = headlineOf(
      { kind: 'same', shown: SHOWN, note: '' },
      { ...KNOWN, checked },
      NOW,
    )
    assert.equal(headline?.tone, 'bad')
    assert.match(headline?.more ?? '', /Found here 60 min ago|Found here 1 h ago/)
    assert.match(
      headline?.more ?? '',
      /Entry 612 is not what was signed\. Entry 612, in tile\/entries\/002\./,
    )
  })

  it('has words for what an older or newer console may have kept', () => {
    const why: unknown = 'something_new'
    assert.equal(typeof wordsOf(why as Refusal).title, 'string')
  })
})

describe('what was checked', () => {
  it('is said beside what was not', () => {
    const { shown, not } = scopeOf({ ...INTACT, since: 1000, clockStepsBack: 2 })
    assert.match(shown.join(' '), /first 1,000 are those of the checkpoint remembered/)
    assert.match(shown.join(' '), /2 entries have an earlier time/)
    assert.match(not.join(' '), /230,000 sealed parts/)
    assert.doesNotMatch(scopeOf(INTACT).shown.join(' '), /remembered from before/)
  })

  it('comes with figures that are finite', () => {
    assert.equal(figuresOf(INTACT), '84 MB in 2.0 s, 108,849 entries a second')
    assert.doesNotMatch(figuresOf({ ...INTACT, tookMs: 0 }), /Infinity|NaN/)
  })

  it('covers seals up to its size and none of a broken log', () => {
    assert.equal(isVerified(217_697, INTACT), true)
    assert.equal(isVerified(217_698, INTACT), false)
    assert.equal(isVerified(1, null), false)
  })
})
