// Backtest against the live detectors: the same days, the same rules, a person's decision in
// between. What the log says was found live is what backtest says would have been found.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Alert } from '@tocsin/detect/alert'
import type { Finding } from '@tocsin/detect/finding'
import { TocsinError } from '@tocsin/sdk/errors'
import { createWorld } from '@tocsin/simulate/simulate'
import { systemClock } from '../../packages/server/src/base/clock.ts'
import { createTelemetry } from '../../packages/server/src/base/emit.ts'
import { systemEntropy } from '../../packages/server/src/base/entropy.ts'
import { type BacktestFlags, backtest } from '../../packages/server/src/cli/backtest.ts'
import { readDirectoryEvents } from '../../packages/server/src/cli/read-directory.ts'
import { PRODUCT_RULES } from '../../packages/server/src/config.ts'
import { openTocsin, TENANT } from '../../packages/server/src/tocsin.ts'
import { dispositionEvent, openWatch, parseFound } from '../../packages/server/src/watch/watch.ts'

const DAY_MS = 86_400_000
const NOW = Date.UTC(2026, 10, 24, 12)
const DAYS = 14
const BODY_LINES = 2000
const CONTEXT = {
  tenant: TENANT,
  via: 'test',
  principal: 'test',
  mayAttest: true,
  keepContent: false,
}

const directory = mkdtempSync(join(tmpdir(), 'tocsin-backtest-'))
const data = join(directory, 'data')
const live: { readonly finding: Finding; readonly alert: Alert | null }[] = []
let disposed = 0

/** Of the accounts that something happens to, but for the busiest: two weeks are soon told. */
function traffic(): readonly string[] {
  const world = createWorld({ seed: 7, stories: { nowMs: NOW, strength: 'strong' } })
  const range = [NOW - DAYS * DAY_MS, NOW] as const
  const attacked = world.labels(...range).filter(({ kind }) => kind !== '' && kind !== 'T0036')
  const entities = new Set(attacked.flatMap(label => label.entities))
  return [...world.events(...range)]
    .filter(({ actor }) => entities.has(actor.id))
    .map(event => JSON.stringify(event))
}

async function runLive(): Promise<void> {
  const telemetry = createTelemetry(() => undefined)
  const onFatal = (error: Error) => {
    throw error
  }
  const deps = { clock: systemClock, entropy: systemEntropy(), telemetry, onFatal }
  const tocsin = await openTocsin(data, deps)
  const { log, alerts: store, record } = tocsin
  const rules = [PRODUCT_RULES]
  const config = { dataDir: data, log, store, record, telemetry, clock: systemClock }
  const watch = await openWatch({ ...config, rules, budget: 10 })
  const alerts = new Map<string, Alert>()
  watch.onFound(({ alert }) => alert && alerts.set(alert.id, alert))
  const lines = traffic()
  for (let at = 0; at < lines.length; at += BODY_LINES) {
    const body = new Uint8Array(Buffer.from(lines.slice(at, at + BODY_LINES).join('\n')))
    await tocsin.capture.receive(body, CONTEXT)
    if (disposed > 0) continue
    await watch.settled()
    const [alert] = alerts.values()
    if (!alert) continue
    const said = { alertId: alert.id, entity: alert.entity, revision: 1, action: 'benign' } as const
    const more = {
      cause: 'batch_job',
      prevented: { rows: null, costMicros: null },
      note: null,
    } as const
    const by = { principal: 'tester', keyId: 'k' }
    await record(dispositionEvent({ ...said, ...more }, by, alert.lastMs))
    disposed += 1
  }
  await watch.settled()
  await watch.close()
  await tocsin.close()
}

async function ask(what: string, flags: BacktestFlags = {}) {
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
  const code = await backtest(what, { data, alertBudget: '10', ...flags }, io)
  return { code, out, words: words.join('\n') }
}

async function askJson(what: string, flags: BacktestFlags = {}) {
  return JSON.parse((await ask(what, { ...flags, json: true })).out)
}

before(async () => {
  await runLive()
  for await (const event of readDirectoryEvents(data)) {
    const found = parseFound(event)
    if (found) live.push(found)
  }
})
after(() => rmSync(directory, { recursive: true, force: true }))

type Line = { readonly id: string; readonly alert: string | null; readonly time: number }

describe('backtest', () => {
  it('finds what was found live, in the same alerts', async () => {
    const { findings } = await askJson('all')
    const mine = findings.map(({ id, alert }: Line) => `${id} ${alert}`)
    const theirs = live.map(({ finding, alert }) => `${finding.id} ${alert?.id ?? null}`)
    assert.equal(disposed, 1)
    assert.ok(theirs.length > 20, `only ${theirs.length} findings`)
    assert.deepEqual(mine.sort(), theirs.sort())
  })

  it('of one rule and a range shows what was found of it there', async () => {
    const counts = Map.groupBy(live, ({ finding }) => finding.rule)
    const [rule = '', all = []] = [...counts].sort(([, a], [, b]) => b.length - a.length)[0] ?? []
    const middleMs = all[all.length >> 1]?.finding.timeMs ?? 0
    assert.ok(all.length > 1)
    const later = await askJson(rule, { from: String(middleMs) })
    const earlier = await askJson(rule, { to: String(middleMs) })
    const expected = all.filter(({ finding }) => finding.timeMs >= middleMs)
    const ids = (lines: readonly Line[]) => lines.map(({ id }) => id).sort()
    assert.deepEqual(ids(later.findings), expected.map(({ finding }) => finding.id).sort())
    assert.equal(later.findings.length + earlier.findings.length, all.length)
  })

  it('of a file shows the new rule, and says that the history is short', async () => {
    const file = join(directory, 'many-calls.yml')
    writeFileSync(file, MANY_CALLS)
    const { out, words } = await ask(file)
    assert.match(
      out,
      /^many_calls over \d+ events, 2026-11-10 to 2026-11-24: [1-9]\d* findings about/,
    )
    assert.match(out, /for 2026|score \d+ {2}event /)
    assert.doesNotMatch(words, /goes back/)
    assert.match((await ask('read_spike')).words, /goes back 14\.0 days; 30 are wanted/)
  })

  it('of what is no rule, a file with a mistake, or no data is one clear sentence', async () => {
    const file = join(directory, 'wrong.yml')
    writeFileSync(file, MANY_CALLS.replace('field: model.served', 'field: model.srved'))
    for (const [what, flags, says] of [
      ['no_such_rule', {}, /no rule "no_such_rule"/],
      [file, {}, /wrong\.yml:\d+: .*model\.srved/],
      [join(directory, 'none.yml'), {}, /none\.yml/],
      ['all', { data: directory }, /is no data directory/],
      ['all', { from: 'yesterday' }, /yesterday/],
    ] as const) {
      await assert.rejects(ask(what, flags), error => {
        assert.ok(error instanceof TocsinError)
        assert.match(error.message, says)
        return true
      })
    }
  })
})

const MANY_CALLS = `title: Many models within an hour
id: many_calls
level: low
correlation:
  type: value_count
  rules: [a_call]
  group-by: [actor.id]
  timespan: 1h
  condition: { field: model.served, gte: 3 }
---
title: A call
name: a_call
logsource: { product: tocsin }
detection:
  call: { kind: ai.invoke }
  condition: call
level: informational
`
