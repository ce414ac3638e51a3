// An alert on a terminal: what must be in it, parts that add up as they are shown, and nothing that
// an event can do to the terminal of whoever reads it.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Finding } from '@tocsin/detect/finding'
import { assessRisk } from '@tocsin/detect/risk'
import { type AlertDetail, headOf } from '../watch/watch.ts'
import { printAlert } from './alerts.ts'
import { shellWord, tenths, wrap } from './say-plain.ts'

const START = Date.UTC(2026, 10, 21, 20, 14)
const ID = '3f2a91c4'.padEnd(32, '0')

function finding(n: number, more: Partial<Finding> = {}): Finding {
  const entity = { type: 'actor', id: 'svc-feast-nightly' } as const
  const timeMs = START + n * 60_000
  return {
    id: String(n).padStart(32, '0'),
    rule: `rule-${n}`,
    title: `Title ${n}`,
    detector: 'baseline_ratio',
    level: 'high',
    tags: [],
    entity,
    timeMs,
    startMs: timeMs - 120_000,
    score: 60 + n,
    confidence: 0.4,
    p: 0.0001,
    expected: 4000,
    seen: 48_000,
    sentence: 'svc-feast-nightly read 48,000 rows in 2 h, 12 × what is usual on Saturday at 20:00',
    features: [{ name: 'rows in 2 h', expected: 4000, seen: 48_000, part: 60 }],
    eventIds: ['00000000-0000-7000-8000-000000000001'],
    eventCount: 40,
    learning: { days: 12.4, of: 30 },
    actor: { id: entity.id, type: 'service', verified: 'key', session: null, credential: null },
    ...more,
  }
}

function alertOf(findings: readonly Finding[], more: Partial<AlertDetail> = {}): AlertDetail {
  const risk = assessRisk(findings, 0)
  const [first] = findings
  assert.ok(first)
  return {
    id: ID,
    entity: first.entity,
    startMs: first.timeMs,
    openedMs: first.timeMs,
    lastMs: findings.at(-1)?.timeMs ?? 0,
    score: risk.score,
    threshold: 20,
    state: 'open',
    disposition: null,
    cause: null,
    assignee: null,
    suppressed: null,
    ...headOf(findings),
    findings,
    history: [],
    risk,
    ...more,
  }
}

