import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseClfTime, parseLogTime } from './log-time.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function two(n: number): string {
  return String(n).padStart(2, '0')
}

/** Written by Date alone, so that nothing of the parser is used. */
function clf(ms: number, offset: number): string {
  const t = new Date(ms + offset * 60_000)
  const sign = offset < 0 ? '-' : '+'
  const zone = `${sign}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`
  const date = `${two(t.getUTCDate())}/${MONTHS[t.getUTCMonth()]}/${t.getUTCFullYear()}`
  const time = [t.getUTCHours(), t.getUTCMinutes(), t.getUTCSeconds()].map(two).join(':')
  return `${date}:${time} ${zone}`
}

describe('parseClfTime', () => {
  it('reads what a log writes, at any offset from UTC', () => {
    assert.equal(parseClfTime('17/May/2015:10:05:03 +0000', 0), Date.UTC(2015, 4, 17, 10, 5, 3))
    assert.equal(parseClfTime('[29/Feb/2024:23:59:60 -0330]', 1), Date.UTC(2024, 2, 1, 3, 30, 0))
    const seconds = fc.integer({ min: 946_684_800, max: 4_102_444_799 })
    const offsets = fc.integer({ min: -14 * 60, max: 14 * 60 })
    fc.assert(
      fc.property(seconds, offsets, (s, offset) => {
        assert.equal(parseClfTime(clf(s * 1000, offset), 0), s * 1000)
      }),
    )
  })

  it('refuses what is no time', () => {
    const wrong = [
      '',
      '17/May/2015:10:05:03',
      '17/May/2015:10:05:03 0000',
      '17/may/2015:10:05:03 +0000',
      '17/anF/2015:10:05:03 +0000',
      '31/Apr/2015:10:05:03 +0000',
      '29/Feb/2023:10:05:03 +0000',
      '00/May/2015:10:05:03 +0000',
      '17/May/2015:24:05:03 +0000',
      '17/May/2015:10:60:03 +0000',
      '17/May/2015:10:05:61 +0000',
      '17/May/2015:10:05:03 +1500',
      '17/May/2015:10:05:03 +0060',
      '17-May-2015:10:05:03 +0000',
      ' 7/May/2015:10:05:03 +0000',
    ]
    for (const text of wrong) assert.equal(parseClfTime(text, 0), null, text)
  })
})

describe('parseLogTime', () => {
  it('reads numbers by their size, and the usual texts', () => {
    const ms = Date.UTC(2026, 10, 24, 4, 3, 56) + 530
    assert.equal(parseLogTime(1795493036.53), ms)
    assert.equal(parseLogTime('1795493036.530'), ms)
    assert.equal(parseLogTime(ms), ms)
    assert.equal(parseLogTime(ms * 1000), ms)
    assert.equal(parseLogTime(`${ms}000000`), ms)
    assert.equal(parseLogTime('2026-11-24T04:03:56.530Z'), ms)
    assert.equal(parseLogTime('2026-11-24 05:03:56.530+01:00'), ms)
    assert.equal(parseLogTime('24/Nov/2026:04:03:56 +0000'), ms - 530)
    assert.equal(parseLogTime('[24/Nov/2026:04:03:56 +0000]'), ms - 530)
  })

  it('refuses everything else', () => {
    for (const value of [
      '',
      '-',
      'now',
      '2026-11-24',
      '2026-11-24T04:03:56',
      -1,
      NaN,
      null,
      {},
      [],
    ]) {
      assert.equal(parseLogTime(value), null)
    }
    fc.assert(fc.property(fc.anything(), value => void parseLogTime(value)))
  })
})
