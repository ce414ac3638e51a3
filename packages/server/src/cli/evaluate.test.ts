import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { TocsinError } from '@tocsin/sdk/errors'
import { type EvaluateFlags, evaluate } from './evaluate.ts'

const directory = mkdtempSync(join(tmpdir(), 'tocsin-evaluate-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const DAY_MS = 86_400_000
const T0 = Date.UTC(2031, 4, 5)
const DAYS = 12

/** A service that reads twenty rows every hour, and on the last day a canary. */
function events(): readonly string[] {
  const hours = Array.from({ length: DAYS * 24 }, (_, i) =>
    event(T0 + i * 3_600_000, 's3://lake/orders'),
  )
  return [...hours, event(THEFT_MS, 's3://lake/canary-customers')]
}

const THEFT_MS = T0 + (DAYS - 0.4) * DAY_MS

function event(time: number, dataset: string): string {
  const actor = { type: 'service', id: 'svc-a' }
  const resource = [{ type: 'dataset', id: dataset }]
  const what = { kind: 'data.read', operation: 'read', outcome: 'success', rows: 20 }
  return JSON.stringify({ time, actor, resource, system: 'lake', ...what })
}

function label(more: object = {}): string {
  const times = { start: THEFT_MS - 60_000, end: THEFT_MS + 60_000 }
  const named = { campaign: 'theft', kind: 'T0025', strength: 1, entities: ['svc-a'] }
  return JSON.stringify({ ...named, eventIds: [], ...times, ...more })
}

function write(name: string, lines: readonly string[]): string {
  const path = join(directory, name)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

const EVENTS = write('events.jsonl', [...events().toReversed(), 'no event'])
const LABELS = write('labels.jsonl', [label()])

async function ask(flags: Partial<EvaluateFlags> = {}) {
  let out = ''
  const words: string[] = []
  const io = {
    env: {},
    out: (text: string) => {
      out += text
    },
    say: (text: string) => words.push(text),
    isTerminal: false,
    width: 200,
  }
  const code = await evaluate({ events: EVENTS, labels: LABELS, budget: '10', ...flags }, io)
  return { code, out, words: words.join('\n') }
}

describe('tocsin evaluate', () => {
  it('finds a labelled campaign, and says what it could not read', async () => {
    const { code, out, words } = await ask()
    assert.equal(code, 0)
    assert.match(out, /^Events +289 in 12\.0 days.*lines refused: 1; sorted by time/)
    assert.match(out, /T0025 +1 +1 +1 +1 +/)
    assert.match(out, /Precision +100 %; recall 100 %/)
    assert.match(words, /Lines that are no events: 1\. line 290: not JSON/)
    assert.doesNotMatch(words, /days of events come before/)
  })

  it('writes findings that can be joined with labels, and the same figures as JSON', async () => {
    const findings = join(directory, 'findings.jsonl')
    const { out } = await ask({ json: true, findings })
    const { score, events: read } = JSON.parse(out)
    assert.deepEqual([score.found, score.attacks, score.falseAlerts], [1, 1, 0])
    assert.equal(score.campaigns[0].delayMinutes, 1)
    assert.equal(score.campaigns[0].foundBy, 'canary_touched')
    assert.deepEqual([read.count, read.refused, read.wereSorted], [289, 1, false])
    const rows = readFileSync(findings, 'utf8').trimEnd().split('\n')
    const [canary] = rows.map(row => JSON.parse(row)).filter(row => row.rule === 'canary_touched')
    assert.equal(canary.entity, 'svc-a')
    assert.equal(canary.time, THEFT_MS)
    assert.equal(canary.alert, score.alerts[0].id)
    assert.deepEqual(canary.eventIds, ['line-1'])
  })

  it('is the same whatever the order of the lines', async () => {
    const sorted = write('sorted.jsonl', events())
    const scoreOf = (out: string) => JSON.parse(out).score.campaigns
    const [one, other] = [await ask({ json: true }), await ask({ json: true, events: sorted })]
    assert.deepEqual(scoreOf(one.out), scoreOf(other.out))
  })

  it('warns of what makes the figures doubtful', async () => {
    const early = { start: T0 + 2 * DAY_MS, end: T0 + 3 * DAY_MS, eventIds: ['gone'] }
    const labels = write('early.jsonl', [label(early), label({ campaign: 'benign:x', kind: '' })])
    const { words, out } = await ask({ labels })
    assert.match(words, /Only 2\.0 days of events come before the first attack/)
    assert.match(words, /none is in the file: 1;/)
    assert.match(out, /Look-alikes +1 of 1 alerted/)
    assert.match(out, /not found +kind/)
    assert.match(out, /false alert +opened/)
    const benign = write('benign.jsonl', [label({ kind: '' })])
    assert.match((await ask({ labels: benign })).words, /No label is of an attack/)
  })

  it('says in one sentence what is wrong with what it was given', async () => {
    const empty = write('empty.jsonl', [])
    for (const [flags, code, says] of [
      [{ events: '/nowhere.jsonl' }, 'cli.not_found', /there is no file \/nowhere\.jsonl/],
      [{ labels: '/nowhere.jsonl' }, 'cli.not_found', /there is no file/],
      [{ events: empty }, 'cli.usage', /no line of .*empty\.jsonl is an event.*it is empty/],
      [{ events: LABELS }, 'cli.usage', /no line of .*labels\.jsonl is an event.*line 1: /],
      [{ labels: EVENTS }, 'cli.usage', /line 1 of .*events\.jsonl has no `campaign`/],
      [{ labels: empty }, 'cli.usage', /has no labels/],
      [{ budget: 'many' }, 'config.invalid', /budget/],
      [{ budget: '0' }, 'config.invalid', /budget/],
      [{ rules: '/nowhere' }, 'config.invalid', /no such directory/],
      [{ findings: '/nowhere/f' }, 'cli.usage', /cannot write \/nowhere\/f/],
    ] as const) {
      await assert.rejects(ask(flags), error => {
        assert.ok(error instanceof TocsinError)
        assert.equal(error.code, code)
        assert.match(error.message, says)
        return true
      })
    }
  })
})
