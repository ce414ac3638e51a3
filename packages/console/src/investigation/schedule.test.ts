import assert from 'node:assert/strict'
import { it } from 'node:test'
import { scheduleAround } from './schedule.ts'

const at = (text: string) => Date.parse(`2026-11-${text}Z`)

it('whole hours around a stretch', () => {
  assert.equal(scheduleAround(at('24T22:49'), at('24T22:56')), 'Tue 22:00-23:00')
  assert.equal(scheduleAround(at('24T22:00'), at('24T22:00')), 'Tue 22:00-23:00')
})

it('to midnight, over midnight, and a day at most', () => {
  assert.equal(scheduleAround(at('24T22:49'), at('24T23:30')), 'Tue 22:00-24:00')
  assert.equal(scheduleAround(at('24T22:49'), at('25T01:10')), 'Tue 22:00-02:00')
  assert.equal(scheduleAround(at('24T22:49'), at('26T01:10')), 'Tue 00:00-24:00')
})
