import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FIELDS } from '../event/event.ts'
import { COMPLETIONS_MAX, completions, parseDraft, QUERY_BYTES_MAX } from './query.ts'

/** Completions at the `|` of the text. */
function at(marked: string) {
  const cursor = marked.indexOf('|')
  return completions(marked.replace('|', ''), cursor, FIELDS)
}

function inserts(marked: string): readonly string[] {
  return at(marked).items.map(item => item.insert)
}

/** The text after the first item was chosen. */
function chosen(marked: string): string {
  const text = marked.replace('|', '')
  const { span, items } = at(marked)
  return text.slice(0, span.start) + (items[0]?.insert ?? '') + text.slice(span.end)
}

describe('completions', () => {
  it('offer fields whose name begins so first, with type and meaning', () => {
    const { items, field } = at('actor.i|')
    assert.deepEqual(items, [
      {
        kind: 'field',
        label: 'actor.id',
        insert: 'actor.id:',
        detail: 'text · The principal that acted',
      },
    ])
    assert.equal(field, null)
    assert.deepEqual(inserts('user_|'), ['actor.id:'])
    assert.equal(inserts('served|')[0], 'model.served:')
    assert.deepEqual(inserts('zz|'), [])
  })

  it('offer the operators that a whole name can have', () => {
    assert.deepEqual(inserts('status|'), ['status:', 'status>=', 'status<=', 'status>', 'status<'])
    assert.equal(inserts('tool.name|')[0], 'tool.name:')
    assert.ok(!inserts('tool.name|').includes('tool.name>'))
  })

  it('offer values where a value stands, and name the field for values from events', () => {
    const all = ['success', 'failure', 'denied', 'unknown', '*']
    assert.deepEqual(inserts('outcome:|'), all)
    assert.deepEqual(inserts('status:1 outcome: |'), all)
    assert.deepEqual(inserts('outcome:(denied or |)'), all)
    assert.deepEqual(inserts('outcome:F|'), ['failure'])
    assert.deepEqual(inserts('actor.type:"hu|'), ['human'])
    assert.deepEqual(inserts('aborted:|'), ['true', 'false', '*'])
    assert.deepEqual(inserts('time>now-2|'), ['now-24h'])
    assert.equal(at('user_id:ali|').field, 'actor.id')
    assert.equal(at('nosuch:|').field, null)
  })

  it('offer no value outside', () => {
    for (const text of [
      'outcome:denied |',
      'outcome:(denied) |',
      '|outcome:denied',
      'outcom|e:x',
    ]) {
      assert.equal(at(text).field, null, text)
    }
  })

  it('offer words that join where a clause has ended', () => {
    assert.deepEqual(inserts('outcome:denied |').slice(0, 3), ['and ', 'or ', 'not '])
    assert.ok(!inserts('|').includes('and '))
    assert.ok(!inserts('a and |').includes('or '))
    assert.ok(inserts('(n|').includes('not '))
  })

  it('replace what the cursor touches, and no more', () => {
    assert.equal(chosen('a outc|'), 'a outcome:')
    assert.equal(chosen('-outc| x'), '-outcome: x')
    assert.equal(chosen('outc|me:denied x'), 'outcome:denied x')
    assert.equal(chosen('outcome:(success or den|)'), 'outcome:(success or denied)')
    assert.equal(chosen('actor.type:"hu|man"'), 'actor.type:human')
  })

  it('offer nothing inside a phrase', () => assert.deepEqual(inserts('"act|"'), []))

  it('never fail, stay few and stay in the text', () => {
    const piece = fc.constantFrom('(', ')', '"', '\\', ':', '>=', ' ', '-', 'or', 'outcome', 'sta')
    const text = fc.oneof(
      fc.string(),
      fc.array(piece).map(parts => parts.join('')),
    )
    fc.assert(
      fc.property(text, fc.integer({ min: -2, max: 60 }), (typed, cursor) => {
        const { span, items } = completions(typed, cursor, FIELDS)
        assert.ok(0 <= span.start && span.start <= span.end && span.end <= typed.length)
        assert.ok(items.length <= COMPLETIONS_MAX)
      }),
    )
    assert.deepEqual(completions('a'.repeat(QUERY_BYTES_MAX + 1), 1, FIELDS).items, [])
    assert.deepEqual(completions('\ud800', 1, FIELDS).items, [])
  })

  it('lead to text that can be read, if a value follows', () => {
    for (const { insert, kind } of at('a |').items) {
      if (kind !== 'field') continue
      assert.deepEqual(parseDraft(`a ${insert}1`).problems, [])
    }
  })
})
