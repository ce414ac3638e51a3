// `tocsin entities`: who is riskiest, and one of them on a page: who it is, what it does now beside
// what is expected, its usual week, how its score comes about, what is in force against it.

import type { EntityView } from '@tocsin/detect/detect'
import { type EntityRef, entityKey, type Finding, parseEntityKey } from '@tocsin/detect/finding'
import type { Risk } from '@tocsin/detect/risk'
import type { AlertSummary, EntityRisk } from '../watch/watch.ts'
import { clientFor, parseAnswer } from './client.ts'
import { parseLimit } from './events.ts'
import { EXIT, type ExitCode, type Io, type Json } from './io.ts'
import { amount, moment, shellWord, shownName, span, tenths, textWidth, wrap } from './say-plain.ts'
import { printTable, visible } from './table.ts'

type Seen = {
  readonly values: readonly (string | null)[]
  readonly requests: number
  readonly firstMs: number
  readonly lastMs: number
}

type Baseline = EntityView['baselines'][number]

export type EntityPage = {
  readonly entity: EntityRef
  readonly identity: {
    readonly proofs: readonly Seen[]
    readonly groups: readonly Seen[]
    readonly credentials: readonly Seen[]
    readonly countries: readonly Seen[]
    readonly sessions: readonly Seen[]
    readonly addresses: readonly Seen[]
  }
  readonly activity: Omit<EntityView, 'baselines'> | null
  readonly learning: { readonly days: number; readonly of: number } | null
  readonly baselines: readonly Baseline[]
  readonly risk: Risk
  readonly findings: readonly Finding[]
  readonly alerts: readonly AlertSummary[]
  readonly decisions: readonly {
    readonly id: string
    readonly decision: string
    readonly state: string
    readonly until: number
    readonly reason: string
  }[]
  readonly nowMs: number
}

export async function listEntities(
  flags: Json & { readonly limit: string },
  io: Io,
): Promise<ExitCode> {
  const limit = String(parseLimit(flags.limit))
  const response = await clientFor(io).get('/v1/entities', { limit })
  const answer = await parseAnswer<{ readonly entities: readonly EntityRisk[] }>(response)
  if (flags.json) io.out(`${JSON.stringify(answer)}\n`)
  else if (answer.entities.length === 0) io.say('Nothing was found of anybody in 30 days.')
  else {
    const rows = answer.entities.map(({ entity, risk, findings, newest }) => [
      shownName(entityKey(entity), 50),
      risk.score.toFixed(0),
      risk.band,
      String(findings),
      moment(newest.timeMs),
      newest.sentence,
    ])
    const heads = ['entity', 'risk', 'band', 'findings', 'newest (UTC)', 'what']
    io.out(printTable(heads, rows, io.width))
  }
  return EXIT.ok
}

export async function showEntity(text: string, flags: Json, io: Io): Promise<ExitCode> {
  const { type, id } = parseEntityKey(text)
  const path = `/v1/entities/${type}/${encodeURIComponent(id)}`
  const page = await parseAnswer<EntityPage>(await clientFor(io).get(path))
  io.out(flags.json ? `${JSON.stringify(page)}\n` : printEntity(page, io.width))
  return EXIT.ok
}

export function printEntity(page: EntityPage, columns: number): string {
  const width = textWidth(columns)
  const { entity, risk } = page
  const score = `risk ${risk.score.toFixed(1)} of 100 (${risk.band})`
  return [
    `${entity.type} ${shownName(entity.id)}  ${score}\n`,
    printIdentity(page, width),
    printLearning(page, width),
    printNow(page.baselines, width),
    printWeek(page),
    printFirstSeen(page.baselines, width),
    printRisk(risk, width),
    printDecisions(page, width),
    printNext(page),
  ].join('')
}

function printIdentity({ identity, activity }: EntityPage, width: number): string {
  const { proofs, groups, credentials, countries, sessions, addresses } = identity
  const lines = [
    ['who', proofs.map(proofWords).join('; ')],
    ['groups', listed(groups)],
    ['credentials', listed(credentials)],
    ['sessions', listed(sessions)],
    ['from', listed(addresses)],
    ['countries', listed(countries)],
    ['events', activity ? eventWords(activity) : ''],
  ]
  return lines
    .filter(([, words]) => words !== '')
    .map(([name = '', words = '']) => wrap(`${name}: ${words}`, width, '  '))
    .join('')
}

function proofWords({ values }: Seen): string {
  const [type, verified, claimed] = values
  const proof = verified === 'none' ? 'not proved' : `proved by ${verified}`
  return `${type ?? 'unknown'}, ${proof}${claimed ? `, claims to be ${shownName(claimed)}` : ''}`
}

const LISTED_MAX = 4

function listed(seen: readonly Seen[]): string {
  const shown = seen.slice(0, LISTED_MAX).map(({ values }) => {
    const [first, ...rest] = values.filter(value => value !== null).map(one => shownName(one, 40))
    return rest.length === 0 ? (first ?? '') : `${first} (${rest.join(', ')})`
  })
  const left = seen.length - shown.length
  return left > 0 ? `${shown.join('; ')} and ${left} more` : shown.join('; ')
}

function eventWords({ events, firstMs, newestMs }: Omit<EntityView, 'baselines'>): string {
  return `${amount(events)} from ${moment(firstMs)} to ${moment(newestMs)} UTC`
}

