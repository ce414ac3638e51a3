import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  clockWords,
  countWords,
  numberWords,
  spanWords,
  weekdayOf,
  weekdayWords,
} from './plain-words.ts'

describe('plain words', () => {
  it('write numbers as people read them', () => {
    const rows: readonly (readonly [number, string])[] = [
      [0, '0'],
      [999, '999'],
      [1000, '1,000'],
      [48_000, '48,000'],
      [1_234_567, '1,234,567'],
      [-1234, '-1,234'],
      [12.345, '12.3'],
      [1.26, '1.3'],
      [0.031_25, '0.0313'],
      [123.7, '124'],
      [2 ** 53, '9.01e+15'],
      [Number.POSITIVE_INFINITY, 'Infinity'],
    ]
    for (const [value, words] of rows) assert.equal(numberWords(value), words)
    assert.equal(countWords(1, 'event'), '1 event')
    assert.equal(countWords(1200, 'event'), '1,200 events')
  })

  it('write spans', () => {
    const rows: readonly (readonly [number, string])[] = [
      [0, '0 s'],
      [45_000, '45 s'],
      [600_000, '10 min'],
      [5_400_000, '1.5 h'],
      [7_200_000, '2 h'],
      [36 * 3_600_000, '36 h'],
      [30 * 86_400_000, '30 days'],
      [400 * 86_400_000, '400 days'],
      [4000 * 86_400_000, '4,000 days'],
    ]
    for (const [ms, words] of rows) assert.equal(spanWords(ms), words)
  })

  it('know the day and the hour in UTC, also before 1970', () => {
    const at = (iso: string) => Date.parse(iso)
    const rows: readonly (readonly [string, string, string])[] = [
      ['1970-01-01T00:00Z', 'Thursday', '00:00'],
      ['2026-11-21T03:12Z', 'Saturday', '03:12'],
      ['2026-11-22T23:59Z', 'Sunday', '23:59'],
      ['1969-12-31T23:01Z', 'Wednesday', '23:01'],
    ]
    for (const [iso, day, clock] of rows) {
      assert.equal(weekdayWords(weekdayOf(at(iso))), day)
      assert.equal(clockWords(at(iso)), clock)
    }
  })
})
