// `tocsin rules` as a person meets it: what is printed, and how it ends.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { TocsinError } from '@tocsin/sdk/errors'
import type { ExitCode, Io } from './io.ts'
import { explainRule, listRules, testRules } from './rules.ts'

const root = mkdtempSync(join(tmpdir(), 'tocsin-rules-cli-'))
after(() => rmSync(root, { recursive: true }))

const RULE = `title: A write
id: own_write
description: Somebody wrote.
level: high
tags: [atlas.aml-t0025, cve.2024-1234]
falsepositives: [Work]
logsource: { product: tocsin }
detection:
  written: { kind: data.write }
  condition: written
`
const CASES = `match:
  - { name: a write, events: [{ kind: data.write }] }
no_match:
  - { name: a read, events: [{ kind: data.read }] }
`

function put(name: string, text: string): string {
  const path = join(root, name)
  writeFileSync(path, text)
  return path
}

type Said = { readonly code: ExitCode; readonly out: string; readonly say: string }

async function run(command: (io: Io) => Promise<ExitCode>): Promise<Said> {
  const [out, say]: [string[], string[]] = [[], []]
  const io = {
    env: {},
    out: (text: string) => void out.push(text),
    say: (text: string) => void say.push(text),
    isTerminal: false,
    width: 100,
  }
  const code = await command(io)
  return { code, out: out.join(''), say: say.join('\n') }
}

describe('tocsin rules test', () => {
  it('counts the cases that are right', async () => {
    const path = put('own.yml', RULE)
    put('own.cases.yml', CASES)
    for (const where of [path, join(root, 'own.cases.yml'), root]) {
      const { code, out, say } = await run(io => testRules(where, {}, io))
      assert.deepEqual([code, out, say], [0, '1 rule files, 2 of 2 cases right\n', ''])
    }
  })

  it('names the case that is wrong, with its line and what happened, and ends 1', async () => {
    const path = put('own.yml', RULE)
    put(
      'own.cases.yml',
      CASES.replace('data.read', 'data.write').replace('{ kind: data.write }', '{}'),
    )
    const { code, out, say } = await run(io => testRules(path, {}, io))
    assert.equal(code, 1)
    assert.equal(out, '1 rule files, 0 of 2 cases right\n')
    assert.equal(
      say.replaceAll(`${root}/`, ''),
      'own.cases.yml:2: "a write" must be found; nothing was found\n' +
        'own.cases.yml:4: "a read" must not be found; found: svc-test did read at test-system',
    )
  })

  it('says file, line, what and how to mend it for a mistake in a rule, and ends 1', async () => {
    const path = put('own.yml', RULE.replace('data.write', 'data.wriet'))
    put('own.cases.yml', CASES)
    const { code, say } = await run(io => testRules(path, {}, io))
    assert.equal(code, 1)
    assert.equal(
      say.replaceAll(`${root}/`, ''),
      'own.yml:9: kind is never "data.wriet"; did you mean data.write?',
    )
    const json = await run(io => testRules(path, { json: true }, io))
    assert.equal(JSON.parse(json.out).problems[0].line, 9)
    assert.equal(json.say, '')
  })

  it('does not take a path where nothing is for rules that are right', async () => {
    const nothing = join(root, 'nothing.yml')
    await assert.rejects(
      run(io => testRules(nothing, {}, io)),
      (error: unknown) => error instanceof TocsinError && error.code === 'cli.not_found',
    )
    const gone = await run(io => testRules(join(root, 'gone'), {}, io))
    assert.equal(gone.code, 1)
    const empty = mkdtempSync(join(root, 'empty-'))
    await assert.rejects(
      run(io => testRules(empty, {}, io)),
      (error: unknown) => error instanceof TocsinError && error.code === 'cli.not_found',
    )
  })
})

describe('tocsin rules list and explain', () => {
  it('list the rules that find, those of the operator too', async () => {
    put('own.yml', RULE)
    put('own.cases.yml', CASES)
    const { code, out, say } = await run(io => listRules({ rules: root }, io))
    assert.equal(code, 0)
    assert.match(out, /^own_write +high +single event +A write$/m)
    assert.match(out, /^read_spike +high +baseline_ratio +Read spike against own baseline$/m)
    assert.doesNotMatch(out, /successful_read/)
    assert.match(say, /^\d+ rules; `tocsin rules explain <rule>`/)
    const { rules } = JSON.parse((await run(io => listRules({ rules: root, json: true }, io))).out)
    assert.ok(rules.some((rule: { id: string }) => rule.id === 'successful_read'))
  })

  it('say in words what a rule counts, for whom, from when on, and where it stands', async () => {
    const { out } = await run(io => explainRule('read_spike', {}, io))
    for (const words of [
      /^read_spike \(high\): Read spike against own baseline$/m,
      /^counts {4}.*successful_read/m,
      /^ {10}events of kind ai\.feature, ai\.retrieve, data\.read$/m,
      /^for each {2}actor\.id$/m,
      /^finds {5}more than 4 × the rows expected in any 2 h at that hour of the week$/m,
      /^ {10}only from 1,000 rows on$/m,
      /^weighs {4}70 of 100: an alert by itself$/m,
      /MITRE ATLAS AML\.T0025 Exfiltration via Cyber Means$/m,
      /OWASP Top 10 for LLM Applications LLM02:2025 Sensitive Information Disclosure$/m,
      /^found {5}a nightly job reads/m,
      /^not found a night like the others$/m,
    ]) {
      assert.match(out, words)
    }
    assert.ok(out.split('\n').every(line => line.length <= 100))
  })

  it('explain a rule of the operator, with a tag that has no title', async () => {
    put('own.yml', RULE)
    put('own.cases.yml', CASES)
    const { out } = await run(io => explainRule('own_write', { rules: root }, io))
    assert.match(out, /^matches {3}events of kind data\.write$/m)
    assert.match(out, /^ {10}CVE 2024-1234$/m)
    assert.match(out, /^found {5}a write$/m)
  })

  it('have words for every type of rule', async () => {
    type Listed = { readonly id: string; readonly type?: string }
    const { rules } = JSON.parse((await run(io => listRules({ json: true }, io))).out)
    const oneOfEach = new Map(rules.map((rule: Listed) => [rule.type ?? 'match', rule.id]))
    assert.ok(oneOfEach.size >= 8)
    for (const id of oneOfEach.values()) {
      const { code, out } = await run(io => explainRule(String(id), {}, io))
      assert.equal(code, 0)
      assert.doesNotMatch(out, /undefined|NaN|null/, String(id))
    }
  })

  it('send whoever asks for a rule that is not there to the list', async () => {
    await assert.rejects(
      run(io => explainRule('nosuch', {}, io)),
      /there is no rule "nosuch"; `tocsin rules list` shows those there are/,
    )
  })
})
