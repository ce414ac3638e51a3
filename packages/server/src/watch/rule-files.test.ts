import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { readCasesOf, runCase } from './rule-cases.ts'
import { readRuleDirectories, readRulesOf } from './rule-files.ts'
import { parseYaml, YAML_BYTES_MAX } from './yaml-file.ts'

const root = mkdtempSync(join(tmpdir(), 'tocsin-rules-'))
after(() => rmSync(root, { recursive: true }))
let made = 0

/** A directory with these files. */
function directory(files: { readonly [name: string]: string }): string {
  const path = join(root, String(++made))
  mkdirSync(path)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

function texts(path: string): readonly string[] {
  return readRuleDirectories([path]).problems.map(({ text }) => text.replace(`${path}/`, ''))
}

const GOOD = `title: A read
logsource: { product: tocsin }
detection:
  read:
    kind: data.read
  condition: read
`
const COUNT = `title: Many reads
correlation:
  type: event_count
  rules: [good]
  group-by: [actor.id]
  timespan: 10m
  condition: { gt: 2 }
`

describe('rule files', () => {
  it('say where a mistake stands, and the other rules run', () => {
    const path = directory({
      'good.yml': GOOD,
      'many.yml': COUNT,
      'bad.yml': GOOD.replace('data.read', 'data.raed').replace(
        'title: A read',
        'title: A read\nlevl: low',
      ),
      'torn.yml': 'title: "A read\nlogsource: {',
      'dangling.yml': COUNT.replace('[good]', '[goood]'),
    })
    const { rules } = readRuleDirectories([path])
    assert.deepEqual(
      rules.map(({ id, findsByItself }) => [id, findsByItself]),
      [
        ['good', false],
        ['many', true],
      ],
    )
    const found = texts(path)
    assert.deepEqual(found.slice(0, 2), [
      'bad.yml:2: "levl" is no key here; did you mean level?',
      'bad.yml:6: kind is never "data.raed"; did you mean data.read?',
    ])
    assert.match(String(found[2]), /^torn.yml:\d+: this is no YAML: /)
    assert.equal(found.at(-1), 'dangling.yml:4: there is no rule "goood"; did you mean good?')
  })

  it('may hold several rules, and count those of another directory', () => {
    const one = directory({
      'pair.yml': `${GOOD}name: a\n---\n---\n${COUNT.replace('good', 'a')}name: c\n`,
    })
    assert.deepEqual(
      readRulesOf(join(one, 'pair.yml')).rules.map(({ id }) => id),
      ['a', 'c'],
    )
    const base = directory({ 'good.yml': GOOD })
    const own = directory({ 'many.yml': COUNT })
    const both = readRuleDirectories([base, own])
    assert.deepEqual(both.problems, [])
    assert.deepEqual(
      both.rules.map(({ id }) => id),
      ['good', 'many'],
    )
    assert.equal(readRuleDirectories([own]).rules.length, 0)
  })

  it('are read in the order of names, without cases, hidden and other files', () => {
    const path = directory({
      'b.yml': GOOD,
      'a.yaml': GOOD,
      'b.cases.yml': 'match: []',
      '.c.yml': GOOD,
      'd.yml~': GOOD,
      'README.md': '# rules',
    })
    assert.deepEqual(
      readRuleDirectories([path]).rules.map(({ id }) => id),
      ['a', 'b'],
    )
    assert.deepEqual(texts(path), [])
  })

  it('that cannot be read are one rule less', () => {
    const path = directory({ 'good.yml': GOOD, 'shut.yml': GOOD.replace('A read', 'B') })
    mkdirSync(join(path, 'folder.yml'))
    chmodSync(join(path, 'shut.yml'), 0)
    const { rules } = readRuleDirectories([path, join(path, 'gone')])
    assert.ok(rules.some(({ id }) => id === 'good'))
    assert.ok(
      texts(path).includes('folder.yml:1: it cannot be read (EISDIR); check its permissions'),
    )
    const [gone] = readRuleDirectories([join(path, 'gone')]).problems
    assert.match(String(gone?.text), /gone:1: there is nothing here; check the path/)
  })

  it('are bounded in size, documents, depth and aliases', () => {
    const bomb = `a: &a [x, x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
d: [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
`
    const path = directory({
      'a_long.yml': `${GOOD}# ${'x'.repeat(YAML_BYTES_MAX)}`,
      'b_many.yml': `${GOOD}---\n`.repeat(60),
      'c_deep.yml': `title: ${'['.repeat(100_000)}`,
      'd_bomb.yml': bomb,
      'e_lost.yml': 'title: *nowhere',
      'f_twice.yml': `title: A\ntitle: B\n`,
      'g_tag.yml': `title: !!js/function 'x'\n`,
      'h_list.yml': '- a\n- b\n',
    })
    const found = texts(path)
    assert.equal(
      found[0],
      `a_long.yml:1: the file is longer than ${YAML_BYTES_MAX} bytes; cut it into several files`,
    )
    assert.equal(
      found[1],
      'b_many.yml:1: the file has more than 50 documents; cut it into several files',
    )
    assert.match(String(found[2]), /^c_deep.yml:1: /)
    const rest = found.slice(3).join('\n')
    assert.match(rest, /d_bomb.yml:1: aliases .* more than 100 values; write the values out/)
    assert.match(rest, /e_lost.yml:1: /)
    assert.match(rest, /f_twice.yml:2: this is no YAML: Map keys must be unique/)
    assert.match(rest, /g_tag.yml:1: this is no YAML: /)
    assert.match(rest, /h_list.yml:1: a rule must be a map/)
    assert.equal(readRuleDirectories([path]).rules.length, 0)
  })

  it('take a name like any other, also one from a prototype', () => {
    const path = directory({ 'x.yml': `${GOOD}__proto__: { level: high }\nconstructor: 1\n` })
    assert.deepEqual(
      texts(path).map(text => text.split(';')[0]),
      ['x.yml:7: "__proto__" is no key here', 'x.yml:8: "constructor" is no key here'],
    )
  })
})

describe('lines', () => {
  it('lead to keys and items, or to what is nearest above', () => {
    const [document] = parseYaml(
      'a: 1\nb:\n  - x\n  - y: 1\n    z: [1,\n      2]\nc: *d\n'.replace('*d', 'e'),
    ).documents
    assert.ok(document)
    const lines = [
      [],
      ['a'],
      ['b'],
      ['b', 1],
      ['b', 1, 'z'],
      ['b', 1, 'z', 1],
      ['b', 1, 'nosuch'],
      ['c', 0],
    ]
    assert.deepEqual(lines.map(document.lineOf), [1, 1, 2, 4, 5, 6, 4, 7])
  })
})

describe('cases', () => {
  const casesOf = (cases: string, rule = GOOD) => {
    const path = directory({ 'good.yml': rule, 'good.cases.yml': cases })
    const read = readCasesOf(join(path, 'good.yml'))
    return { ...read, texts: read.problems.map(({ text }) => text.replace(`${path}/`, '')) }
  }
  const only = (line: string) => {
    const { cases, texts: found } = casesOf(
      `match:\n  - name: a\n    events:\n      - ${line}\nno_match:\n  - { name: b, events: [{}] }\n`,
    )
    assert.deepEqual(found, [])
    return cases[0]?.events ?? []
  }
  const rowsOf = (line: string) => only(line).map(({ rows }) => rows)

  it('fill in what an event needs', () => {
    const [event] = only(
      '{ from: "2026-11-02T08:00Z", kind: data.read, actor.id: a, resource.id: [x, y], resource.class: personal }',
    )
    assert.deepEqual(event, {
      time: Date.UTC(2026, 10, 2, 8),
      kind: 'data.read',
      outcome: 'success',
      operation: 'read',
      system: 'test-system',
      actor: { type: 'service', id: 'a', verified: 'key' },
      resource: [{ id: 'x', class: 'personal' }, { id: 'y' }],
      v: 1,
      id: '00000000-0000-8000-8000-000000000001',
      tenant: 'test',
      observed: Date.UTC(2026, 10, 2, 8),
      via: 'test',
      retention: 'r13m',
    })
  })

  it('repeat: so many, so often, on days, more each day', () => {
    const times = (line: string) =>
      only(line).map(({ time }) => new Date(time).toISOString().slice(5, 16))
    assert.deepEqual(times('{ from: "2026-11-02T08:00Z", every: 10m, count: 3 }'), [
      '11-02T08:00',
      '11-02T08:10',
      '11-02T08:20',
    ])
    assert.deepEqual(times('{ from: "2026-11-06T08:00Z", days: 4, on: weekdays }'), [
      '11-06T08:00',
      '11-09T08:00',
    ])
    assert.deepEqual(times('{ from: "2026-11-02T08:00Z", days: 7, on: [sat, sun] }'), [
      '11-07T08:00',
      '11-08T08:00',
    ])
    const grown = only('{ from: "2026-11-02T00:00Z", days: 5, every: 1m, count: 10, growth: 10% }')
    assert.equal(grown.length, 10 + 11 + 12 + 13 + 15)
    const late = only('{ from: "2026-11-02T00:00Z", every: 1h, count: 50, jitter: 30m }')
    assert.ok(late.every(({ time }) => time % 3_600_000 < 1_800_000))
    assert.ok(new Set(late.map(({ time }) => time % 3_600_000)).size > 40)
  })

  it('vary: ranges, numbers, turns, hashes', () => {
    const rows = rowsOf('{ every: 1m, count: 200, rows: 400..600 }')
    assert.ok(rows.every(n => n !== undefined && 400 <= n && n <= 600))
    assert.ok(new Set(rows).size > 80)
    assert.deepEqual(rowsOf('{ every: 1m, count: 200, rows: 400..600 }'), rows)
    const ids = only(
      '{ count: 3, actor.id: "user-{n}", system: "one of a, b", inputHash: "{hash}" }',
    )
    assert.deepEqual(
      ids.map(({ actor, system }) => [actor.id, system]),
      [
        ['user-1', 'a'],
        ['user-2', 'b'],
        ['user-3', 'a'],
      ],
    )
    assert.equal(new Set(ids.map(({ inputHash }) => inputHash)).size, 3)
  })

  it('stand in the order of time, with one number each', () => {
    const { cases } = casesOf(`match:
  - name: a
    history:
      - { from: "2026-11-01T09:00Z", count: 2, every: 1h, actor.id: late }
      - { from: "2026-11-01T08:30Z", count: 2, every: 1h, actor.id: early }
    events: { kind: data.read }
no_match:
  - { name: b, events: [{}] }
`)
    const [one] = cases
    assert.deepEqual(
      one?.history.map(({ actor }) => actor.id),
      ['early', 'late', 'early', 'late'],
    )
    const all = [...(one?.history ?? []), ...(one?.events ?? [])]
    assert.deepEqual(
      all.map(({ id }) => Number(id.slice(-3))),
      [1, 2, 3, 4, 5],
    )
    assert.equal(one?.events[0]?.time, Date.UTC(2026, 10, 1, 10, 1))
  })

  it('say where they are wrong', () => {
    const wrong = (line: string) =>
      casesOf(
        `match:\n  - name: a\n    events:\n      - ${line}\nno_match:\n  - { name: b, events: [{}] }\n`,
      ).texts[0]
    assert.match(
      String(wrong('{ acto.id: a }')),
      /^good.cases.yml:3: "acto.id" is no field of an event and none of from/,
    )
    assert.match(String(wrong('{ every: 10 }')), /every is a number and s, m, h or d/)
    assert.match(String(wrong('{ count: 0 }')), /count is a whole number above 0/)
    assert.match(String(wrong('{ days: -1 }')), /days is a whole number above 0/)
    assert.match(String(wrong('{ from: yesterday }')), /is no moment; write one like/)
    assert.match(String(wrong('{ on: [monday] }')), /on is weekdays, or a list/)
    assert.match(String(wrong('{ growth: 5 }')), /growth is a percentage/)
    assert.match(String(wrong('{ kind: data.raed }')), /is not in the catalogue of kinds/)
    assert.match(String(wrong('{ rows: many }')), /rows must be a whole number/)
    assert.match(
      String(wrong('{ every: 1s, count: 100001 }')),
      /more than 100000 events; repeat less/,
    )
    assert.match(
      String(wrong('{ every: 1s, count: 90000, days: 90000 }')),
      /more than 100000 events/,
    )
    assert.match(String(wrong('x')), /a line of events is a map of fields/)
    assert.match(String(casesOf('matches: []').texts[0]), /:1: "matches" is no key here/)
    assert.match(String(casesOf('match: {}').texts[0]), /:1: match is a list of 1 to 100 cases/)
    assert.match(
      String(casesOf('match:\n  - { events: [{}] }').texts[0]),
      /:2: a case needs a name/,
    )
    assert.match(String(casesOf('match:\n  - name: a\n').texts[0]), /:2: the case has no events/)
    assert.match(
      String(casesOf('match:\n  - name: a\n    evnts: []\n').texts[0]),
      /:3: "evnts" is none of/,
    )
    const early =
      'match:\n  - name: a\n    history: { from: "2026-11-02T08:00Z" }\n    events: { from: "2026-11-01T08:00Z" }\n'
    assert.match(String(casesOf(early).texts[0]), /:4: events begin before the history ends/)
    assert.match(
      String(casesOf('match:\n  - { name: a, events: [{}] }').texts[0]),
      /no case stands under no_match/,
    )
    const path = directory({ 'good.yml': GOOD })
    assert.match(
      String(readCasesOf(join(path, 'good.yml')).problems[0]?.text),
      /the rule has no cases/,
    )
  })

  it('are judged: found, not found, about whom, and only after the history', () => {
    const judged = (parts: string, rule = GOOD) => {
      const { cases, rules, texts: found } = casesOf(parts, rule)
      assert.deepEqual(found, [])
      return cases.map(one => {
        const { isRight, says } = runCase(one, rules)
        return [isRight, says]
      })
    }
    assert.deepEqual(
      judged(`match:
  - { name: a, events: [{ kind: data.read }] }
  - { name: b, events: [{ kind: data.write }] }
  - { name: c, about: actor:other, events: [{ kind: data.read }] }
  - { name: d, history: [{ kind: data.read }], events: [{ kind: data.write }] }
no_match:
  - { name: e, events: [{ kind: data.write }] }
  - { name: f, events: [{ kind: data.read }] }
`),
      [
        [true, 'svc-test did read at test-system'],
        [false, 'nothing was found'],
        [false, 'found actor:svc-test, not actor:other'],
        [false, 'its history is found itself: svc-test did read at test-system'],
        [true, 'nothing was found'],
        [false, 'found: svc-test did read at test-system'],
      ],
    )
  })
})
