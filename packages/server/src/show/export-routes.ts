// What a question finds as a file. That somebody exports is in the log before the first byte
// leaves, and the manifest, which says what exactly left, before the last: whoever holds the file
// and the log can show that they belong together. A caller who leaves early is recorded with what
// they got.

import { createHash, type Hash } from 'node:crypto'
import { Readable } from 'node:stream'
import { TocsinError } from '@tocsin/sdk/errors'
import { FIELD_BY_NAME, type Field } from '@tocsin/sdk/event'
import { Type } from 'typebox'
import { EXPORT_PAGE_EVENTS, EXPORT_ROWS_MAX } from '../base/limits.ts'
import { type FoundEvent, nearestField, type PageCursor, type TimeRange } from '../query/query.ts'
import type { App, RouteDeps } from './app.ts'
import { csvHead, csvLine } from './csv.ts'
import { pickFields } from './event-fields.ts'
import { findSettled, withIntegrity } from './found-event.ts'
import type { Caller } from './gate.ts'
import { indexCaughtUp } from './index-wait.ts'
import { actorOf, recordedText, recordLook, recordOwn } from './look.ts'
import { MANIFEST } from './question-schemas.ts'
import { parseRange, RANGE } from './range.ts'
import { PROBLEMS } from './schemas.ts'
import { sealedWithin } from './seal-wait.ts'

type Format = 'ndjson' | 'csv'

type Export = {
  readonly id: string
  readonly query: string
  readonly range: TimeRange
  readonly format: Format
  /** null for whole events. */
  readonly fields: readonly Field[] | null
  /** Entries below this leaf index. */
  readonly below: number
}

const TYPES: { readonly [format in Format]: string } = {
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
}
const FORMAT = Type.Enum(['ndjson', 'csv'], { description: 'Default: ndjson' })
const CSV_FIELDS = [
  ...['time', 'id', 'kind', 'outcome', 'actor.type', 'actor.id', 'actor.verified', 'agent.id'],
  ...['onBehalfOf.id', 'operation', 'system', 'model.served', 'resource.id', 'tool.name'],
  ...['source.ip', 'endpoint', 'status', 'reasonCode', 'rows', 'bytes.in', 'bytes.out'],
  ...['usage.in', 'usage.out', 'costMicros', 'durationMs'],
]
const FIELDS_MAX = 100
export const EXPORT_HEADER = 'x-tocsin-export'

export function exportRoutes(app: App, deps: RouteDeps): void {
  exportRoute(app, deps)
  manifestRoute(app, deps)
}

function exportRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'What a question finds, as a file',
    description:
      'Newest first. The header x-tocsin-export names the manifest: GET /v1/exports/{id}, there as ' +
      'soon as the last byte is.',
    querystring: Type.Object({
      ...RANGE,
      format: Type.Optional(FORMAT),
      fields: Type.Optional(
        Type.String({
          description: 'Fields, comma-separated; default whole events, or for csv 25',
        }),
      ),
    }),
    response: PROBLEMS,
  }
  app.get('/v1/events/export', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'read')
    const { q = '*', format = 'ndjson', fields, ...asked } = request.query
    const names = fields?.split(',').map(name => name.trim())
    const range = parseRange(asked, deps.clock.nowMs())
    const columns = names ?? (format === 'csv' ? CSV_FIELDS : null)
    const wanted = { query: q, range, format, fields: columns && parseFields(columns) }
    const made = { ...wanted, id: newId(deps), below: deps.log.size }
    await admitExport(deps, caller, made)
    return reply
      .header(EXPORT_HEADER, made.id)
      .header('content-disposition', `attachment; filename="events-${made.id}.${format}"`)
      .type(TYPES[format])
      .send(Readable.from(bytesOf(deps, caller, made), { objectMode: false }))
  })
}

/** Whole or not at all: what is durable is waited for, and too much is refused with its count. */
async function admitExport(deps: RouteDeps, caller: Caller, made: Export): Promise<void> {
  const { query, range, below, id } = made
  if (deps.query.indexed < below && !(await indexCaughtUp(deps.query))) {
    throw new TocsinError('query.catching_up', {
      public: `the index has read ${deps.query.indexed} of ${below} entries; an export must have all`,
    })
  }
  const rows = await deps.query.count({ text: query, range, below })
  if (rows > EXPORT_ROWS_MAX) {
    throw new TocsinError('http.bad_request', {
      public: `the query finds ${rows} events and an export takes ${EXPORT_ROWS_MAX}; narrow the query or its range`,
      field: 'q',
    })
  }
  await recordLook(deps, caller, { operation: 'event.export', what: { query, export: id, rows } })
}

type Sent = { rows: number; bytes: number; readonly hash: Hash }

