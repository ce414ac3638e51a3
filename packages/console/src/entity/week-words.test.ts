import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { unusualHours } from './week-words.ts'

const hours = (values: { readonly [hour: number]: number | null }, otherwise: number | null = 0) =>
  Array.from({ length: 168 }, (_, hour) => values[hour] ?? otherwise)
const none = Array.from({ length: 168 }, () => 0)

describe('hours of the week', () => {
  it('names hours that the usual week never has, the heaviest first', () => {
    const now = none.with(2, 5).with(51, 90).with(167, 40).with(60, 1)
    const sentence = unusualHours(now, hours({ 2: 7 }), 'rows')
    const named = 'Wednesdays 03:00 UTC, Sundays 23:00 UTC, Wednesdays 12:00 UTC'
    assert.equal(
      sentence,
      `Usually it has rows in 1 of the 168 hours of a week; now also in 3 more: ${named}.`,
    )
  })

  it('says so where nothing is unusual', () => {
    assert.match(unusualHours(none.with(2, 5), hours({ 2: 1 }), 'rows'), /none in any other/)
  })

  it('an hour of which nothing is known is not unusual', () => {
    const sentence = unusualHours(
      none.with(5, 9),
      none.map((_, i) => (i === 5 ? null : 0)),
      'rows',
    )
    assert.match(sentence, /in 0 of the 168 hours of a week; the newest 7 days have none/)
    assert.match(
      unusualHours(
        none.with(5, 9),
        none.map(() => null),
        'rows',
      ),
      /not known yet/,
    )
  })

  it('more than three are counted, not listed', () => {
    const sentence = unusualHours(
      none.map((_, hour) => (hour < 10 ? 1 : 0)),
      none,
      'rows',
    )
    assert.match(sentence, /in 10 more: .* …\.$/)
  })
})
