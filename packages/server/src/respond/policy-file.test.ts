// The policy file: every mistake with its line, what is refused as a whole, and what is understood.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { TocsinError } from '@tocsin/sdk/errors'
import { canLockOutPeople, matches } from './policy.ts'
import { parsePolicy, readPolicy } from './policy-file.ts'
import { policyOf } from './respond-rig.ts'

/** `line: says` of every problem. */
function problemsOf(text: string): readonly string[] {
  return readPolicy(text, 'p.yml').problems.map(({ line, says }) => `${line}: ${says}`)
}

const RULE = `  - id: a
    when: { level: high }
    then: { throttle: { requestsPerMinute: 1 } }
    for: 1h
`

describe('a mistake', () => {
  it('is named with its line, what it is and what to write', () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['', /^1: the file is empty; write at least `version: 1`/],
      ['{', /^\d+: this is not YAML/],
      ['version: 1\nversion: 1', /^2: this is not YAML: Map keys must be unique/],
      ['- 1', /^1: the policy must be a mapping of version, mode/],
      ['mode: dry_run', /^1: `version: 1` is missing/],
      ['version: 2', /^1: version must be a whole number from 1 to 1/],
      ['version: 1\nmode: on', /^2: mode must be one of dry_run, enforce/],
      [
        'version: 1\n\nrule: []',
        /^3: "rule" is not a member of the policy; there are version, mode/,
      ],
      ['version: 1\nadmins: ["*@corp"]', /^2: admins are single accounts/],
      ['version: 1\nlockOutsPerHour: -1', /^2: lockOutsPerHour must be a whole number from 0/],
      ['version: 1\nrules: {}', /^2: rules must be a list/],
      ['version: 1\nrules:\n  - id: A b\n', /3: id must be lower-case letters/],
      [`version: 1\nrules:\n${RULE}${RULE}`, /two rules have the id "a"/],
      [
        'version: 1\nstepUp: { acrValues: ["a b"] }',
        /^2: acrValues are 1 to 8 names without spaces/,
      ],
      ['version: 1\nstepUp: { acrValues: ["\\"x"] }', /acrValues are 1 to 8 names/],
      [
        'version: 1\nwebhooks: [{ url: "https://a", secretEnv: lower }]',
        /^2: secretEnv is the name/,
      ],
      ['version: 1\nadmins: &a [x]\ngroups: *a', /^3: .* must be a list.*anchors are not taken/],
    ]
    for (const [text, expected] of cases) {
      assert.match(problemsOf(text).join('\n'), expected, text)
    }
  })

  it('in a rule is named there, and all of them at once', () => {
    const cases: readonly (readonly [string, string, RegExp])[] = [
      ['for: 1h', 'for: 25h', /for must be 1s to 24h/],
      ['for: 1h', 'for: 1d', /for must be 1s to 24h/],
      ['for: 1h', 'for: 0s', /for must be 1s to 24h/],
      ['for: 1h', 'for: 60', /for must be text of 1 to 8/],
      ['    for: 1h\n', '', /: for is missing/],
      ['    when: { level: high }\n', '', /: when is missing/],
      [
        'level: high',
        'level: loud',
        /level must be one of informational, low, medium, high, critical/,
      ],
      ['{ level: high }', '{}', /when names no risk, band, level, rules or tags/],
      ['{ level: high }', '{ actors: [a] }', /when names no risk/],
      ['level: high', 'risk: 101', /risk must be a whole number from 0 to 100/],
      ['level: high', 'risk: 1, band: low', /risk and band say the same/],
      ['level: high', 'level: high, groups: [x]', /there is no group "x"; declare it/],
      ['level: high', 'level: high, actors: []', /the list of actors is empty/],
      ['level: high', 'level: high, actorTypes: [robot]', /must be one of human, service/],
      ['throttle: { requestsPerMinute: 1 }', 'throttle: {}', /throttle needs requestsPerMinute/],
      ['requestsPerMinute: 1', 'requestsPerMinute: 0', /whole number from 1/],
      ['requestsPerMinute: 1', 'requestsPerMinute: 1.5', /whole number from 1/],
      [
        'requestsPerMinute: 1',
        'requestsPerMinute: 1, scope: all',
        /scope must be one of session, actor/,
      ],
      [
        '{ throttle: { requestsPerMinute: 1 } }',
        '{ deny: {}, approval: {} }',
        /then names exactly one/,
      ],
      ['{ throttle: { requestsPerMinute: 1 } }', 'block', /must be one of end_session, deny/],
      ['{ throttle: { requestsPerMinute: 1 } }', 'step_up', /step_up needs its own members/],
      ['{ throttle: { requestsPerMinute: 1 } }', '{ approval: {} }', /bulkRows is missing/],
      ['{ throttle: { requestsPerMinute: 1 } }', '{ step_up: {} }', /acrValues is missing/],
      [
        '{ throttle: { requestsPerMinute: 1 } }',
        '{ deny: { hard: yes } }',
        /"hard" is not a member of deny/,
      ],
    ]
    for (const [from, to, expected] of cases) {
      const text = `version: 1\nrules:\n${RULE.replace(from, to)}`
      assert.match(problemsOf(text).join('\n'), expected, `${from} → ${to}`)
    }
    const all = problemsOf(`version: 1\nrules:\n${RULE.replace('1h', '2d').replace('high', 'x')}`)
    assert.deepEqual(
      all.map(text => text.split(':')[0]),
      ['4', '6'],
    )
  })

  it('is thrown with file, line and how many more there are', () => {
    const text = `version: 1\nrules:\n${RULE.replace('1h', '2d').replace('high', 'x')}`
    assert.throws(
      () => parsePolicy(text, 'etc/p.yml'),
      (error: unknown) =>
        error instanceof TocsinError &&
        error.code === 'policy.invalid' &&
        /^etc\/p\.yml:4: level must be .*\(and 1 more: tocsin policy lint\)$/.test(error.message),
    )
  })

  it('of a hostile file costs little', () => {
    const bomb = ['a: &a [x]', ...Array.from({ length: 40 }, (_, i) => `b${i}: &b${i} [*a, *a]`)]
    const hostile = [
      bomb.join('\n'),
      'x'.repeat(300_000),
      `${'['.repeat(5000)}`,
      `${'{a: '.repeat(3000)}`,
      'version: 1\n__proto__: { mode: enforce }',
      'version: 1\nmode: !!js/function "1"',
      '\u0000',
      '? [a]\n: 1',
    ]
    for (const text of hostile) assert.equal(readPolicy(text, 'p').policy, null, text.slice(0, 40))
  })
})

