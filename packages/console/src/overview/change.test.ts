import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { changeOf, spanBefore } from './change.ts'

const NOW = 1_800_000_000_000
const HOUR = 3_600_000

describe('change', () => {
  it('is told as a share of what was, or as a factor', () => {
    const texts = [
      [112, 100],
      [97, 100],
      [1001, 1000],
      [1200, 100],
      [5, 0],
      [5, 5],
      [0, 5],
    ].map(([now = 0, before = 0]) => changeOf(now, before)?.text)
    assert.deepEqual(texts, [
      '+12 %',
      '−3 %',
      'about as before',
      '12 times',
      'none before',
      'as before',
      '−100 %',
    ])
  })

  it('of nothing known is nothing', () => {
    assert.equal(changeOf(null, 5), null)
    assert.equal(changeOf(5, null), null)
  })
})

const momentOf = (text: string) => {
  if (text === 'now') return NOW
  const [, hours] = /^now-(\d+)h$/.exec(text) ?? []
  if (hours) return NOW - Number(hours) * HOUR
  return Number.isFinite(Number(text)) ? Number(text) : null
}

describe('the span before', () => {
  it('moves with the clock where the range does', () => {
    assert.deepEqual(spanBefore({ from: 'now-24h', to: 'now' }, momentOf), {
      from: 'now-48h',
      to: 'now-24h',
    })
  })

  it('ends where the range begins and is as long', () => {
    const before = spanBefore({ from: String(NOW - 2 * HOUR), to: String(NOW) }, momentOf)
    assert.deepEqual(before, { from: String(NOW - 4 * HOUR), to: String(NOW - 2 * HOUR) })
    assert.deepEqual(spanBefore({ from: 'now-2h', to: 'now-1h' }, momentOf), {
      from: String(NOW - 3 * HOUR),
      to: String(NOW - 2 * HOUR),
    })
  })

  it('of what is no range is none', () => {
    assert.equal(spanBefore({ from: 'yesterday', to: 'now' }, momentOf), null)
    assert.equal(spanBefore({ from: 'now', to: 'now-1h' }, momentOf), null)
  })
})
