// `tocsin backtest`: what a rule would have found in the history of a data directory. The whole
// engine runs from the history's beginning with all rules, in the order of the log and with what
// people decided, as the live one did; so a rule that ran live is said to find what it found. The
// range only chooses what is shown. Needs no server, and does not disturb one.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Rule } from '@tocsin/detect/rule'
import { TocsinError } from '@tocsin/sdk/errors'
import { systemClock } from '../base/clock.ts'
import { budgetOf, dataDirectory, ruleDirectories } from '../config.ts'
import { parseRange } from '../show/show.ts'
import { parseDisposition, readRuleDirectories, readRulesOf } from '../watch/watch.ts'
import { type Found, findingLine, openReplay } from './evaluation/evaluation.ts'
import { EXIT, type ExitCode, type Io, type Json } from './io.ts'
import { readDirectoryEvents } from './read-directory.ts'
import { printTable, visible } from './table.ts'

export type BacktestFlags = Json & {
  readonly from?: string
  readonly to?: string
  readonly data?: string
  readonly rules?: string
  readonly alertBudget?: string
}

const DAY_MS = 86_400_000
const ENTITIES_SHOWN = 20
const EXAMPLES_SHOWN = 5

type Chosen = {
  readonly rules: readonly Rule[]
  /** What is asked about. */
  readonly asked: ReadonlySet<string>
}

type Result = {
  readonly rules: readonly string[]
  readonly events: number
  readonly firstMs: number
  readonly lastMs: number
  /** Where what is shown begins and ends. */
  readonly fromMs: number
  readonly toMs: number
  readonly learning: { readonly days: number; readonly of: number }
  readonly found: readonly Found[]
}

export async function backtest(what: string, flags: BacktestFlags, io: Io): Promise<ExitCode> {
  const chosen = chooseRules(what, flags.rules ?? io.env.TOCSIN_RULES, io)
  const dataDir = dataDirectory(flags.data, io.env)
  if (!existsSync(join(dataDir, 'log'))) {
    throw new TocsinError('cli.not_found', {
      public: `${dataDir} is no data directory: it holds no log; name one with --data`,
    })
  }
  const budget = budgetOf(flags.alertBudget ?? io.env.TOCSIN_ALERT_BUDGET)
  const result = await run(chosen, { dataDir, flags, budget })
  if (flags.json) io.out(`${JSON.stringify(toJson(result))}\n`)
  else io.out(printResult(result, io.width))
  for (const caution of cautionsOf(result)) io.say(caution)
  return EXIT.ok
}

/** A rule of the product or of one's own by its id, all of them, or those of a file. */
function chooseRules(what: string, own: string | undefined, io: Io): Chosen {
  const running = readRuleDirectories(ruleDirectories(own))
  for (const { text } of running.problems) io.say(`rule not used: ${text}`)
  const ids = (rules: readonly Rule[]) =>
    new Set(rules.filter(rule => rule.kind === 'correlation' || rule.findsByItself).map(r => r.id))
  if (what === 'all') return { rules: running.rules, asked: ids(running.rules) }
  if (/\.ya?ml$/.test(what)) {
    const read = readRulesOf(what)
    const [problem] = read.problems
    if (problem) throw new TocsinError('rule.invalid', { public: problem.text })
    const replaced = new Set(read.rules.map(rule => rule.id))
    const others = running.rules.filter(rule => !replaced.has(rule.id))
    return { rules: [...others, ...read.rules], asked: ids(read.rules) }
  }
  const rule = running.rules.find(one => one.id === what || one.name === what)
  if (rule) return { rules: running.rules, asked: new Set([rule.id]) }
  throw new TocsinError('cli.usage', {
    public: `there is no rule ${JSON.stringify(what)}; \`tocsin rules list\` shows their ids, and a file ends in .yml`,
  })
}

type RunConfig = {
  readonly dataDir: string
  readonly flags: BacktestFlags
  readonly budget: number | null
}

async function run(chosen: Chosen, { dataDir, flags, budget }: RunConfig): Promise<Result> {
  const range = parseRange(flags, systemClock.nowMs())
  const replay = openReplay({ rules: chosen.rules, budget })
  const found: Found[] = []
  const take = (all: readonly Found[]) => {
    for (const one of all) {
      const { rule, timeMs } = one.finding
      const isShown = timeMs >= range.fromMs && timeMs < range.toMs
      if (isShown && chosen.asked.has(rule)) found.push(one)
    }
  }
  let [events, firstMs, lastMs] = [0, Number.POSITIVE_INFINITY, 0]
  for await (const event of readDirectoryEvents(dataDir)) {
    const said = parseDisposition(event)
    if (said?.isFinal) replay.dispose(said.entity, said.isNormal, event.time)
    take(replay.step(event))
    if (event.kind.startsWith('tocsin.')) continue
    events += 1
    firstMs = Math.min(firstMs, event.time)
    lastMs = Math.max(lastMs, event.time)
  }
  if (events === 0) {
    throw new TocsinError('cli.usage', { public: `the log in ${dataDir} has no events yet` })
  }
  const fromMs = Math.max(firstMs, range.fromMs)
  const toMs = Math.max(fromMs, Math.min(lastMs, range.toMs))
  const learning = { days: (fromMs - firstMs) / DAY_MS, of: wantedDays(chosen) }
  return { rules: [...chosen.asked], events, firstMs, lastMs, fromMs, toMs, learning, found }
}