describe('a policy that could lock out every admin', () => {
  const policy = (rules: readonly string[], head = 'admins: [ann, bob]') =>
    `version: 1\nmode: enforce\n${head}\nrules:\n${rules
      .map((rule, i) => `  - { id: r${i}, for: 1h, ${rule} }\n`)
      .join('')}`
  const LOCK = 'when: { level: high }'
  const STEP = 'then: { step_up: { acrValues: [phr] } }'

  it('is refused as a whole', () => {
    const refused: readonly string[] = [
      policy([`${LOCK}, then: deny`]),
      policy([`${LOCK}, then: end_session`]),
      policy([`${LOCK}, ${STEP}`]),
      // For people an approval is a step-up.
      policy([`${LOCK}, then: { approval: { bulkRows: 1 } }`]),
      policy([`${LOCK}, then: deny, except: { actors: [ann] }`], 'admins: []'),
      policy([`${LOCK}, then: deny, except: { actors: [ann] }`], 'lockOutsPerHour: 1'),
      policy(['when: { level: high, actors: ["*"] }, then: deny']),
      policy(['when: { level: high, actors: [ann, bob] }, then: deny']),
      policy(['when: { level: high, actors: ["a*", "b*"] }, then: deny']),
      policy(['when: { level: high, actorTypes: [service, human] }, then: deny']),
      policy([`${LOCK}, then: deny, except: { actors: [annette] }`]),
      // Each rule leaves one, together they leave none.
      policy([
        `${LOCK}, then: deny, except: { actors: [ann] }`,
        `${LOCK}, then: end_session, except: { actors: [bob] }`,
      ]),
    ]
    for (const text of refused) {
      const { policy: read, problems, locksOut } = readPolicy(text, 'p.yml')
      assert.deepEqual([read, locksOut, problems.length], [null, true, 1], text)
      assert.match(problems[0]?.says ?? '', /could lock out every admin/)
      assert.ok((problems[0]?.line ?? 0) >= 5, 'at the rule')
      assert.throws(() => parsePolicy(text, 'p.yml'), { code: 'policy.locks_out' })
    }
  })

  it('is not one that leaves an admin, reaches no people, or only runs dry', () => {
    const fine: readonly string[] = [
      policy([`${LOCK}, then: deny, except: { actors: [bob] }`]),
      policy([`${LOCK}, then: deny, except: { actors: ["b*"] }`]),
      policy(['when: { level: high, actors: [ann] }, then: deny']),
      policy(['when: { level: high, actors: ["contractor-*"] }, then: deny']),
      policy(['when: { level: high, actorTypes: [service, agent] }, then: deny'], 'bulkRows: 1'),
      policy([`${LOCK}, then: deny, mode: dry_run`]),
      policy([`${LOCK}, then: { throttle: { rowsPerMinute: 1 } }`]),
      policy([`${LOCK}, then: deny`]).replace('mode: enforce', 'mode: dry_run'),
      policy(
        [`${LOCK}, then: deny, except: { groups: [ops] }`],
        'admins: [ann]\ngroups: [{ name: ops, actors: [ann, "ops-*"] }]',
      ),
    ]
    for (const text of fine) assert.deepEqual(problemsOf(text), [], text)
  })
})