function printLearning({ learning, activity, nowMs }: EntityPage, width: number): string {
  const days = learning && learning.days < learning.of
  const words = [
    days ? `learning: ${amount(Math.floor(learning.days))} of ${learning.of} days` : '',
    activity?.frozenMs
      ? `under suspicion: learns nothing for ${span(activity.frozenMs - nowMs)} more`
      : '',
  ].filter(one => one !== '')
  return words.map(one => wrap(one, width, '  ')).join('')
}

function printNow(baselines: readonly Baseline[], width: number): string {
  const rows = baselines
    .filter(({ hourOfWeek, now, expected }) => hourOfWeek.length > 0 || now > 0 || expected > 0)
    .map(({ rule, group, now, expected }) => [
      `  ${group === '' ? rule : `${rule} (${shownName(group, 30)})`}`,
      amount(now),
      amount(expected),
    ])
  if (rows.length === 0) return ''
  return `\n${printTable(['  rule', 'now', 'expected'], rows, width)}`
}

const SHADES = '░▒▓█'
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const
const HOUR_MS = 3_600_000
const HOURS = 24

/** The usual week of the baseline that knows most, the hour of now in brackets. */
export function printWeek({ baselines, nowMs }: Pick<EntityPage, 'baselines' | 'nowMs'>): string {
  const week = baselines
    .filter(({ hourOfWeek }) => hourOfWeek.length === DAYS.length * HOURS)
    .toSorted((a, b) => Math.max(...b.hourOfWeek) - Math.max(...a.hourOfWeek))[0]
  const most = week ? Math.max(...week.hourOfWeek) : 0
  if (!week || most <= 0) return ''
  // 1970 began on a Thursday.
  const now = (Math.floor(nowMs / HOUR_MS) + 3 * HOURS) % (DAYS.length * HOURS)
  const lines = DAYS.map((name, day) => {
    const cells = Array.from({ length: HOURS }, (_, hour) => {
      const at = day * HOURS + hour
      const left = at === now ? '[' : at === now + 1 && hour > 0 ? ']' : ' '
      return `${left}${shade((week.hourOfWeek[at] ?? 0) / most)}`
    })
    const isLast = now === day * HOURS + HOURS - 1
    return `  ${name} ${cells.join('')}${isLast ? ']' : ''}\n`
  })
  const hours = [0, 6, 12, 18].map(hour => String(hour).padStart(2, '0').padEnd(12)).join('')
  const rule = week.group === '' ? week.rule : `${week.rule}, ${shownName(week.group, 30)}`
  const legend = `· nothing, █ up to ${amount(most)}, [now]`
  return `\n  Usual week, UTC (${visible(rule)}): ${legend}\n       ${hours.trimEnd()}\n${lines.join('')}`
}

function shade(part: number): string {
  if (part <= 0) return '·'
  return SHADES[Math.min(SHADES.length - 1, Math.floor(part * SHADES.length))] ?? '█'
}

const FIRST_SEEN_MAX = 5

function printFirstSeen(baselines: readonly Baseline[], width: number): string {
  const seen = baselines
    .flatMap(({ firstSeen }) => firstSeen)
    .toSorted((a, b) => b.timeMs - a.timeMs)
    .slice(0, FIRST_SEEN_MAX)
  if (seen.length === 0) return ''
  const rows = seen.map(({ value, timeMs }) => [`  ${moment(timeMs)}`, shownName(value)])
  return `\n${printTable(['  seen first (UTC)', ''], rows, width)}`
}

/** Parts and criticality add up to the score, as they are shown. */
function printRisk({ parts, criticality, score }: Risk, width: number): string {
  if (parts.length === 0) return '\n  No finding in 30 days counts.\n'
  const points = tenths([...parts.map(part => part.points), criticality.points], score)
  const rows = parts.map(({ timeMs, title, findingId }, i) => [
    `  ${moment(timeMs)}`,
    title,
    points[i] ?? '',
    findingId.slice(0, 8),
  ])
  const level = ['', `criticality ${criticality.level}`, points.at(-1) ?? '', '']
  const sum = ['', 'score', score.toFixed(1), '']
  const all = criticality.points === 0 ? [...rows, sum] : [...rows, level, sum]
  return `\n${printTable(['  time (UTC)', 'finding', 'points', 'id'], all, width)}`
}

function printDecisions({ decisions, nowMs }: EntityPage, width: number): string {
  if (decisions.length === 0) return ''
  const lines = decisions.map(({ id, decision, state, until, reason }) => {
    const dry = state === 'dry_run' ? ' (dry run: nothing is enforced)' : ''
    return wrap(`${id} ${decision}${dry} for ${span(until - nowMs)} more: ${reason}`, width, '  ')
  })
  return `\n  In force\n${lines.join('')}`
}

const COMMAND_CHARS_MAX = 200

function printNext({ entity, alerts }: EntityPage): string {
  const name = entityKey(entity)
  const open = alerts.find(({ state }) => state !== 'resolved')
  const commands = [
    ...(open ? [`tocsin alerts show ${open.id.slice(0, 8)}`] : []),
    ...(name.length > COMMAND_CHARS_MAX ? [] : [`tocsin investigate ${shellWord(name)}`]),
  ]
  return commands.length === 0 ? '' : `\nNext\n${commands.map(c => `  ${c}\n`).join('')}`
}