/** Days of history that the rules want before they are sure. */
function wantedDays({ rules, asked }: Chosen): number {
  const wanted = rules
    .filter(rule => asked.has(rule.id))
    .map(rule => (rule.kind === 'correlation' ? rule.baselineMs : 0))
  return Math.max(0, ...wanted) / DAY_MS
}

function cautionsOf({ learning, found, toMs, firstMs, events, fromMs }: Result): readonly string[] {
  const lines: string[] = []
  const days = (toMs - firstMs) / DAY_MS
  if (learning.of > 0 && days < learning.of) {
    lines.push(
      `The log goes back ${days.toFixed(1)} days; ${learning.of} are wanted for a baseline, so it finds less, ` +
        'and is less sure, than it will.',
    )
  } else if (learning.days < learning.of) {
    lines.push(
      `What is found in the first days rests on less than ${learning.of} days of baseline: ` +
        `${learning.days.toFixed(1)} days lie before ${day(fromMs)}.`,
    )
  }
  if (found.length === 0) lines.push(`Nothing would have been found in ${events} events.`)
  return lines
}

function toJson({ found, ...rest }: Result): object {
  return { ...rest, findings: found.map(findingLine), perDay: perDay(found) }
}

type DayRow = {
  readonly day: string
  readonly findings: number
  readonly entities: number
  /** Findings that made an alert or joined one. */
  readonly alerted: number
}

function perDay(found: readonly Found[]): readonly DayRow[] {
  const days = Map.groupBy(found, ({ finding }) => day(finding.timeMs))
  return [...days]
    .map(([name, all]) => ({
      day: name,
      findings: all.length,
      entities: entitiesOf(all).size,
      alerted: all.filter(({ alert }) => alert !== null).length,
    }))
    .sort((a, b) => (a.day < b.day ? -1 : 1))
}

function entitiesOf(found: readonly Found[]): ReadonlyMap<string, readonly Found[]> {
  return Map.groupBy(found, ({ finding: { entity } }) => `${entity.type}:${entity.id}`)
}

function printResult(result: Result, width: number): string {
  const { found, events, fromMs, toMs, rules } = result
  const days = Math.max(1, (toMs - fromMs) / DAY_MS)
  const name = rules.length === 1 ? rules[0] : `${rules.length} rules`
  const head =
    `${name} over ${events} events, ${day(fromMs)} to ${day(toMs)}: ${found.length} findings ` +
    `about ${entitiesOf(found).size} entities, ${(found.length / days).toFixed(1)} a day\n`
  if (found.length === 0) return head
  const byDay = perDay(found).map(row => [
    row.day,
    String(row.findings),
    String(row.entities),
    String(row.alerted),
  ])
  return [
    head,
    printTable(['day', 'findings', 'entities', 'in alerts'], byDay, width),
    printEntities(found, width),
    printExamples(found),
  ].join('\n')
}

function printEntities(found: readonly Found[], width: number): string {
  const rows = [...entitiesOf(found)]
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, ENTITIES_SHOWN)
    .map(([key, all]) => [
      key,
      String(all.length),
      String(Math.round(Math.max(...all.map(({ finding }) => finding.score)))),
      moment(all[0]?.finding.timeMs ?? 0),
      moment(all.at(-1)?.finding.timeMs ?? 0),
    ])
  return printTable(['entity', 'findings', 'heaviest', 'first', 'last'], rows, width)
}

/** The heaviest, each with its newest event, which `tocsin events search` shows. */
function printExamples(found: readonly Found[]): string {
  return [...found]
    .sort((a, b) => b.finding.score - a.finding.score)
    .slice(0, EXAMPLES_SHOWN)
    .map(({ finding: { timeMs, score, eventIds, sentence } }) => {
      const head = `${moment(timeMs)}  score ${Math.round(score)}  event ${eventIds.at(-1) ?? '-'}`
      return `${head}\n  ${visible(sentence)}\n`
    })
    .join('')
}

function day(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}

function moment(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')
}