describe('a policy that is understood', () => {
  it('runs dry unless it says otherwise, and rules may say it for themselves', () => {
    const text = `version: 1\nrules:\n${RULE}${RULE.replace('id: a', 'id: b\n    mode: enforce')}`
    assert.deepEqual(
      parsePolicy(text, 'p').rules.map(({ mode }) => mode),
      ['dry_run', 'enforce'],
    )
  })

  it('is named by its content', () => {
    const [one, same, other] = ['deny', 'deny', 'end_session'].map(
      action => parsePolicy(policyOf(`then: ${action}`), 'p').version,
    )
    assert.match(one ?? '', /^[0-9a-f]{12}$/)
    assert.equal(one, same)
    assert.notEqual(one, other)
  })

  it('is the one that is delivered, and it enforces nothing', () => {
    const path = join(import.meta.dirname, '../../policies/default.yml')
    const { rules } = parsePolicy(readFileSync(path, 'utf8'), path)
    assert.ok(rules.length >= 4)
    assert.deepEqual(new Set(rules.map(({ mode }) => mode)), new Set(['dry_run']))
  })

  it('is the one of the demo, and it locks nobody out', () => {
    const path = join(import.meta.dirname, '../../policies/demo.yml')
    const { rules } = parsePolicy(readFileSync(path, 'utf8'), path)
    const enforced = rules.filter(({ mode }) => mode === 'enforce')
    assert.deepEqual(
      enforced.map(({ action }) => action.kind),
      ['throttle', 'approval_required'],
    )
    assert.deepEqual(enforced.filter(canLockOutPeople), [])
  })

  it('takes webhooks of this machine and network only where they are meant', () => {
    const of = (url: string, more = '') =>
      problemsOf(`version: 1\nwebhooks: [{ url: "${url}", secretEnv: S${more} }]`).length
    const inside = [
      'http://example.com/',
      'https://localhost/x',
      'https://a.internal',
      'https://127.0.0.1/',
      'https://2130706433/',
      'https://0x7f.1/',
      'https://10.1.2.3',
      'https://172.31.0.1',
      'https://192.168.1.1',
      'https://169.254.169.254/latest',
      'https://100.64.0.1',
      'https://[::1]/',
      'https://[::]/',
      'https://[fd00::1]/',
      'https://[fe80::1]/',
      'https://[::ffff:10.0.0.1]/',
      'https://localhost./',
    ]
    for (const url of inside)
      assert.deepEqual([of(url), of(url, ', allowPrivate: yes')], [1, 0], url)
    for (const url of [
      'https://hooks.example.com/a',
      'https://172.32.0.1',
      'https://[2001:db8::1]/',
    ]) {
      assert.equal(of(url), 0, url)
    }
    for (const url of ['ftp://a', 'javascript:1', 'https://u:p@a.example', 'nonsense']) {
      assert.equal(of(url, ', allowPrivate: yes'), 1, url)
    }
  })
})

describe('a pattern', () => {
  it('matches whole ids, with * for any text, in time that no pattern can blow up', () => {
    const cases: readonly (readonly [string, string, boolean])[] = [
      ['a', 'a', true],
      ['a', 'ab', false],
      ['*', '', true],
      ['a*', 'a', true],
      ['*a', 'ba', true],
      ['a*a', 'a', false],
      ['a*b*c', 'aXbYc', true],
      ['a*b*c', 'acb', false],
      ['a*bc*c', 'abc', false],
      ['svc-*', 'svc-', true],
      ['*.*', 'a.b', true],
      ['[a]', 'a', false],
      [`${'*a'.repeat(500)}*b`, 'a'.repeat(10_000), false],
    ]
    for (const [pattern, text, expected] of cases) {
      assert.equal(matches(pattern, text), expected, `${pattern.slice(0, 20)} ${text.slice(0, 20)}`)
    }
  })
})
