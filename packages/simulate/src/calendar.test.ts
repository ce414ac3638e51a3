import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type Country,
  DAY_MS,
  dayOf,
  dayStartMs,
  isHoliday,
  isWorkday,
  localDay,
  weekday,
} from './calendar.ts'

type Dated = readonly [Country, number, number, number]

// Published lists: Bundesländer's common holidays, OPM's federal ones, the Cabinet Office of
// Japan's.
const HOLIDAYS: readonly Dated[] = [
  ['DE', 2026, 1, 1],
  ['DE', 2026, 4, 3],
  ['DE', 2026, 4, 6],
  ['DE', 2026, 5, 14],
  ['DE', 2026, 5, 25],
  ['DE', 2027, 3, 26],
  ['US', 2026, 1, 19],
  ['US', 2026, 2, 16],
  ['US', 2026, 5, 25],
  ['US', 2026, 7, 3],
  ['US', 2026, 9, 7],
  ['US', 2026, 11, 26],
  ['US', 2026, 11, 27],
  ['US', 2027, 5, 31],
  ['US', 2027, 7, 5],
  ['JP', 2026, 1, 12],
  ['JP', 2026, 3, 20],
  ['JP', 2026, 5, 6],
  ['JP', 2026, 9, 22],
  ['JP', 2026, 9, 23],
  ['JP', 2026, 11, 3],
  ['JP', 2027, 3, 22],
]
const ORDINARY: readonly Dated[] = [
  ['DE', 2026, 11, 26],
  ['DE', 2026, 4, 2],
  ['US', 2026, 10, 2],
  ['US', 2026, 11, 25],
  ['JP', 2026, 12, 25],
  ['JP', 2026, 5, 7],
]

const text = ([country, y, m, d]: Dated) => `${country} ${y}-${m}-${d}`

describe('the calendar', () => {
  it('knows the holidays of three countries', () => {
    for (const day of HOLIDAYS)
      assert.ok(isHoliday(day[0], dayOf(day[1], day[2], day[3])), text(day))
    for (const day of ORDINARY)
      assert.ok(isWorkday(day[0], dayOf(day[1], day[2], day[3])), text(day))
  })

  it('knows summer time', () => {
    const starts = (country: Country, month: number, date: number) =>
      new Date(dayStartMs(country, dayOf(2026, month, date))).toISOString()
    assert.equal(starts('DE', 7, 1), '2026-06-30T22:00:00.000Z')
    assert.equal(starts('DE', 11, 24), '2026-11-23T23:00:00.000Z')
    assert.equal(starts('US', 7, 1), '2026-07-01T04:00:00.000Z')
    assert.equal(starts('US', 11, 24), '2026-11-24T05:00:00.000Z')
    assert.equal(starts('JP', 7, 1), '2026-06-30T15:00:00.000Z')
  })

  it('finds the local day of every hour of a year, and weekdays of old and new days', () => {
    for (const country of ['DE', 'US', 'JP'] as const) {
      for (let day = dayOf(2026, 1, 1); day < dayOf(2027, 1, 1); day++) {
        assert.equal(localDay(country, dayStartMs(country, day) + DAY_MS / 2), day)
      }
    }
    assert.equal(weekday(dayOf(1970, 1, 1)), 4)
    assert.equal(weekday(dayOf(1969, 12, 28)), 0)
    assert.equal(weekday(dayOf(2026, 11, 24)), 2)
  })
})
