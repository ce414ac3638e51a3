// `tocsin investigate`: the chain behind an alert, what came before and after, where else the same
// credential and address were, and what all of it reads like, with the reasons.

import { TocsinError } from '@tocsin/sdk/errors'
import type { Investigation } from '../watch/watch.ts'
import { type Client, clientFor, parseAnswer } from './client.ts'
import { EXIT, type ExitCode, type Io, type Json } from './io.ts'
import { amount, clock, moment, shellWord, shownName, textWidth, wrap } from './say-plain.ts'
import { printTable, visible } from './table.ts'

export type Answer = Investigation & {
  readonly decisions: readonly {
    readonly decision: string
    readonly since: number
    readonly state: string
    readonly reason: string
  }[]
  readonly complete: boolean
}

export async function investigate(what: string, flags: Json, io: Io): Promise<ExitCode> {
  const answer = await parseAnswer<Answer>(await ask(clientFor(io), what))
  io.out(flags.json ? `${JSON.stringify(answer)}\n` : printInvestigation(answer, io.width))
  if (answer.complete) return EXIT.ok
  io.say('Partial: the index is still catching up; ask again in a moment.')
  return EXIT.partial
}

/** An alert's id is hex digits, and so may be the name of an account: the alert goes first. */
async function ask(client: Client, what: string): Promise<Response> {
  const path = '/v1/investigations'
  if (!/^[0-9a-f]{4,32}$/i.test(what)) return client.get(path, { entity: what })
  try {
    return await client.get(path, { alert: what })
  } catch (error) {
    if (!(error instanceof TocsinError) || error.code !== 'alert.unknown') throw error
    return client.get(path, { entity: what })
  }
}

export function printInvestigation(answer: Answer, columns: number): string {
  const width = textWidth(columns)
  const { entity, actor, fromMs, toMs } = answer
  const who = actor === null || actor === entity.id ? '' : `, done by ${shownName(actor, 60)}`
  return [
    `${entity.type} ${shownName(entity.id, 60)}${who}\n`,
    `${moment(fromMs)} to ${clock(toMs, fromMs)} UTC\n`,
    printReading(answer, width),
    printChain(answer, width),
    printTimeLine(answer, width),
    printElsewhere(answer, width),
    printHabit(answer, width),
    printNext(answer),
  ].join('')
}

function printReading({ reading, readings, notes }: Answer, width: number): string {
  const best = readings[0]
  const said = reading === 'unclear' ? 'unclear: nothing stands out' : reading
  const lines = readings.map(one => {
    const reasons = one === best || one.name === reading ? one.reasons : one.reasons.slice(0, 2)
    const left = one.reasons.length - reasons.length
    const shown = reasons.map(({ points, text }) => wrap(`${sign(points)} ${text}`, width, '    '))
    const more = left > 0 ? `    … ${left} more, in --json\n` : ''
    return `  ${one.name} ${sign(one.points)}\n${shown.join('')}${more}`
  })
  const noted = notes.map(note => wrap(`note: ${note}`, width, '  '))
  return `\nReads like: ${said}\n${lines.join('')}${noted.join('')}`
}

function sign(points: number): string {
  return points > 0 ? `+${points}` : String(points)
}

const LINKS = ['human', 'actor', 'credential', 'session', 'agent', 'tool', 'target'] as const
const PATHS_SHOWN = 6

function printChain({ chain }: Answer, width: number): string {
  if (chain.length === 0) return ''
  const lines = chain.slice(0, PATHS_SHOWN).map(path => {
    const links = LINKS.flatMap(link => {
      const value = path[link]
      // A person who acts for themselves is one link.
      if (value === '' || (link === 'human' && value === path.actor)) return []
      return [link === 'actor' ? actorWords(path) : `${LINK_WORDS[link]}${shownName(value, 50)}`]
    })
    const from = path.source === '' ? '' : ` from ${path.source}`
    const found = path.found > 0 ? `, ${path.found} of them in a finding` : ''
    const sums = `${amount(path.count)} times, ${amount(path.rows)} rows, ${bytes(path.bytesOut)}`
    return wrap(`${links.join(' → ')}${from}: ${sums}${found}`, width, '  ')
  })
  const left = chain.length - lines.length
  return `\nChain\n${lines.join('')}${left > 0 ? `  … ${left} more, in --json\n` : ''}`
}

const LINK_WORDS: { readonly [link in (typeof LINKS)[number]]: string } = {
  human: '',
  actor: '',
  credential: 'key ',
  session: 'session ',
  agent: 'agent ',
  tool: 'tool ',
  target: '',
}

function actorWords({ actor, actorType, verified, claimed }: Answer['chain'][number]): string {
  const proof = verified === 'none' ? 'not proved' : `by ${verified}`
  const name = claimed === '' ? '' : `, claims to be ${shownName(claimed, 40)}`
  return `${shownName(actor, 50)} (${actorType}, ${proof}${name})`
}

const RUNS_SHOWN = { before: 6, during: 16, after: 6 } as const

