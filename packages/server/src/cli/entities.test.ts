// An entity and an investigation on a terminal: what must be in them, the hour of now in the week,
// and nothing that an event can do to the terminal of whoever reads it.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assessRisk } from '@tocsin/detect/risk'
import { type EntityPage, printEntity, printWeek } from './entities.ts'
import { type Answer, printInvestigation } from './investigate.ts'

/** A Saturday, 20:14 UTC. */
const NOW = Date.UTC(2026, 10, 21, 20, 14)
const HOUR = 3_600_000
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f\u202e]/
const EVIL = `\u001b[2J\u0007\u202e\r\n'; rm -rf / #${'A'.repeat(10_000)}`

/** At work at two every night. */
const hourOfWeek = Array.from({ length: 168 }, (_, hour) => (hour % 24 === 2 ? 4000 : 0))

function pageOf(id: string): EntityPage {
  const seen = { requests: 3, firstMs: NOW - HOUR, lastMs: NOW }
  const findings = [1, 2, 3].map(n => ({
    id: String(n).padStart(32, '0'),
    rule: `rule-${n}`,
    detector: 'match',
    title: id.length > 100 ? id : `Title ${n}`,
    timeMs: NOW - n * HOUR,
    score: 30 + n,
  }))
  return {
    entity: { type: 'actor', id },
    identity: {
      proofs: [{ values: ['service', 'none', id], ...seen }],
      groups: [{ values: [id], ...seen }],
      credentials: Array.from({ length: 7 }, (_, i) => ({ values: [`key-${i}`], ...seen })),
      countries: [{ values: ['BR', id], ...seen }],
      sessions: [],
      addresses: [{ values: ['10.0.0.1', null, id], ...seen }],
    },
    activity: {
      firstMs: NOW - 30 * 24 * HOUR,
      newestMs: NOW,
      events: 12_345,
      cohort: 'service',
      frozenMs: NOW + 20 * HOUR,
    },
    learning: { days: 12.7, of: 30 },
    baselines: [
      {
        rule: 'read-spike',
        group: id.length > 100 ? id : '',
        now: 48_000,
        expected: 4000,
        learning: { days: 12.7, of: 30 },
        hourOfWeek,
        firstSeen: [{ value: id, timeMs: NOW }],
      },
    ],
    risk: assessRisk(findings, NOW, 'high'),
    findings: [],
    alerts: [],
    decisions: [
      { id: 'd_1', decision: 'throttle', state: 'dry_run', until: NOW + HOUR, reason: id },
    ],
    nowMs: NOW,
  }
}

