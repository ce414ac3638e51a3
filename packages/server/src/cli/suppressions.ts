// `tocsin alerts suppress`: what is held back from the inbox, by whom, why and until when.

import { TocsinError } from '@tocsin/sdk/errors'
import { systemClock } from '../base/clock.ts'
import type { ShownSuppression } from '../watch/watch.ts'
import { clientFor, parseAnswer } from './client.ts'
import { EXIT, type ExitCode, type Io, type Json } from './io.ts'
import { moment, shownName } from './say-plain.ts'
import { printTable } from './table.ts'

type SuppressFlags = Json & {
  readonly rule?: string
  readonly entity?: string
  readonly for: string
  readonly reason: string
}

/** As the server lists it, with how many alerts it holds back now. */
type Listed = ShownSuppression & { readonly alerts: number }

const UNIT_MS: { readonly [unit: string]: number } = {
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
}

export async function suppress(flags: SuppressFlags, io: Io): Promise<ExitCode> {
  const { rule, entity, reason } = flags
  const body = {
    ...(rule === undefined ? {} : { rule }),
    ...(entity === undefined ? {} : { entity }),
    until: systemClock.nowMs() + parseSpan(flags.for),
    reason,
  }
  const text = JSON.stringify(body)
  const response = await clientFor(io).post('/v1/suppressions', text, 'application/json')
  const made = await parseAnswer<Listed>(response)
  if (flags.json) io.out(`${JSON.stringify(made)}\n`)
  else {
    io.say(`${made.id} holds back ${alertsOf(made)} until ${moment(made.untilMs)} UTC.`)
    io.say(`\`tocsin alerts lift ${made.id}\` takes it back.`)
  }
  return EXIT.ok
}

function parseSpan(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,4})([hdw])$/.exec(text) ?? []
  if (digits !== undefined) return Number(digits) * (UNIT_MS[unit] ?? 0)
  throw new TocsinError('cli.usage', { public: '--for takes hours, days or weeks, like 12h or 7d' })
}

function alertsOf({ alerts }: Listed): string {
  return alerts === 1 ? '1 alert' : `${alerts} alerts`
}

export async function listSuppressions(flags: Json, io: Io): Promise<ExitCode> {
  const response = await clientFor(io).get('/v1/suppressions')
  const { suppressions } = await parseAnswer<{ readonly suppressions: readonly Listed[] }>(response)
  if (flags.json) io.out(`${JSON.stringify({ suppressions })}\n`)
  else if (suppressions.length === 0) io.say('Nothing is suppressed.')
  else {
    const heads = ['suppression', 'state', 'until (UTC)', 'alerts', 'rule', 'of', 'by', 'why']
    io.out(printTable(heads, suppressions.map(rowOf), io.width))
  }
  return EXIT.ok
}

function rowOf(one: Listed): readonly string[] {
  const { id, state, untilMs, alerts, rule, entity, by, reason } = one
  return [
    id,
    state.replace('_', ' '),
    moment(untilMs),
    String(alerts),
    rule ?? 'any',
    entity === null ? 'anything' : shownName(`${entity.type}:${entity.id}`, 40),
    by,
    shownName(reason, 60),
  ]
}

export async function liftSuppression(id: string, flags: Json, io: Io): Promise<ExitCode> {
  await clientFor(io).remove(`/v1/suppressions/${encodeURIComponent(id)}`)
  if (flags.json) io.out(`${JSON.stringify({ id, lifted: true })}\n`)
  else io.say(`${shownName(id)} is lifted: what it held back is in the inbox again.`)
  return EXIT.ok
}