function printTimeLine(answer: Answer, width: number): string {
  const { before, during, after, decisions, fromMs, isCut } = answer
  const rows = [
    ...before.slice(-RUNS_SHOWN.before).map(run => runRow(run, '', fromMs)),
    ...bestRuns(during).map(run => runRow(run, run.found > 0 ? '●' : '│', fromMs)),
    ...after.slice(0, RUNS_SHOWN.after).map(run => runRow(run, '', fromMs)),
  ]
  if (rows.length === 0) return ''
  const heads = ['', 'from', 'to', 'did', 'to what', 'times', 'rows', 'bytes', 'address']
  const left =
    Math.max(0, before.length - RUNS_SHOWN.before) +
    Math.max(0, during.length - RUNS_SHOWN.during) +
    Math.max(0, after.length - RUNS_SHOWN.after)
  const more = left > 0 ? `  ${left} further lines are in --json.\n` : ''
  const cut = isCut ? '  There were more events than a time line holds.\n' : ''
  const done = decisions.map(({ decision, since, state, reason }) =>
    wrap(
      `${clock(since, fromMs)} ${decision} (${state.replace('_', ' ')}): ${reason}`,
      width,
      '  ',
    ),
  )
  const answered = done.length === 0 ? '' : `Done about it\n${done.join('')}`
  const title = '\nTime line (UTC; │ the stretch in question, ● in a finding)\n'
  return `${title}${printTable(heads, rows, width)}${more}${cut}${answered}`
}

/** What findings rest on and what moved most, in the order of time. */
function bestRuns(runs: Answer['during']): Answer['during'] {
  const weight = (run: Answer['during'][number]) =>
    (run.found > 0 ? 1e15 : 0) + run.rows * 1000 + run.bytesOut / 1000 + run.count
  const kept = new Set(runs.toSorted((a, b) => weight(b) - weight(a)).slice(0, RUNS_SHOWN.during))
  return runs.filter(run => kept.has(run))
}

function runRow(run: Answer['during'][number], mark: string, dayMs: number): readonly string[] {
  const outcome = run.outcome === 'success' ? '' : ` (${run.outcome})`
  return [
    mark,
    clock(run.fromMs, dayMs),
    run.count === 1 ? '' : clock(run.toMs, dayMs),
    `${run.kind} ${run.operation}${outcome}`,
    shownName(run.target, 40),
    amount(run.count),
    run.rows === 0 ? '' : amount(run.rows),
    run.bytesOut === 0 ? '' : bytes(run.bytesOut),
    run.source,
  ]
}

const USES_SHOWN = 5

function printElsewhere({ elsewhere, sessions }: Answer, width: number): string {
  const parts = elsewhere.map(({ kind, value, uses }) => {
    const rows = uses
      .slice(0, USES_SHOWN)
      .map(use => [
        `  ${shownName(use.actor, 40)}`,
        use.address,
        shownName(use.program, 40),
        amount(use.requests),
        use.isNew ? 'new' : use.isMeanwhile ? 'also meanwhile' : 'before',
      ])
    const left = uses.length > USES_SHOWN ? `  … ${uses.length - USES_SHOWN} more, in --json\n` : ''
    const heads = ['  account', 'address', 'program', 'requests', '']
    return `\nSame ${kind} ${shownName(value)}\n${printTable(heads, rows, width)}${left}`
  })
  const names = sessions.map(({ session, address }) => `${shownName(session, 40)} from ${address}`)
  const shown = names.slice(0, USES_SHOWN).join('; ')
  return `${parts.join('')}${shown === '' ? '' : `\n${wrap(`Sessions: ${shown}`, width)}`}`
}

function printHabit({ habit, jobs, changes, fromMs }: Answer, width: number): string {
  if (!habit) return ''
  const { kind, days, weeks, usual, now } = habit
  const was = usual ? `${amount(usual.requests)} requests and ${bytes(usual.bytesOut)}` : ''
  const is = `${amount(now.requests)} and ${bytes(now.bytesOut)}`
  const usually = usual ? `; then ${was}, now ${is}` : ''
  const seen =
    kind === 'none'
      ? 'never at work at this hour in the four weeks before'
      : `at work at this hour on ${days} of 28 days before, ${weeks} of them on this weekday${usually}`
  const declared = jobs.map(({ job, isTime, isResource, isOver, rows }) => {
    const fits = isTime && isResource ? (isOver ? 'fits, but for less' : 'fits') : 'does not fit'
    const most = rows === null ? '' : `, ${amount(rows.seen)} of at most ${amount(rows.most)} rows`
    return wrap(`${job.id} (${job.schedule}${most}): ${fits}`, width, '  ')
  })
  const changed = changes
    .filter(({ isRelated }, i) => isRelated || i < 2)
    .slice(0, USES_SHOWN)
    .map(({ timeMs, by, operation, target }) =>
      wrap(`${clock(timeMs, fromMs)} ${operation} of ${target} by ${by}`, width, '  '),
    )
  return [
    `\nSchedule\n${wrap(seen, width, '  ')}`,
    declared.length === 0 ? '  no job of it is declared\n' : declared.join(''),
    changed.length === 0 ? '' : `\nReleases and settings, two days before\n${changed.join('')}`,
  ].join('')
}

const COMMAND_CHARS_MAX = 200

function printNext({ alertId, actor, entity }: Answer): string {
  const name = `${entity.type}:${entity.id}`
  const short = alertId?.slice(0, 8)
  const commands = [
    ...(short === undefined
      ? []
      : [
          `tocsin alerts resolve ${short} --as true --cause threat`,
          `tocsin alerts resolve ${short} --as benign --cause batch_job`,
        ]),
    ...(name.length > COMMAND_CHARS_MAX ? [] : [`tocsin entities show ${shellWord(name)}`]),
    ...(actor === null || actor.length > COMMAND_CHARS_MAX
      ? []
      : [`tocsin jobs declare --actor ${shellWord(actor)} --schedule "Sat 02:00-04:00 UTC"`]),
  ]
  return `\nNext\n${commands.map(command => `  ${command}\n`).join('')}`
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

function bytes(count: number): string {
  let value = count
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return visible(`${amount(value)} ${UNITS[unit]}`)
}
