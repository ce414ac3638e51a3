// Schedules as people write them, over midnight and the end of the week; jobs as events.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  declareJob,
  isScheduled,
  type JobPlan,
  jobEvent,
  parseJob,
  parseSchedule,
  readJobs,
} from './jobs.ts'
import { memoryIndex, sealedEvent } from './test-index.ts'

const MINUTE = 60_000
/** 2026-11-21 is a Saturday. */
const at = (day: number, hour: number, minute = 0) => Date.UTC(2026, 10, day, hour, minute)
const ANNA = { principal: 'anna@corp.example', keyId: 'k_1' }
const PLAN: JobPlan = {
  actor: 'svc-a',
  resource: 'orders',
  schedule: 'Sat 02:00-04:00 UTC',
  maxRows: 500,
  untilMs: null,
}

describe('a schedule', () => {
  it('is read in every spelling that is offered', () => {
    const days = (text: string) => parseSchedule(text).days
    assert.deepEqual(parseSchedule('Sat 02:00-04:00 UTC'), {
      days: [5],
      fromMinute: 120,
      toMinute: 240,
    })
    assert.deepEqual(days('mon-fri 2:00-4:00'), [0, 1, 2, 3, 4])
    assert.deepEqual(days('Sat,Sun 00:00-24:00 utc'), [5, 6])
    assert.deepEqual(days('Fri-Mon 22:00 - 01:30 UTC'), [0, 4, 5, 6])
    assert.deepEqual(days(' daily 00:00-00:01 '), [0, 1, 2, 3, 4, 5, 6])
    assert.deepEqual(days('Mon,Mon 01:00-02:00'), [0])
  })

  it('is refused where it is none', () => {
    for (const text of [
      '',
      'Sat',
      '02:00-04:00',
      'Sat 2-4',
      'Sat 02:00-04:00 CET',
      'Sad 02:00-04:00',
      'Sat- 02:00-04:00',
      'Sat 24:00-02:00',
      'Sat 02:60-03:00',
      'Sat 02:00-24:30',
      'Sat 02:00-02:00',
      '\u0000',
      `Sat ${' '.repeat(10_000)}02:00-04:00`,
      'Sat,'.repeat(10_000),
    ])
      assert.throws(
        () => parseSchedule(text),
        { code: 'jobs.malformed' },
        JSON.stringify(text).slice(0, 60),
      )
  })

  it('holds at its minutes and at no other', () => {
    const night = parseSchedule('Sat 02:00-04:00 UTC')
    assert.ok(isScheduled(night, at(21, 2)))
    assert.ok(isScheduled(night, at(21, 4)))
    assert.ok(!isScheduled(night, at(21, 4) + 1))
    assert.ok(!isScheduled(night, at(21, 2) - 1))
    assert.ok(isScheduled(night, at(21, 2) - 1, MINUTE))
    assert.ok(!isScheduled(night, at(20, 3)))
    assert.ok(!isScheduled(night, at(22, 3)))
  })

  it('goes over midnight and over the end of the week', () => {
    const late = parseSchedule('Sun 22:00-01:30')
    assert.ok(isScheduled(late, at(22, 23)))
    assert.ok(isScheduled(late, at(23, 1, 30)), 'early on Monday')
    assert.ok(!isScheduled(late, at(23, 22)))
    assert.ok(!isScheduled(late, at(22, 1)), 'early on Sunday')
    const midnight = parseSchedule('Mon 00:00-01:00')
    assert.ok(isScheduled(midnight, at(22, 23, 50), 15 * MINUTE), 'slack before midnight')
    const day = parseSchedule('Sat 00:00-24:00')
    assert.ok(isScheduled(day, at(21, 23, 59)))
    assert.ok(!isScheduled(day, at(22, 0, 1)))
  })
})

describe('a job', () => {
  it('is what its events say, of the server alone', async () => {
    const job = declareJob(PLAN, at(20, 9))
    const other = declareJob({ ...PLAN, actor: 'svc-b' }, at(20, 9))
    assert.notEqual(job.id, other.id)
    const said = (action: 'declare' | 'remove', one: typeof job, timeMs: number, via = 'tocsin') =>
      sealedEvent({ ...jobEvent(action, one, { by: ANNA, timeMs }), id: String(timeMs) }, { via })
    const events = [
      said('declare', job, at(20, 9)),
      said('declare', other, at(20, 10)),
      said('remove', other, at(20, 11), 'http'),
    ]
    assert.equal(parseJob(events[2] ?? said('remove', other, 1, 'http')), null)
    const listed = await readJobs(memoryIndex(events))
    assert.deepEqual(
      listed.map(one => [one.id, one.by]),
      [
        [job.id, 'anna@corp.example'],
        [other.id, 'anna@corp.example'],
      ],
    )
    const later = [...events, said('remove', job, at(20, 12))]
    assert.deepEqual(
      (await readJobs(memoryIndex(later))).map(({ id }) => id),
      [other.id],
    )
    assert.deepEqual(
      (await readJobs(memoryIndex([...later, said('declare', job, at(20, 13))]))).length,
      2,
    )
  })

  it('is refused without names, or with names that no event has', () => {
    for (const bad of [
      { actor: '' },
      { resource: '' },
      { actor: 'x'.repeat(1025) },
      { schedule: 'x' },
    ])
      assert.throws(() => declareJob({ ...PLAN, ...bad }, 1), { code: 'jobs.malformed' })
  })
})
