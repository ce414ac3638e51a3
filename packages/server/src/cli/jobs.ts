// `tocsin jobs`: what accounts will do, when and how much, declared so that investigations know.

import { TocsinError } from '@tocsin/sdk/errors'
import type { Job } from '../watch/watch.ts'
import { clientFor, parseAnswer } from './client.ts'
import { EXIT, type ExitCode, type Io, type Json } from './io.ts'
import { amount, moment, shownName } from './say-plain.ts'
import { printTable } from './table.ts'

type DeclareFlags = Json & {
  readonly actor: string
  readonly schedule: string
  readonly resource?: string
  readonly maxRows?: string
  readonly until?: string
}

export async function declareJob(flags: DeclareFlags, io: Io): Promise<ExitCode> {
  const { actor, schedule, resource, maxRows, until } = flags
  const body = {
    actor,
    schedule,
    ...(resource === undefined ? {} : { resource }),
    ...(maxRows === undefined ? {} : { maxRows: parseRows(maxRows) }),
    ...(until === undefined ? {} : { until }),
  }
  const response = await clientFor(io).post('/v1/jobs', JSON.stringify(body), 'application/json')
  const job = await parseAnswer<Job>(response)
  if (flags.json) io.out(`${JSON.stringify(job)}\n`)
  else {
    io.say(`${job.id} is declared: ${shownName(job.actor)}, ${job.schedule}.`)
    io.say(`\`tocsin jobs remove ${job.id}\` takes it back.`)
  }
  return EXIT.ok
}

function parseRows(text: string): number {
  const rows = Number(text.replaceAll(/[,_]/g, ''))
  if (text.trim() !== '' && Number.isSafeInteger(rows) && rows >= 0) return rows
  throw new TocsinError('cli.usage', { public: '--max-rows takes a whole number, like 50000' })
}

export async function listJobs(flags: Json, io: Io): Promise<ExitCode> {
  const jobs = await parseAnswer<readonly Job[]>(await clientFor(io).get('/v1/jobs'))
  if (flags.json) io.out(`${JSON.stringify(jobs)}\n`)
  else if (jobs.length === 0) io.say('No job is declared.')
  else {
    const rows = jobs.map(job => [
      job.id,
      shownName(job.actor, 40),
      job.resource === null ? 'anything' : shownName(job.resource, 40),
      job.schedule,
      job.maxRows === null ? 'any' : amount(job.maxRows),
      job.untilMs === null ? '' : moment(job.untilMs),
      job.by,
    ])
    const heads = ['job', 'account', 'reads', 'when', 'rows', 'until (UTC)', 'declared by']
    io.out(printTable(heads, rows, io.width))
  }
  return EXIT.ok
}

export async function removeJob(id: string, flags: Json, io: Io): Promise<ExitCode> {
  await clientFor(io).remove(`/v1/jobs/${encodeURIComponent(id)}`)
  if (flags.json) io.out(`${JSON.stringify({ id, removed: true })}\n`)
  else io.say(`${shownName(id)} is removed.`)
  return EXIT.ok
}
