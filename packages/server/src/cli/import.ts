// `tocsin import`: stores the events of a file, in a data directory that no server owns or through
// the server that owns it. Lines get their ids from where they stand, so importing again, or
// importing what was followed, stores nothing twice.

import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TocsinError } from '@tocsin/sdk/errors'
import { systemClock } from '../base/clock.ts'
import { hasCode } from '../base/durable.ts'
import { createTelemetry } from '../base/emit.ts'
import { systemEntropy } from '../base/entropy.ts'
import { readOwner } from '../base/lock.ts'
import {
  fileConsumer,
  importLines,
  openImport,
  parseFileFormat,
  type Receipt,
} from '../capture/capture.ts'
import { dataDirectory } from '../config.ts'
import { openTocsin, TENANT } from '../tocsin.ts'
import { type Client, clientFor, parseAnswer } from './client.ts'
import { EXIT, type ExitCode, type Io, type Json } from './io.ts'
import { rememberOwnLog } from './known-logs.ts'

type Flags = Json & { readonly format: string; readonly data?: string }
type Counts = { stored: number; duplicate: number; conflict: number; refused: number }

export async function importFile(path: string, flags: Flags, io: Io): Promise<ExitCode> {
  const format = parseFileFormat(flags.format)
  const dataDir = dataDirectory(flags.data, io.env)
  const isRemote = io.env.TOCSIN_URL !== undefined || readOwner(dataDir)?.url !== undefined
  const counts: Counts = { stored: 0, duplicate: 0, conflict: 0, refused: 0 }
  const started = performance.now()
  const config = { path, invalidUtf8: format.invalidUtf8 }
  try {
    const parts = { path, format: format.name, counts }
    if (isRemote) await importRemote(clientFor(io, flags.data), config, parts)
    else await importLocal(dataDir, config, parts, io)
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT') && !hasCode(cause, 'EISDIR')) throw cause
    throw new TocsinError('cli.not_found', { public: `there is no file ${path}`, cause })
  }
  const seconds = (performance.now() - started) / 1000
  if (flags.json) io.out(`${JSON.stringify({ ...counts, seconds })}\n`)
  else io.out(describe(counts, seconds))
  return counts.refused + counts.conflict === 0 ? EXIT.ok : EXIT.partial
}

type ImportParts = { readonly path: string; readonly format: string; readonly counts: Counts }
type LinesConfig = Parameters<typeof importLines>[0]

async function importLocal(
  dataDir: string,
  config: LinesConfig,
  { path, format, counts }: ImportParts,
  io: Io,
): Promise<void> {
  const telemetry = createTelemetry((_, sentence) => io.say(sentence))
  const tocsin = await openTocsin(dataDir, {
    clock: systemClock,
    entropy: systemEntropy(),
    telemetry,
    onFatal: error => {
      throw error
    },
  })
  const name = `file:${basename(path)}`
  const context = {
    tenant: TENANT,
    via: 'file',
    principal: name,
    mayAttest: true,
    keepContent: false,
  }
  try {
    rememberOwnLog(io.env, tocsin.log)
    const consumer = fileConsumer(
      { name, format, context },
      {
        ...tocsin,
        telemetry,
        clock: systemClock,
        sleep,
        onReceipt: receipt => add(counts, receipt),
      },
    )
    await importLines(config, openImport(path), consumer)
    counts.refused = telemetry.get('capture.events', { via: 'file', fate: 'refused' })
  } finally {
    await tocsin.close()
  }
}

const REMOTE_LINES_MAX = 2000

async function importRemote(
  client: Client,
  config: LinesConfig,
  { path, format, counts }: ImportParts,
): Promise<void> {
  await importLines(config, openImport(path), {
    async lines({ fingerprint, lines }) {
      for (let at = 0; at < lines.length; at += REMOTE_LINES_MAX) {
        const part = lines.slice(at, at + REMOTE_LINES_MAX)
        counts.refused += part.filter(line => line.kind === 'refused').length
        const body = {
          name: basename(path),
          format,
          fingerprint: Buffer.from(fingerprint).toString('hex'),
          lines: part.flatMap(line =>
            line.kind === 'line'
              ? [{ offset: line.offset, bytes: Buffer.from(line.bytes).toString('base64') }]
              : [],
          ),
        }
        const response = await client.post('/v1/lines', JSON.stringify(body), 'application/json')
        add(counts, await parseAnswer<Receipt>(response))
      }
    },
  })
}

function add(counts: Counts, receipt: Receipt): void {
  counts.stored += receipt.stored
  counts.duplicate += receipt.duplicate
  counts.conflict += receipt.conflict
  counts.refused += receipt.refused
}

function describe({ stored, duplicate, conflict, refused }: Counts, seconds: number): string {
  const rest = [
    duplicate > 0 ? `${duplicate} already stored` : '',
    conflict > 0 ? `${conflict} in conflict` : '',
    refused > 0 ? `${refused} refused (see quarantine/ in the data directory)` : '',
  ].filter(text => text !== '')
  return `${[`${stored} events stored`, ...rest].join(', ')}; ${seconds.toFixed(1)} s\n`
}
