import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FIELDS } from '../event/event.ts'
import {
  type Checked,
  compilePredicate,
  EXPLAINED_CLAUSES_MAX,
  type ExplainedClause,
  explainQuery,
  readQuery,
} from './query.ts'

const NOW = Date.UTC(2026, 10, 24)

const explained = (text: string): readonly ExplainedClause[] =>
  explainQuery(text, readQuery(text, FIELDS, NOW))

const EVENTS = Array.from({ length: 60 }, (_, i) => ({
  kind: i % 2 ? 'ai.invoke' : 'data.read',
  outcome: i % 3 ? 'success' : 'denied',
  status: 200 + i,
  actor: { id: `a${i % 4}` },
  ...(i % 5 ? { resource: [{ id: 'x' }, { id: `r${i % 7}` }] } : {}),
}))

const found = (question: Checked) => EVENTS.filter(compilePredicate(question)).length

describe('explaining a question', () => {
  it('gives the parts that must all hold, with their places', () => {
    const text = 'outcome:denied  status>240 (kind:a* or b) -actor.id:a1'
    assert.deepEqual(
      explained(text).map(clause => clause.text),
      ['outcome:denied', 'status>240', '(kind:a* or b)', '-actor.id:a1'],
    )
    for (const { span, text: part } of explained(text)) {
      assert.equal(text.slice(span.start, span.end), part)
    }
  })

  it('takes a question that is one part as one, and everything as nothing to remove', () => {
    for (const text of ['outcome:denied or status>240', 'not (a b)', 'x']) {
      assert.deepEqual(
        explained(text).map(clause => [clause.text, clause.without]),
        [[text, { kind: 'all' }]],
      )
    }
    assert.deepEqual(explained('').length, 1)
  })

  it('names the part without which there would be something', () => {
    const clauses = explained('outcome:denied kind:nope actor.id:a0')
    assert.deepEqual(
      clauses.map(({ without }) => found(without) > 0),
      [false, true, false],
    )
  })

  it('shows a page of parts at most, and leaves nothing out', () => {
    const text = Array.from({ length: 500 }, (_, i) => `-status:${i}`).join(' ')
    const clauses = explained(text)
    assert.equal(clauses.length, EXPLAINED_CLAUSES_MAX)
    assert.ok(clauses.at(-1)?.text.startsWith('-status:31 '))
    assert.ok(clauses.at(-1)?.text.endsWith('-status:499'))
    assert.equal(found(readQuery(text, FIELDS, NOW)), 0)
    assert.equal(
      EVENTS.filter(event => clauses.every(c => compilePredicate(c.alone)(event))).length,
      0,
    )
  })

  it('has parts that make the question together, and each without the others', () => {
    const part = fc.constantFrom(
      'outcome:denied',
      'status>=230',
      '-kind:ai.*',
      'actor.id:(a0 or a3)',
      'resource.id:*',
      'not resource.id:r1',
      'x',
      'kind:nope',
    )
    const joined = fc.array(part, { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(joined, parts => {
        const text = parts.join(' ')
        const clauses = explained(text)
        const all = (skipped: number | null) =>
          EVENTS.filter(e => clauses.every((c, i) => i === skipped || compilePredicate(c.alone)(e)))
        assert.equal(all(null).length, found(readQuery(text, FIELDS, NOW)))
        for (const [i, { alone, without }] of clauses.entries()) {
          assert.equal(found(without), all(i).length)
          assert.equal(found(alone), found(readQuery(parts[i] ?? '', FIELDS, NOW)))
        }
      }),
    )
  })
})
