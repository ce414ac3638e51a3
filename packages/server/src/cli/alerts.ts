// `tocsin alerts`: what was noticed, as a person reads it in ten seconds, and what they say of it.

import type { Finding } from '@tocsin/detect/finding'
import { TocsinError } from '@tocsin/sdk/errors'
import { type AlertDetail, type AlertPage, type Disposed, questionFor } from '../watch/watch.ts'
import { type Client, clientFor, parseAnswer } from './client.ts'
import { parseLimit } from './events.ts'
import { EXIT, type ExitCode, type Io, type Json } from './io.ts'
import {
  amount,
  clock,
  moment,
  shellWord,
  shownName,
  tenths,
  textWidth,
  wrap,
} from './say-plain.ts'
import { printTable } from './table.ts'

const SHORT_ID = 8

type ListFlags = Json & {
  readonly state?: string
  readonly entity?: string
  readonly from?: string
  readonly to?: string
  readonly limit: string
}

type Budget = {
  readonly perDay: number
  readonly threshold: number
  readonly expectedPerDay: number
  readonly realisedPerDay: number
}

export async function listAlerts(q: string, flags: ListFlags, io: Io): Promise<ExitCode> {
  const { state, entity, from, to } = flags
  const limit = String(parseLimit(flags.limit))
  const response = await clientFor(io).get('/v1/alerts', {
    ...(q === '' ? {} : { q }),
    ...{ state, entity, from, to, limit },
  })
  const page = await parseAnswer<AlertPage & { readonly budget: Budget }>(response)
  if (flags.json) {
    io.out(`${JSON.stringify(page)}\n`)
    return EXIT.ok
  }
  if (page.alerts.length === 0) io.say('No alert fits.')
  else {
    const rows = page.alerts.map(alert => [
      alert.id.slice(0, SHORT_ID),
      moment(alert.openedMs),
      alert.disposition === null ? alert.state : `${alert.state}: ${alert.disposition}`,
      alert.score.toFixed(0),
      String(alert.findings),
      alert.sentence,
    ])
    const heads = ['alert', 'since (UTC)', 'state', 'score', 'findings', 'what']
    io.out(printTable(heads, rows, io.width))
  }
  const { open, acknowledged, resolved } = page.counts
  const { perDay, threshold, expectedPerDay, realisedPerDay } = page.budget
  const held = page.suppressed === 0 ? '' : ` ${page.suppressed} suppressed.`
  io.say(`${open} open, ${acknowledged} acknowledged, ${resolved} resolved.${held}`)
  io.say(
    `Budget ${amount(perDay)} alerts a day: threshold ${amount(threshold)}, ` +
      `expected ${amount(expectedPerDay)}, lately ${amount(realisedPerDay)} a day.`,
  )
  if (page.next !== null) io.say(`The newest ${page.alerts.length}; --limit shows further.`)
  return EXIT.ok
}

export async function showAlert(id: string, flags: Json, io: Io): Promise<ExitCode> {
  const response = await clientFor(io).get(`/v1/alerts/${encodeURIComponent(id)}`)
  const alert = await parseAnswer<AlertDetail & { readonly decisions: readonly Done[] }>(response)
  io.out(flags.json ? `${JSON.stringify(alert)}\n` : printAlert(alert, io.width))
  return EXIT.ok
}

type NoteFlags = Json & { readonly note?: string }

export async function acknowledgeAlert(id: string, flags: NoteFlags, io: Io): Promise<ExitCode> {
  const alert = await say(clientFor(io), id, { path: 'ack', body: noteOf(flags) })
  return tell(alert, `${short(alert)} is acknowledged.`, flags, io)
}

export async function reopenAlert(id: string, flags: NoteFlags, io: Io): Promise<ExitCode> {
  const alert = await say(clientFor(io), id, { path: 'reopen', body: noteOf(flags) })
  return tell(alert, `${short(alert)} is open again.`, flags, io)
}

type AssignFlags = NoteFlags & { readonly to?: string }

export async function assignAlert(id: string, flags: AssignFlags, io: Io): Promise<ExitCode> {
  const { to = null } = flags
  const body = { to, ...noteOf(flags) }
  const alert = await say(clientFor(io), id, { path: 'assign', body })
  return tell(alert, `${short(alert)} has ${shownName(to ?? 'nobody')} now.`, flags, io)
}

