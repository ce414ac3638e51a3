import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FIELD_BY_NAME } from '@tocsin/sdk/event'
import { AUDIT_FIELDS } from './audit-ready.ts'
import { type CaptureReport, explainLines, renderReport } from './explain.ts'
import { findFormat, type LineFormat } from './formats/formats.ts'

const CONFIG = { nowMs: Date.UTC(2026, 10, 24, 12), source: 'test' }
const CLF =
  '1.2.3.4 - - [24/Nov/2026:04:03:56 +0000] "POST /v1/chat/completions HTTP/1.1" 200 5 "-" "curl"'
const FULL = JSON.stringify({
  kind: 'ai.invoke',
  time: 1795493036530,
  outcome: 'success',
  actor: { type: 'human', id: 'ann', session: 's', credential: 'k' },
  operation: 'chat',
  requestId: 'r',
  model: { served: 'm', version: '1' },
  resource: [{ type: 'index', id: 'docs' }],
  source: { ip: '1.2.3.4', userAgent: 'x' },
  endpoint: 'POST /v1/chat/completions',
  status: 200,
  durationMs: 5,
  bytes: { in: 1, out: 2 },
  inputHash: 'ab'.repeat(32),
})

function explain(format: string, ...lines: readonly string[]): CaptureReport {
  return explainLines(lines, formatOf(format), CONFIG)
}

function formatOf(name: string): LineFormat {
  return findFormat(name) ?? assert.fail(name)
}

describe('explainLines', () => {
  it('shows field by field what was understood, and from what', () => {
    const [sample] = explain('combined', CLF).samples
    assert.equal(sample?.kind, 'event')
    if (sample?.kind !== 'event') return
    const fields = new Map(sample.fields.map(f => [f.path, f]))
    assert.deepEqual(fields.get('endpoint'), {
      path: 'endpoint',
      value: 'POST /v1/chat/completions',
      from: 'request ($request, %r)',
    })
    assert.equal(fields.get('source.ip')?.from, 'client ($remote_addr, %h)')
    assert.equal(fields.get('protocol')?.from, null)
    assert.ok(sample.missing.includes('inputHash'))
  })

  it('counts lines, kinds, refusals and notes, and passes over blank lines', () => {
    const report = explain(
      'combined',
      CLF,
      '',
      'garbage',
      CLF.replace('POST /v1/chat/completions', 'quit'),
    )
    assert.deepEqual([report.lines, report.understood, report.refused], [3, 2, 1])
    assert.deepEqual(report.kinds, { 'ai.invoke': 1, 'http.request': 1 })
    assert.deepEqual(report.notes, { 'the request is not HTTP': 1 })
    assert.equal(Object.values(report.refusals)[0], 1)
    const refused = report.samples.find(s => s.kind === 'refused')
    assert.equal(refused?.line, 3)
  })

  it('names the questions that stay open, those of AI systems only for AI accesses', () => {
    const ai = explain('combined', CLF).open
    const web = explain('combined', CLF.replace('/v1/chat/completions', '/login')).open
    assert.ok(ai.some(q => q.field === 'model.version' && q.asker === 'auditor'))
    assert.ok(!web.some(q => q.field === 'model.version'))
    assert.ok(web.some(q => q.field === 'actor.id' && q.unanswered === 1 && q.of === 1))
    assert.deepEqual(new Set(ai.map(q => q.asker)), new Set(['devops', 'analyst', 'auditor']))
  })

  it('finds nothing to ask for in a complete event', () => {
    const report = explain('jsonl', FULL)
    assert.deepEqual(report.open, [])
    assert.match(renderReport(report), /Audit-ready: every question has its field\./)
    const [sample] = report.samples
    const fields = sample?.kind === 'event' ? sample.fields : []
    assert.deepEqual(
      fields.filter(f => f.path.startsWith('resource')),
      [
        { path: 'resource.type', value: ['index'], from: 'resource' },
        { path: 'resource.id', value: ['docs'], from: 'resource' },
      ],
    )
    assert.ok(fields.every(f => f.from !== null))
  })

  it('stays small whatever the sample', () => {
    const lines = Array.from({ length: 500 }, (_, i) => `{"kind":"k${i}"}`)
    const report = explainLines(lines, formatOf('jsonl'), CONFIG)
    assert.equal(report.refused, 500)
    assert.ok(report.samples.length <= 5)
    assert.ok(Object.keys(report.refusals).length <= 51)
  })
})

describe('renderReport', () => {
  it('is text for people, with the same content', () => {
    const text = renderReport(explain('combined', CLF, 'garbage'))
    assert.match(text, /^Format combined: 1 of 2 lines understood \(1 ai\.invoke\)/)
    assert.match(text, /endpoint +POST \/v1\/chat\/completions +from request/)
    assert.match(text, /Line 2: refused, line\.malformed/)
    assert.match(text, /auditor: Which version of the model decided on that day\?/)
    assert.match(text, /→ Let the model server answer with its version/)
  })

  it('shows control and bidi characters instead of obeying them', () => {
    const line = JSON.stringify({ ...JSON.parse(FULL), operation: '\u001b[2J\u202egnp\u0007' })
    const text = renderReport(explain('jsonl', line))
    assert.ok(!/[\u001b\u202e\u0007]/.test(text))
    assert.match(text, /\\u\{1b\}\[2J\\u\{202e\}gnp\\u\{7\}/)
  })

  it('says little about nothing', () => {
    assert.equal(renderReport(explain('jsonl')), 'Format jsonl: 0 of 0 lines understood\n')
  })
})

describe('AUDIT_FIELDS', () => {
  it('asks for fields that exist, and every asker asks', () => {
    for (const { path, questions, remedy } of AUDIT_FIELDS) {
      assert.ok(FIELD_BY_NAME.has(path), path)
      assert.ok(questions.length > 0)
      assert.match(remedy, /\.$/)
    }
    const askers = new Set(AUDIT_FIELDS.flatMap(f => f.questions.map(q => q.asker)))
    assert.equal(askers.size, 3)
  })
})