describe('an entity on a terminal', () => {
  it('says who it is, what it does now, and how its score comes about', () => {
    const text = printEntity(pageOf('svc-a'), 100)
    for (const part of [
      /^actor svc-a {2}risk \d+\.\d of 100 \(\w+\)\n/,
      /who: service, not proved, claims to be svc-a/,
      /credentials: key-0; key-1; key-2; key-3 and 3 more/,
      /learning: 12 of 30 days/,
      /under suspicion: learns nothing for 20 h more/,
      /read-spike\s+48,000\s+4,000/,
      /throttle \(dry run: nothing is enforced\) for 60 min more/,
      /tocsin investigate actor:svc-a\n/,
    ])
      assert.match(text, part)
    const points = [...text.matchAll(/(?:Title \d|criticality high)\s+(-?\d+\.\d)/g)].map(m => m[1])
    assert.equal(points.length, 4)
    const sum = points.reduce((all, one) => all + Number(one), 0)
    assert.equal(sum.toFixed(1), /score\s+(\d+\.\d)/.exec(text)?.[1])
  })

  it('marks the hour of now in the week, also the first and the last', () => {
    const cells = (nowMs: number) => {
      const text = printWeek({ baselines: pageOf('a').baselines, nowMs })
      return text.split('\n').filter(line => /^ {2}(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(line))
    }
    const saturday = cells(NOW)
    assert.equal(saturday.length, 7)
    assert.ok(
      saturday.every(line => line[11] === '█'),
      'two at night, every day',
    )
    assert.equal(
      saturday.findIndex(line => line.includes('[')),
      5,
    )
    // Cells are two wide, behind the name of the day.
    assert.equal(saturday[5]?.indexOf('['), 6 + 2 * 20)
    const last = cells(Date.UTC(2026, 10, 22, 23, 59))
    assert.match(last[6] ?? '', /\[·\]$/)
    const first = cells(Date.UTC(2026, 10, 23, 0, 0))
    assert.match(first[0] ?? '', /^ {2}Mon \[·\]· █|^ {2}Mon \[·\]·/)
    assert.equal(
      first.slice(1).findIndex(line => line.includes('[')),
      -1,
    )
  })

  it('draws no week where nothing is known of it', () => {
    assert.equal(printWeek({ baselines: [], nowMs: NOW }), '')
    const [baseline] = pageOf('a').baselines
    assert.ok(baseline)
    for (const week of [[], Array(168).fill(0), [1, 2, 3]])
      assert.equal(printWeek({ baselines: [{ ...baseline, hourOfWeek: week }], nowMs: NOW }), '')
  })

  it('obeys nothing in names and values, and stays short', () => {
    for (const width of [20, 80, Number.POSITIVE_INFINITY]) {
      const text = printEntity(pageOf(EVIL), width)
      assert.doesNotMatch(text, CONTROL)
      assert.ok(text.length < 8000, String(text.length))
      assert.doesNotMatch(text, /tocsin [\w ]+'/, 'a command holds no id that long')
    }
  })
})

function answerOf(id: string): Answer {
  const run = {
    fromMs: NOW,
    toMs: NOW + 60_000,
    kind: 'data.read',
    operation: id,
    target: id,
    outcome: 'success',
    source: '10.0.0.1',
    count: 40,
    rows: 48_000,
    bytesOut: 1_200_000,
    found: 7,
    firstId: '',
  }
  const path = {
    human: 'zoe',
    actor: id,
    actorType: 'service',
    verified: 'none',
    claimed: id,
    credential: id,
    session: '',
    agent: '',
    tool: '',
    model: '',
    target: id,
    source: '10.0.0.1',
    count: 40,
    rows: 48_000,
    bytesOut: 1_200_000,
    found: 7,
  }
  const use = { actor: id, address: '10.0.0.1', program: id, requests: 3 }
  const job = {
    id: 'j_1',
    actor: id,
    resource: null,
    schedule: 'Sat 02:00-04:00 UTC',
    maxRows: 10,
    untilMs: null,
    by: id,
    declaredMs: NOW,
  }
  return {
    alertId: 'a'.repeat(32),
    entity: { type: 'actor', id },
    actor: id,
    fromMs: NOW,
    toMs: NOW + HOUR,
    reading: 'insider or misuse',
    readings: [
      { name: 'insider or misuse', points: 2, reasons: [{ points: 2, text: `to ${id}` }] },
    ],
    notes: [id],
    chain: [path],
    before: [{ ...run, found: 0, fromMs: NOW - HOUR }],
    during: Array.from({ length: 30 }, (_, i) => ({
      ...run,
      fromMs: NOW + i,
      found: i === 3 ? 1 : 0,
    })),
    after: [],
    isCut: true,
    elsewhere: [
      {
        kind: 'credential',
        value: id,
        uses: [{ ...use, firstMs: NOW, lastMs: NOW, isNew: true, isMeanwhile: true }],
      },
    ],
    sessions: [{ session: id, address: '10.0.0.1', requests: 1, firstMs: NOW, lastMs: NOW }],
    habit: {
      kind: 'daily',
      days: 27,
      weeks: 4,
      usual: { requests: 10, bytesOut: 1000 },
      now: { requests: 40, bytesOut: 4000 },
    },
    jobs: [{ job, isTime: true, isResource: true, rows: { seen: 20, most: 10 }, isOver: true }],
    changes: [
      { timeMs: NOW, by: id, kind: 'model.change', operation: id, target: id, isRelated: true },
    ],
    decisions: [{ decision: 'throttle', since: NOW, state: 'in_force', reason: id }],
    complete: true,
  }
}

describe('an investigation on a terminal', () => {
  it('says what it reads like and why, the chain, the time line, and what was done', () => {
    const text = printInvestigation(answerOf('svc-a'), 110)
    for (const part of [
      /Reads like: insider or misuse\n {2}insider or misuse \+2\n {4}\+2 to svc-a/,
      /zoe → svc-a \(service, not proved, claims to be svc-a\)/,
      /→ key svc-a → svc-a from 10\.0\.0\.1/,
      /40 times, 48,000 rows, 1\.2 MB, 7 of them in a finding/,
      /●\s+20:14:00/,
      /14 further lines are in --json/,
      /There were more events/,
      /20:14:00 throttle \(in force\): svc-a/,
      /Same credential svc-a/,
      /27 of 28 days before/,
      /j_1 \(Sat 02:00-04:00 UTC, 20 of at most 10 rows\): fits, but for less/,
      /tocsin alerts resolve aaaaaaaa --as benign --cause batch_job/,
    ])
      assert.match(text.replaceAll(/\n\s+(?=from|7 of|rows|MB|in a)/g, ' '), part)
    assert.equal(
      text.match(/│\s/g)?.length,
      1 + 15,
      'one in the heading, the run of the finding is ●',
    )
  })

  it('obeys nothing in names, and stays short', () => {
    for (const width of [20, 80, Number.POSITIVE_INFINITY]) {
      const text = printInvestigation(answerOf(EVIL), width)
      assert.doesNotMatch(text, CONTROL)
      assert.ok(text.length < 40_000, String(text.length))
    }
  })

  it('of nobody and nothing is short', () => {
    const empty = {
      ...answerOf('x'),
      actor: null,
      reading: 'unclear',
      readings: [],
      chain: [],
      before: [],
      during: [],
      elsewhere: [],
      sessions: [],
      habit: null,
      jobs: [],
      changes: [],
      decisions: [],
      notes: ['no account is known behind it'],
    } as const
    const text = printInvestigation(empty, 80)
    assert.match(text, /Reads like: unclear/)
    assert.match(text, /no account is known behind it/)
    assert.doesNotMatch(text, /Chain|Time line|Same|jobs declare/)
  })
})