type ResolveFlags = NoteFlags & {
  readonly as: string
  readonly cause: string
  readonly rowsPrevented?: string
  readonly costPrevented?: string
}

export async function resolveAlert(id: string, flags: ResolveFlags, io: Io): Promise<ExitCode> {
  const { as, cause, rowsPrevented, costPrevented } = flags
  const rows = rowsPrevented === undefined ? null : parseFigure(rowsPrevented, '--rows-prevented')
  const cost = costPrevented === undefined ? null : parseFigure(costPrevented, '--cost-prevented')
  const body = {
    as,
    cause,
    ...(rows === null ? {} : { rowsPrevented: Math.round(rows) }),
    ...(cost === null ? {} : { costMicrosPrevented: Math.round(cost * MICROS) }),
    ...noteOf(flags),
  }
  const alert = await say(clientFor(io), id, { path: 'resolve', body })
  const undo = `\`tocsin alerts reopen ${short(alert)}\` takes it back.`
  return tell(alert, `${short(alert)} is resolved: ${as}, ${cause}. ${undo}`, flags, io)
}

const MICROS = 1_000_000

function parseFigure(text: string, flag: string): number {
  const value = Number(text.replaceAll(/[,_]/g, ''))
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value
  throw new TocsinError('cli.usage', { public: `${flag} takes a number from 0 on, like 48000` })
}

function noteOf({ note }: NoteFlags): { readonly note?: string } {
  return note === undefined ? {} : { note }
}

type Saying = { readonly path: string; readonly body: object }

async function say(client: Client, id: string, { path, body }: Saying): Promise<AlertDetail> {
  const where = `/v1/alerts/${encodeURIComponent(id)}/${path}`
  return parseAnswer(await client.post(where, JSON.stringify(body), 'application/json'))
}

function tell(alert: AlertDetail, sentence: string, flags: Json, io: Io): ExitCode {
  if (flags.json) io.out(`${JSON.stringify(alert)}\n`)
  else io.say(sentence)
  return EXIT.ok
}

function short({ id }: { readonly id: string }): string {
  return id.slice(0, SHORT_ID)
}

/** What was done about an alert, as the server tells it. */
type Done = {
  readonly id: string
  readonly decision: string
  readonly state: string
  readonly until: number
  readonly reason: string
}

/** The whole alert: what, why, how it came to its score, what people said, what to do next. */
export function printAlert(
  alert: AlertDetail & { readonly decisions?: readonly Done[] },
  columns: number,
): string {
  const width = textWidth(columns)
  const { entity, findings, history } = alert
  const main = findings.reduce<Finding | null>((a, b) => (a && a.score >= b.score ? a : b), null)
  const state = alert.disposition === null ? alert.state : `${alert.state} as ${alert.disposition}`
  const head = `Alert ${short(alert)}  ${state}  ${entity.type} ${shownName(entity.id, 60)}`
  return [
    `${head}\n`,
    `${moment(alert.startMs)} to ${clock(alert.lastMs, alert.startMs)} UTC\n`,
    printStanding(alert, width),
    '\n',
    wrap(alert.sentence, width),
    main ? printWhy(main, width) : '',
    '\n',
    printScore(alert, width),
    main ? printEvents(main) : '',
    history.length === 0 ? '' : `\nSaid of it\n${history.map(h => printSaid(h, width)).join('')}`,
    printDone(alert.decisions ?? [], width),
    printNext(alert),
  ].join('')
}

/** Who has it, and why it is not in the inbox. */
function printStanding({ assignee, suppressed }: AlertDetail, width: number): string {
  const whose = assignee === null ? '' : wrap(`Assigned to ${shownName(assignee)}`, width)
  if (suppressed === null) return whose
  const { by, untilMs, reason } = suppressed
  const held = `Held back by ${shownName(by)} until ${moment(untilMs)} UTC: ${reason}`
  return `${whose}${wrap(held, width)}`
}

function printWhy({ features, learning, confidence, p }: Finding, width: number): string {
  const rows = features.map(f => [`  ${f.name}`, brief(f.expected), brief(f.seen)])
  const table = printTable(['', 'expected', 'seen'], rows, width)
  const rare =
    p === null || p <= 0 ? '' : `  As rare as once in ${amount(Math.round(1 / p))} such moments.\n`
  const isYoung = learning !== null && confidence < 1
  const days = isYoung ? `${amount(Math.floor(learning.days))} of ${learning.of} days` : ''
  const counts = `counts ${Math.round(confidence * 100)} %`
  const young = isYoung ? `  Still learning: ${days}; ${counts}.\n` : ''
  return `${rows.length === 0 ? '' : `\n${table}`}${rare}${young}`
}

