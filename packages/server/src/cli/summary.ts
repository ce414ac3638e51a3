// `tocsin summary`: the same table from a log file, a data directory or a server. A file and a
// directory that no server owns are read here, event by event; a server is asked.

import { TocsinError } from '@tocsin/sdk/errors'
import { FIELDS } from '@tocsin/sdk/event'
import { checkQuery, compilePredicate, parseQuery } from '@tocsin/sdk/query'
import { systemClock } from '../base/clock.ts'
import { readOwner } from '../base/lock.ts'
import { foldSummary, hideOwnReads, type SummaryGroup } from '../query/query.ts'
import { parseRange } from '../show/show.ts'
import { buildClient, clientFor, parseAnswer } from './client.ts'
import { parseLimit } from './events.ts'
import { EXIT, type ExitCode, type Io, type Json } from './io.ts'
import { readDirectoryEvents } from './read-directory.ts'
import { readFileEvents } from './read-file.ts'
import { parseWhere, type Where } from './sources.ts'
import { printTable } from './table.ts'

export type SummaryFlags = Json & {
  readonly by: string
  readonly query: string
  readonly from?: string
  readonly to?: string
  readonly limit: string
  readonly format?: string
}

type Summary = {
  readonly by: readonly string[]
  readonly groups: readonly SummaryGroup[]
  /** Lines that are no events. */
  readonly refused: number
  /** False while the index of a server is behind. */
  readonly complete: boolean
}

export async function summary(text: string, flags: SummaryFlags, io: Io): Promise<ExitCode> {
  const where = parseWhere(text)
  const found = await summarise(where, flags, io)
  if (flags.json) io.out(`${JSON.stringify(found)}\n`)
  else {
    io.out(printSummary(found, io.width))
    if (found.groups.length === parseLimit(flags.limit)) {
      io.say(`At most ${flags.limit}, those with the most requests; --limit shows further.`)
    }
    if (found.refused > 0) {
      io.say(`${found.refused} lines are no events; \`tocsin capture test\` shows why.`)
    }
  }
  if (found.complete) return EXIT.ok
  io.say('Partial: the index is still catching up; ask again in a moment.')
  return EXIT.partial
}

async function summarise(where: Where, flags: SummaryFlags, io: Io): Promise<Summary> {
  if (where.kind === 'url') return askServer(where.url, flags, io)
  const url = where.kind === 'directory' ? readOwner(where.path)?.url : undefined
  if (url) return askServer(url, flags, io, where.kind === 'directory' ? where.path : undefined)
  const by = fieldsOf(flags)
  const nowMs = systemClock.nowMs()
  const range = parseRange(flags, nowMs)
  const asked = checkQuery(parseQuery(flags.query), FIELDS, nowMs)
  const matches = compilePredicate(hideOwnReads(asked))
  const fold = foldSummary(by)
  const events =
    where.kind === 'file'
      ? readFileEvents(where.path, flags.format, nowMs)
      : readDirectoryEvents(where.path)
  let refused = 0
  for await (const event of events) {
    if (event === null) refused += 1
    else if (event.time >= range.fromMs && event.time < range.toMs && matches(event))
      fold.add(event)
  }
  return { by, groups: fold.groups(parseLimit(flags.limit)), refused, complete: true }
}

async function askServer(
  url: string,
  flags: SummaryFlags,
  io: Io,
  dataDir?: string,
): Promise<Summary> {
  const client = dataDir
    ? clientFor(io, dataDir)
    : buildClient({ url, apiKey: io.env.TOCSIN_API_KEY ?? null })
  const { by, query: q, from, to, limit } = flags
  const response = await client.get('/v1/summary', { q, by, from, to, limit })
  return { refused: 0, ...(await parseAnswer<Omit<Summary, 'refused'>>(response)) }
}

function fieldsOf({ by }: SummaryFlags): readonly string[] {
  const names = by.split(',').map(name => name.trim())
  if (names.every(name => name !== '')) return names
  throw new TocsinError('cli.usage', { public: '--by takes field names, like actor.id,status' })
}

type Shown = Pick<Summary, 'by' | 'groups'>

export function printSummary({ by, groups }: Shown, width: number): string {
  const heads = [...by, 'requests', 'failures', 'bytes in', 'bytes out', 'first seen', 'last seen']
  const rows = groups.map(g => [
    ...g.group.map(value => value ?? '(none)'),
    ...[g.requests, g.failures, g.bytesIn, g.bytesOut].map(String),
    new Date(g.firstMs).toISOString().slice(0, 19),
    new Date(g.lastMs).toISOString().slice(0, 19),
  ])
  return printTable(heads, rows, width)
}
