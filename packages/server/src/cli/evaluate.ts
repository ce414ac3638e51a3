// `tocsin evaluate`: a labelled file of events through the whole engine in event time, and what was
// found, how late, and at the price of how many false alarms.

import type { Rule } from '@tocsin/detect/rule'
import { TocsinError } from '@tocsin/sdk/errors'
import { parseBudget, ruleDirectories } from '../config.ts'
import { readRuleDirectories } from '../watch/watch.ts'
import { type Evaluation, evaluateFile, type Score } from './evaluation/evaluation.ts'
import { EXIT, type ExitCode, type Io, type Json } from './io.ts'
import { printTable } from './table.ts'

export type EvaluateFlags = Json & {
  readonly events: string
  readonly labels: string
  readonly budget: string
  readonly rules?: string
  readonly findings?: string
}

/** Fewer days of history than this teach a baseline of the week too little. */
const LEARNING_DAYS_MIN = 7
const SHOWN_MAX = 20

export async function evaluate(flags: EvaluateFlags, io: Io): Promise<ExitCode> {
  const { events, labels, findings } = flags
  const budget = parseBudget(flags.budget)
  const rules = readRules(flags.rules, io)
  const out = findings === undefined ? {} : { findings }
  const evaluation = await evaluateFile({ events, labels, rules, budget, ...out })
  if (flags.json) io.out(`${JSON.stringify(evaluation)}\n`)
  else io.out(printEvaluation(evaluation, io.width))
  for (const caution of cautionsOf(evaluation)) io.say(caution)
  return EXIT.ok
}

/** The product's rules and those of a directory beside them. */
export function readRules(own: string | undefined, io: Io): readonly Rule[] {
  const directories = ruleDirectories(own)
  const { rules, problems } = readRuleDirectories(directories)
  for (const { text } of problems) io.say(`rule not used: ${text}`)
  if (rules.length > 0) return rules
  throw new TocsinError('cli.usage', {
    public: `no rule in ${directories.join(' and ')} can be used; name a directory of rules with --rules`,
  })
}

export function cautionsOf(evaluation: Evaluation): readonly string[] {
  const { events, learningDays, labelsWithoutEvents, score } = evaluation
  const lines: string[] = []
  if (events.refused > 0) {
    lines.push(`Lines that are no events: ${events.refused}. ${events.reasons.join('. ')}.`)
  }
  if (learningDays < LEARNING_DAYS_MIN) {
    lines.push(
      `Only ${learningDays.toFixed(1)} days of events come before the first attack: baselines of the week ` +
        'need at least 7, better 30, so findings by them count less here.',
    )
  }
  if (labelsWithoutEvents > 0) {
    lines.push(
      `Labels that name events of which none is in the file: ${labelsWithoutEvents}; do both belong together?`,
    )
  }
  if (score.attacks === 0) lines.push('No label is of an attack: there is nothing to be found.')
  return lines
}

export function printEvaluation(evaluation: Evaluation, width: number): string {
  const { score } = evaluation
  const parts = [
    printInput(evaluation),
    printKinds(score, width),
    printWorth(evaluation),
    printMissed(score, width),
    printFalse(score, width),
  ]
  return parts.filter(part => part !== '').join('\n')
}

function printInput({ events, rules, findings, learningDays, score }: Evaluation): string {
  const rest = [
    events.refused > 0 ? `lines refused: ${events.refused}` : '',
    events.duplicates > 0 ? `${events.duplicates} sent twice` : '',
    events.wereSorted ? '' : 'sorted by time',
  ].filter(text => text !== '')
  return lines([
    [
      'Events',
      `${events.count} in ${number(score.days)} days, ${minute(events.firstMs)} to ${minute(events.lastMs)}` +
        rest.map(text => `; ${text}`).join(''),
    ],
    ['Learning', `${number(learningDays)} days before the first attack`],
    ['Rules', `${rules}, which made ${findings} findings and ${score.alerts.length} alerts`],
  ])
}

function printKinds({ byKind, attacks, found }: Score, width: number): string {
  const heads = ['kind', 'strength', 'campaigns', 'found', 'after minutes', 'after events']
  const rows = byKind.map(row => [
    row.kind,
    row.strength === null ? '-' : String(row.strength),
    String(row.campaigns),
    String(row.found),
    row.delayMinutesMedian === null ? '-' : number(row.delayMinutesMedian),
    row.delayEventsMedian === null ? '-' : number(row.delayEventsMedian),
  ])
  return printTable(heads, [...rows, ['all', '', String(attacks), String(found), '', '']], width)
}

function printWorth({ alertBook, score }: Evaluation): string {
  const { falseAlertsPerDay, falseOnLookAlikes, falseBesideAttacks, lookAlikes, atBudget } = score
  const other = score.falseAlerts - falseOnLookAlikes
  return lines([
    [
      'Alerts',
      `${number(score.alertsPerDay)} a day at a budget of ${score.budget}; over the last 14 days ` +
        `${number(alertBook.realisedPerDay)}, expected ${number(alertBook.expectedPerDay)} at threshold ` +
        number(alertBook.threshold),
    ],
    [
      'False alerts',
      `${number(falseAlertsPerDay)} a day: ${falseOnLookAlikes} on look-alikes, ${other} others` +
        (falseBesideAttacks > 0 ? ` (${falseBesideAttacks} by events of an attack)` : ''),
    ],
    ['Look-alikes', `${lookAlikes.alerted} of ${lookAlikes.campaigns} alerted`],
    ['Precision', `${percent(score.precision)}; recall ${percent(score.recall)}`],
    [
      'At the budget',
      `precision ${percent(atBudget.precision)}, recall ${percent(atBudget.recall)} of the ` +
        `${atBudget.entities} heaviest entities, with or without an alert`,
    ],
  ])
}

function printMissed({ campaigns }: Score, width: number): string {
  const missed = campaigns.filter(one => !one.found && !one.isLookAlike)
  if (missed.length === 0) return ''
  const rows = missed
    .slice(0, SHOWN_MAX)
    .map(one => [
      one.campaign,
      one.kind,
      one.strength === null ? '-' : String(one.strength),
      one.entities.slice(0, 3).join(', '),
      minute(one.start),
      one.best ? `${one.best.rule} ${number(one.best.score)}` : 'none',
    ])
  const heads = ['not found', 'kind', 'strength', 'entities', 'start', 'heaviest finding']
  return printTable(heads, rows, width)
}

function printFalse({ alerts }: Score, width: number): string {
  const wrong = alerts.filter(one => one.verdict !== 'attack')
  if (wrong.length === 0) return ''
  const rows = [...wrong]
    .sort((a, b) => b.score - a.score)
    .slice(0, SHOWN_MAX)
    .map(one => [
      one.entity,
      minute(one.openedMs),
      number(one.score),
      one.verdict === 'look-alike' ? one.campaigns.join(', ') : '',
      one.rules.join(', '),
      one.sentence,
    ])
  const heads = ['false alert', 'opened', 'score', 'look-alike', 'rules', 'because it']
  return printTable(heads, rows, width)
}

function lines(rows: readonly (readonly [head: string, text: string])[]): string {
  return rows.map(([head, text]) => `${head.padEnd(14)} ${text}\n`).join('')
}

function number(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1)
}

function percent(value: number | null): string {
  return value === null ? '-' : `${(100 * value).toFixed(0)} %`
}

function minute(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')
}
