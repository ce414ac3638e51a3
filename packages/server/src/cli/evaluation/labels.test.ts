import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TocsinError } from '@tocsin/sdk/errors'
import { isLookAlike, parseLabels, readLabels } from './labels.ts'

const LABEL = {
  campaign: 'theft',
  kind: 'T0025',
  strength: 0.5,
  entities: ['svc-a'],
  eventIds: ['AB'],
  start: 1_790_000_000_000,
  end: 1_790_000_000_000,
}

function refused(value: unknown): string {
  try {
    parseLabels(`${JSON.stringify(LABEL)}\n\n${JSON.stringify(value)}`, 'l.jsonl')
  } catch (error) {
    assert.ok(error instanceof TocsinError)
    assert.equal(error.code, 'cli.usage')
    return error.message
  }
  return assert.fail('it was taken for a label')
}

test('what is no label is refused with its line', () => {
  for (const [value, why] of [
    [7, /^line 3 of l\.jsonl is not an object/],
    [[LABEL], /is not an object/],
    [{ ...LABEL, campaign: '' }, /no `campaign`/],
    [{ ...LABEL, kind: undefined }, /no `kind`/],
    [{ ...LABEL, kind: 7 }, /`kind` that is not text/],
    [{ ...LABEL, strength: 'much' }, /`strength` that is not a number/],
    [{ ...LABEL, entities: 'svc-a' }, /no list of texts `entities`/],
    [{ ...LABEL, entities: ['svc-a', 1] }, /no list of texts `entities`/],
    [{ ...LABEL, entities: [] }, /names no `entities`/],
    [{ ...LABEL, start: 1_790_000_000 }, /`start` that is neither milliseconds/],
    [{ ...LABEL, end: 'tomorrow' }, /`end` that is neither milliseconds/],
    [{ ...LABEL, end: LABEL.start - 1 }, /ends before it starts/],
    [{ ...LABEL, start: undefined, eventIds: [] }, /neither `start` and `end` nor `eventIds`/],
    [{ kind: 'ai.invoke', time: 1, outcome: 'success' }, /no `campaign`/],
  ] as const) {
    assert.match(refused(value), why)
  }
  assert.throws(() => parseLabels('{"campaign":', 'x'), /line 1 of x is not JSON/)
  assert.throws(() => parseLabels('[{}, 3', 'x'), /x is not JSON/)
  assert.throws(() => parseLabels(`[${JSON.stringify(LABEL)}, 3]`, 'x'), /label 2 of x is not an/)
})

test('lines and an array say the same; unknown members are passed over', () => {
  const more = { ...LABEL, note: 'by hand', start: '2026-11-21T02:00:00Z', end: null }
  const lines = parseLabels(`${JSON.stringify(LABEL)}\r\n${JSON.stringify(more)}\n`, 'x')
  assert.deepEqual(parseLabels(JSON.stringify([LABEL, more], null, 2), 'x'), lines)
  assert.equal(lines[1]?.start, Date.UTC(2026, 10, 21, 2))
  assert.equal(lines[1]?.end, null)
  assert.deepEqual(lines[0]?.eventIds, ['ab'])
})

test('a look-alike is what is named so or has no kind', () => {
  assert.equal(isLookAlike({ campaign: 'benign:x', kind: 'T0025' }), true)
  assert.equal(isLookAlike({ campaign: 'x', kind: '' }), true)
  assert.equal(isLookAlike({ campaign: 'x', kind: 'T0025' }), false)
})

test('a missing file is named', () => {
  assert.throws(
    () => readLabels('/nowhere/labels.jsonl'),
    error => error instanceof TocsinError && error.code === 'cli.not_found',
  )
})
