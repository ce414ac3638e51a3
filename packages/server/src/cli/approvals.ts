// `tocsin approvals` and `tocsin responses`: what waits for an owner, what was done, and taking it
// back.

import { TocsinError } from '@tocsin/sdk/errors'
import type { Approval, Shown } from '../respond/respond.ts'
import { clientFor, parseAnswer } from './client.ts'
import { EXIT, type ExitCode, type Io, type Json } from './io.ts'
import { printTable, visible } from './table.ts'

const JSON_TYPE = 'application/json'

export async function listApprovals(flags: Json, io: Io): Promise<ExitCode> {
  const approvals = await parseAnswer<readonly Approval[]>(await clientFor(io).get('/v1/approvals'))
  if (flags.json) io.out(`${JSON.stringify(approvals)}\n`)
  else if (approvals.length === 0) io.say('Nobody waits for an approval.')
  else {
    const rows = approvals.map(({ id, actor, until, bulkRows, granted, reason }) => [
      id,
      actor,
      `${bulkRows} rows and more`,
      toMinute(until),
      granted === null
        ? 'waits'
        : `${granted.left} of ${granted.rows} rows until ${toMinute(granted.until)}`,
      reason,
    ])
    io.out(printTable(['approval', 'who', 'for', 'until', 'state', 'why'], rows, io.width))
  }
  return EXIT.ok
}

type GrantFlags = Json & { readonly rows: string; readonly minutes: string }

export async function grantApproval(id: string, flags: GrantFlags, io: Io): Promise<ExitCode> {
  const rows = parseCount(flags.rows, '--rows')
  const minutes = parseCount(flags.minutes, '--minutes')
  const path = `/v1/approvals/${encodeURIComponent(id)}/grant`
  const answer = await clientFor(io).post(path, JSON.stringify({ rows, minutes }), JSON_TYPE)
  const approval = await parseAnswer<Approval>(answer)
  if (flags.json) io.out(`${JSON.stringify(approval)}\n`)
  else io.say(`${visible(approval.actor)} may read ${rows} rows within ${minutes} minutes.`)
  return EXIT.ok
}

export async function listResponses(flags: Json, io: Io): Promise<ExitCode> {
  const responses = await parseAnswer<readonly Shown[]>(await clientFor(io).get('/v1/responses'))
  if (flags.json) io.out(`${JSON.stringify(responses)}\n`)
  else if (responses.length === 0) io.say('Nothing was done.')
  else io.out(printTable(HEADS, responses.map(toRow), io.width))
  return EXIT.ok
}

const HEADS = ['response', 'state', 'who', 'session', 'decision', 'since', 'until', 'by', 'why']

function toRow(response: Shown): readonly string[] {
  const { id, state, actor, session, decision, since, until, by, rule, reason, undone } = response
  return [
    id,
    undone === null ? state : `undone by ${undone.by}`,
    actor,
    session ?? '',
    decision,
    toMinute(since),
    toMinute(until),
    rule ?? by,
    response.heldBack ?? reason,
  ]
}

type UndoFlags = Json & { readonly reason: string }

export async function undoResponse(id: string, flags: UndoFlags, io: Io): Promise<ExitCode> {
  const path = `/v1/responses/${encodeURIComponent(id)}/undo`
  const body = JSON.stringify({ reason: flags.reason })
  const undone = await parseAnswer<Shown>(await clientFor(io).post(path, body, JSON_TYPE))
  if (flags.json) io.out(`${JSON.stringify(undone)}\n`)
  else io.say(`${id} is undone: ${visible(undone.actor)} goes on as before.`)
  return EXIT.ok
}

function toMinute(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16)}Z`
}

function parseCount(text: string, flag: string): number {
  const count = Number(text)
  if (Number.isSafeInteger(count) && count > 0) return count
  throw new TocsinError('cli.usage', { public: `${flag} takes a whole number from 1 on` })
}
