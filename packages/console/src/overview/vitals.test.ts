import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Vitals, verdictOf, worstOf } from './vitals.ts'

const NOW = 1_800_000_000_000
const WELL: Vitals = {
  openAlerts: 0,
  worst: null,
  sources: [
    { via: 'http', state: 'ok' },
    { via: 'nginx', state: 'ok' },
  ],
  seal: { timeMs: NOW - 10_000, waitingSinceMs: null },
  isFirst: false,
  nowMs: NOW,
}

const verdict = (changes: Partial<Vitals>) =>
  verdictOf(
    { ...WELL, ...changes },
    {
      count: value => value.toLocaleString('en'),
      ago: (ms, nowMs) => `${(nowMs - ms) / 1000} s ago`,
      span: ms => `${ms / 60_000} min`,
      visible: text => text.replace('\u202e', '⟨U+202E⟩'),
    },
  )

describe('verdict', () => {
  it('all is well in one sentence', () => {
    assert.deepEqual(verdict({}), {
      status: 'quiet',
      sentence: 'No open alerts; data arrives from 2 of 2 sources; sealed 10 s ago.',
    })
  })

  it('what is not known is not taken for well', () => {
    for (const changes of [{ openAlerts: null }, { sources: null }, { seal: null }]) {
      const { status, sentence } = verdict(changes)
      assert.equal(status, 'unknown')
      assert.match(sentence, /not known/)
    }
  })

  it('an alert that weighs much goes before everything; others before quiet', () => {
    const silent = [{ via: 'http', state: 'silent' }] as const
    const act = verdict({ openAlerts: 1, worst: 'high', sources: silent })
    assert.equal(act.status, 'act')
    assert.match(act.sentence, /^1 open alert; /)
    assert.equal(verdict({ openAlerts: 2, worst: 'low' }).status, 'look')
    assert.match(verdict({ openAlerts: 1234, worst: 'low' }).sentence, /^1,234 open alerts/)
  })

  it('silence and loss are said, and by whom', () => {
    const sources = [
      { via: 'http', state: 'ok' },
      { via: 'a\u202eb', state: 'silent' },
      { via: 'c', state: 'loss' },
      { via: 'd', state: 'late' },
    ] as const
    const { status, sentence } = verdict({ sources })
    assert.equal(status, 'missing')
    const said =
      'data arrives from 1 of 4 sources (a⟨U+202E⟩b is silent, c lost events, and 1 more)'
    assert.ok(sentence.includes(said), sentence)
    assert.equal(verdict({ sources: [{ via: 'x', state: 'late' }] }).status, 'look')
  })

  it('no source at all is not quiet', () => {
    const { status, sentence } = verdict({ sources: [] })
    assert.equal(status, 'missing')
    assert.match(sentence, /no data arrived/)
    const first = verdict({ sources: [], isFirst: true })
    assert.equal(first.status, 'waiting')
    assert.match(first.sentence, /nothing has arrived yet/)
    assert.equal(verdict({ isFirst: true }).status, 'quiet')
  })

  it('a seal that does not come is missing, one of long ago is not', () => {
    const late = verdict({ seal: { timeMs: NOW - 130_000, waitingSinceMs: NOW - 120_000 } })
    assert.equal(late.status, 'missing')
    assert.match(late.sentence, /wait for their seal since 2 min/)
    const old = verdict({ seal: { timeMs: NOW - 86_400_000, waitingSinceMs: null } })
    assert.equal(old.status, 'quiet')
    const none = verdict({ seal: { timeMs: null, waitingSinceMs: null } })
    assert.match(none.sentence, /nothing is sealed yet/)
  })
})

describe('worst alert', () => {
  it('is by severity, not by place', () => {
    assert.equal(worstOf(['low', 'critical', 'high']), 'critical')
    assert.equal(worstOf([]), null)
  })
})