const BRIEF_CHARS_MAX = 36

function brief(value: number | string): string {
  return typeof value === 'string' ? shownName(value, BRIEF_CHARS_MAX) : amount(value)
}

/** Findings in the order of time, each with its points; the points add up to the score. */
function printScore({ findings, risk, score, threshold }: AlertDetail, width: number): string {
  const points = tenths(
    risk.parts.map(part => part.points),
    risk.score,
  )
  const of = new Map(risk.parts.map((part, i) => [part.findingId, points[i] ?? '']))
  const rows = findings.map(f => {
    const at = clock(f.timeMs, findings[0]?.timeMs ?? 0)
    // A rule counts once, with its heaviest finding.
    return [at, f.title, f.level, of.get(f.id) ?? '·', f.expected === null ? '' : compare(f)]
  })
  const sum = ['', 'score', '', risk.score.toFixed(1), `an alert from ${threshold.toFixed(1)} on`]
  const table = printTable(['time', 'finding', 'level', 'points', ''], [...rows, sum], width)
  // The book's own score and the sum differ only where findings were more than it keeps.
  const isOff = Math.abs(score - risk.score) >= 0.05
  return isOff ? `${table}when it was last weighed: ${score.toFixed(1)}\n` : table
}

function compare({ seen, expected }: Finding): string {
  return `${amount(seen)} instead of ${amount(expected)}`
}

function printEvents({ entity, eventCount, eventIds, startMs, timeMs }: Finding): string {
  if (eventCount === 0) return ''
  const question = questionFor(entity)
  const range = `--from ${toSecond(startMs)} --to ${toSecond(timeMs + 1000)}`
  const command =
    question === null || question.length > COMMAND_CHARS_MAX
      ? `tocsin events search id:${eventIds.at(-1) ?? ''}`
      : `tocsin events search ${shellWord(question)} ${range}`
  return `\nEvents behind it: ${amount(eventCount)}\n  ${command}\n`
}

const COMMAND_CHARS_MAX = 200

function toSecond(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

function printSaid(
  { action, cause, prevented, note, assignee, by, timeMs }: Disposed,
  width: number,
): string {
  const assigned = action === 'assigned' ? `assigned to ${shownName(assignee ?? 'nobody')}` : action
  const what = cause === null ? assigned : `${action} (${cause.replace('_', ' ')})`
  const rows = prevented.rows === null ? '' : `, ${amount(prevented.rows)} rows prevented`
  const cost =
    prevented.costMicros === null
      ? ''
      : `, cost of ${amount(prevented.costMicros / MICROS)} prevented`
  const words = note === null ? '' : `: ${note}`
  return wrap(`${moment(timeMs)} ${by}: ${what}${rows}${cost}${words}`, width, '  ')
}

function printDone(decisions: readonly Done[], width: number): string {
  if (decisions.length === 0) return ''
  const lines = decisions.map(({ id, decision, state, until, reason }) => {
    const words = `${decision} (${state.replace('_', ' ')}) until ${moment(until)}: ${reason}`
    const undo = state === 'in_force' ? `  tocsin responses undo ${shellWord(id)}\n` : ''
    return `${wrap(words, width, '  ')}${undo}`
  })
  return `\nDone about it\n${lines.join('')}`
}

function printNext(alert: AlertDetail): string {
  const id = short(alert)
  const { type, id: name } = alert.entity
  const decide =
    alert.state === 'resolved'
      ? [`tocsin alerts reopen ${id}`]
      : [
          ...(alert.state === 'open' ? [`tocsin alerts ack ${id}`] : []),
          `tocsin alerts resolve ${id} --as true --cause threat`,
          `tocsin alerts resolve ${id} --as benign --cause batch_job`,
        ]
  const commands = [
    `tocsin investigate ${id}`,
    ...(name.length > COMMAND_CHARS_MAX
      ? []
      : [`tocsin entities show ${shellWord(`${type}:${name}`)}`]),
    ...decide,
  ]
  return `\nNext\n${commands.map(command => `  ${command}\n`).join('')}`
}