/** The last piece is held back until the manifest is durable. */
async function* bytesOf(deps: RouteDeps, caller: Caller, made: Export): AsyncGenerator<Buffer> {
  const sent: Sent = { rows: 0, bytes: 0, hash: createHash('sha256') }
  let isRecorded = false
  let held: Buffer | null = null
  try {
    for await (const { text, rows } of piecesOf(deps, made)) {
      if (held) yield held
      held = Buffer.from(text)
      sent.rows += rows
      sent.bytes += held.length
      sent.hash.update(held)
    }
    await sealedWithin(deps.log, made.below)
    isRecorded = true
    await recordExport(deps, caller, { made, sent, outcome: 'success' })
    if (held) yield held
  } finally {
    if (!isRecorded) await recordExport(deps, caller, { made, sent, outcome: 'failure' })
  }
}

type Piece = { readonly text: string; readonly rows: number }

async function* piecesOf({ query, log }: RouteDeps, made: Export): AsyncGenerator<Piece> {
  const { fields, format, below, range } = made
  if (format === 'csv') yield { text: csvHead(fields ?? []), rows: 0 }
  const lineOf = (found: FoundEvent) => {
    if (!fields) return `${withIntegrity(found, log.origin)}\n`
    const event: unknown = JSON.parse(found.json)
    return format === 'csv'
      ? csvLine(event, fields)
      : `${JSON.stringify(pickFields(event, fields))}\n`
  }
  const asked = { text: made.query, range, limit: EXPORT_PAGE_EVENTS, below }
  let after: PageCursor | null = null
  do {
    const page: Awaited<ReturnType<typeof query.search>> = await query.search({
      ...asked,
      ...(after ? { after } : {}),
    })
    if (page.events.length > 0) {
      yield { text: page.events.map(lineOf).join(''), rows: page.events.length }
    }
    after = page.next
  } while (after)
}

type Ended = {
  readonly made: Export
  readonly sent: Sent
  readonly outcome: 'success' | 'failure'
}

async function recordExport(
  { record, clock, seals, log }: RouteDeps,
  caller: Caller,
  { made, sent, outcome }: Ended,
): Promise<void> {
  const { id, query, range, format, fields, below } = made
  const { size = 0, root = '' } = seals.newest ?? {}
  await recordOwn(record, {
    kind: 'tocsin.export',
    id,
    time: clock.nowMs(),
    outcome,
    actor: actorOf(caller),
    operation: 'event.export',
    system: 'tocsin',
    rows: sent.rows,
    bytes: { out: sent.bytes },
    ext: {
      tocsin: {
        export: {
          ...{ query: recordedText(query), from: range.fromMs, to: range.toMs, format },
          fields: fields ? fields.map(({ path }) => path).join(',') : null,
          ...{ below, rows: sent.rows, bytes: sent.bytes, sha256: sent.hash.digest('hex') },
          log: { origin: log.origin, size, root },
        },
      },
    },
  })
}

function manifestRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'What an export was: its question, how much, the hash of its bytes',
    params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
    response: { 200: MANIFEST, ...PROBLEMS },
  }
  app.get('/v1/exports/:id', { schema }, async request => {
    const caller = deps.gate.admit(request, 'read')
    const { id } = request.params
    const found = await findSettled(deps, id)
    const manifest = found && parseManifest(found)
    await recordLook(deps, caller, {
      operation: 'export.open',
      what: { export: id, rows: manifest ? 1 : 0 },
    })
    if (manifest) return manifest
    throw new TocsinError('event.unknown', {
      public: `no export has the id ${id.slice(0, 64)}, or it has not ended yet`,
    })
  })
}

/** null for an event that is no export; only this server can have written one. */
function parseManifest({ json, index }: FoundEvent): object | null {
  const event = JSON.parse(json)
  const made = event.ext?.tocsin?.export
  if (event.kind !== 'tocsin.export' || !made) return null
  const { id, time, outcome, actor } = event
  return { id, index, timeMs: time, by: actor.id, finished: outcome === 'success', ...made }
}

function parseFields(names: readonly string[]): readonly Field[] {
  if (names.length > FIELDS_MAX) {
    throw new TocsinError('query.bad_value', {
      public: `an export has at most ${FIELDS_MAX} fields; leave \`fields\` out for whole events`,
      field: 'fields',
    })
  }
  return names.map(name => {
    const field = FIELD_BY_NAME.get(name)
    if (field) return field
    const near = nearestField(name, () => true)
    const hint = near === null ? 'docs/spec/event.md has them all' : `did you mean ${near}?`
    throw new TocsinError('query.unknown_field', {
      public: `${JSON.stringify(name.slice(0, 60))} is not a field; ${hint}`,
      field: 'fields',
    })
  })
}

/** UUIDv4 (RFC 9562 §5.4). */
function newId({ entropy }: RouteDeps): string {
  const bytes = Buffer.from(entropy.bytes(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