describe('an alert on a terminal', () => {
  it('says who did what, what was expected, how it counts, and what to do', () => {
    const text = printAlert(alertOf([finding(0), finding(1), finding(2)]), 100)
    for (const part of [
      /^Alert 3f2a91c4 {2}open {2}actor svc-feast-nightly\n/,
      /Sat 2026-11-21 20:14:00 to 20:16:00 UTC/,
      /svc-feast-nightly read 48,000 rows in 2 h, 12 × what is usual on Saturday at 20:00/,
      /expected\s+seen\n\s+rows in 2 h\s+4,000\s+48,000/,
      /once in 10,000/,
      /Still learning: 12 of 30 days; counts 40 %/,
      /Events behind it: 40\n/,
      /\n {2}tocsin events search actor\.id:svc-feast-nightly --from 2026-11-21T/,
      /tocsin investigate 3f2a91c4\n/,
      /tocsin alerts resolve 3f2a91c4 --as true --cause threat\n/,
    ])
      assert.match(text, part)
    for (const line of text.split('\n')) {
      const isCommand = line.startsWith('  tocsin ')
      assert.ok(isCommand || line.length <= 100, `${line.length}: ${line}`)
    }
  })

  it('shows points that add up to the score shown, and those that count no more as such', () => {
    const twice = finding(3, { rule: 'rule-2', score: 10 })
    const best = [finding(0), finding(1), finding(2)]
    const alert = alertOf([...best, twice], { risk: assessRisk(best, 0) })
    const text = printAlert(alert, 100)
    const points = [...text.matchAll(/high\s+(\d+\.\d|·)/g)].map(match => match[1])
    assert.equal(points.length, 4)
    assert.equal(points[3], '·')
    const sum = points.slice(0, 3).reduce((total, one) => total + Number(one), 0)
    const [, score] = /score\s+(\d+\.\d)/.exec(text) ?? []
    assert.equal(sum.toFixed(1), score)
  })

  it('says what people said, and how to take it back', () => {
    const said = {
      alertId: ID,
      entity: { type: 'actor', id: 'x' },
      revision: 1,
      action: 'true',
      cause: 'threat',
      prevented: { rows: 48_000, costMicros: 12_500_000 },
      note: 'key\u001b[31m revoked',
      assignee: null,
      undoes: null,
      batch: null,
      by: 'anna@corp.example',
      timeMs: START,
      eventId: '',
    } as const
    const more = { state: 'resolved', disposition: 'true', history: [said] } as const
    const text = printAlert(alertOf([finding(0)], more), 100)
    assert.match(text, /resolved as true/)
    assert.match(
      text.replaceAll(/\n\s+/g, ' '),
      /anna@corp\.example: true \(threat\), 48,000 rows prevented, cost of 12\.5 prevented: key\\u/,
    )
    assert.match(text, /tocsin alerts reopen 3f2a91c4\n/)
    assert.doesNotMatch(text, /--as true/)
  })

  it('obeys nothing that stands in an id, a title or a sentence, and stays short', () => {
    const evil = `\u001b[2J\u0007\u202e\n\r${'A'.repeat(10_000)}'; rm -rf /`
    const entity = { type: 'actor', id: evil } as const
    const features = [{ name: evil, expected: evil, seen: evil, part: 1 }]
    const bad = finding(0, { entity, features, title: evil, sentence: `${evil} did`, seen: evil })
    const more = { sentence: `${evil} did`, title: evil }
    for (const width of [20, 80, Number.POSITIVE_INFINITY]) {
      const text = printAlert(alertOf([bad], more), width)
      assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f\u202e]/)
      assert.ok(text.length < 3000, String(text.length))
      const commands = text.split('\n').filter(line => line.startsWith('  tocsin '))
      assert.ok(commands.length >= 4)
      for (const command of commands) assert.match(command, /^[\w .:-]+$/, 'no id that long')
    }
  })

  it('says what was done about it, and how to undo what is in force', () => {
    const done = { decision: 'throttle', until: START, reason: 'read\u001b a lot' }
    const decisions = [
      { ...done, id: 'd_1', state: 'in_force' },
      { ...done, id: 'd_2', state: 'dry_run' },
    ]
    const text = printAlert({ ...alertOf([finding(0)]), decisions }, 100)
    assert.match(text, /throttle \(in force\) until Sat 2026-11-21 20:14:00: read\\u\{1b\} a lot/)
    assert.match(text, /tocsin responses undo d_1\n/)
    assert.doesNotMatch(text, /undo d_2/)
  })

  it('prints one without any finding, as a store that is being filled may have', () => {
    const empty = { ...alertOf([finding(0)]), findings: [], risk: assessRisk([], 0) }
    assert.match(printAlert(empty, 80), /score {2,}0\.0/)
  })
})

describe('words on a terminal', () => {
  it('tenths add up to the tenth of the total, whatever is rounded', () => {
    for (let n = 1; n < 60; n++) {
      const parts = Array.from({ length: n }, (_, i) => 100 / 3 / (i + 1) ** 1.5)
      const total = parts.reduce((sum, part) => sum + part, 0)
      const sum = tenths(parts, total).reduce((all, text) => all + Number(text), 0)
      assert.equal(sum.toFixed(1), total.toFixed(1))
    }
    assert.deepEqual(tenths([], 0), [])
  })

  it('a word for the shell is one word, with nothing in it that the shell obeys', () => {
    assert.equal(shellWord('svc-a@corp'), 'svc-a@corp')
    assert.equal(shellWord('$(reboot)'), "'$(reboot)'")
    assert.equal(shellWord("it's; ls"), "'it'\\''s; ls'")
    assert.equal(shellWord('a\u0000b'), "'a\\u{0}b'")
    assert.equal(shellWord(''), "''")
  })

  it('wrapped lines are no longer than asked for', () => {
    const text = wrap(`${'word '.repeat(50)}${'x'.repeat(500)} end`, 60, '    ')
    for (const line of text.split('\n')) assert.ok(line.length <= 60)
    assert.match(text, /end\n$/)
  })
})
