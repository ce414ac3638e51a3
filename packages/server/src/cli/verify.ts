// `tocsin verify`: checks a data directory, a shard or a URL without a server, against a key that
// is known from elsewhere, and says what was shown and what was not. The receipt of one event is
// receipt.ts's.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { parseCheckpoint } from '@tocsin/sdk/checkpoint'
import { TocsinError } from '@tocsin/sdk/errors'
import { directoryFetch, directoryParts, ed25519, sha256, urlFetch } from '@tocsin/sdk/node'
import { parseNote, parseVerifierKey, type VerifierKey } from '@tocsin/sdk/note'
import { type Verdict, type VerifyInput, verifyLog } from '@tocsin/sdk/verify'
import { EXIT, type ExitCode, type Io, type Json } from './io.ts'
import { findKnownLog, readRemembered, rememberCheckpoint, rememberLog } from './known-logs.ts'
import { verifyReceipt } from './receipt.ts'

type Flags = Json & {
  readonly vkey?: string
  readonly since?: string
  readonly trustDirectory?: boolean
}

type Place = {
  readonly name: string
  readonly log: VerifyInput['log']
  readonly payloads: VerifyInput['payloads'] | null
}

/** Where the key came from: what a verdict is worth. */
type Trust = { readonly key: VerifierKey; readonly from: 'file' | 'known logs' | 'directory' }

type Report = {
  readonly shard: string
  readonly verdict: Verdict
  readonly trust: Trust['from']
  readonly since: number | null
  readonly payloadsChecked: boolean
  readonly seconds: number
}

export async function verify(where: string, flags: Flags, io: Io): Promise<ExitCode> {
  const isFile = statSync(where, { throwIfNoEntry: false })?.isFile() ?? false
  if (isFile) return verifyReceipt(where, flags, io)
  const places = await findPlaces(where)
  let code: ExitCode = EXIT.ok
  for (const place of places) {
    const report = await verifyPlace(place, flags, io)
    if (flags.json) io.out(`${JSON.stringify(toJson(report))}\n`)
    else io.out(describe(report))
    if (report.verdict.kind === 'broken') code = EXIT.findings
  }
  return code
}

async function verifyPlace(place: Place, flags: Flags, io: Io): Promise<Report> {
  const started = performance.now()
  const { trust, remember } = await findTrust(place, flags, io)
  const origin = trust.key.name
  const earlier = flags.since ? readFileSync(flags.since) : readRemembered(io.env, origin)
  const since = earlier && parseCheckpoint(parseNote(earlier).text)
  const note = await place.log.fetch('checkpoint')
  const showsProgress = io.isTerminal && !flags.json
  const verdict = await verifyLog({
    log: place.log,
    ...(place.payloads ? { payloads: place.payloads } : {}),
    keys: [trust.key],
    ...(since ? { since } : {}),
    crypto: { sha256, ed25519 },
    ...(showsProgress ? { onProgress: progress(started) } : {}),
  })
  if (showsProgress) process.stderr.write('\r\u001b[K')
  if (verdict.kind === 'intact' && note && remember) {
    rememberLog(io.env, origin, remember)
    rememberCheckpoint(io.env, origin, note)
  }
  return {
    shard: place.name,
    verdict,
    trust: trust.from,
    since: since ? since.size : null,
    payloadsChecked: place.payloads !== null,
    seconds: (performance.now() - started) / 1000,
  }
}

async function findPlaces(where: string): Promise<readonly Place[]> {
  if (/^https?:\/\//.test(where)) return [await findUrl(where.replace(/\/+$/, ''))]
  const directory = resolve(where)
  if (existsSync(join(directory, 'checkpoint')) || existsSync(join(directory, 'tile'))) {
    return [shardPlace(directory)]
  }
  const logs = join(directory, 'log')
  const shards = existsSync(logs) ? readdirSync(logs).filter(name => /^\d{4}$/.test(name)) : []
  if (shards.length === 0) {
    throw new TocsinError('verify.no_log', {
      public: `${where} holds no log: there is neither log/<year>/ nor a checkpoint in it`,
    })
  }
  return shards.sort().map(shard => shardPlace(join(logs, shard)))
}

function shardPlace(directory: string): Place {
  const name = basename(directory)
  const payloads = join(dirname(dirname(directory)), 'payloads', name)
  const isBeside = basename(dirname(directory)) === 'log'
  return {
    name,
    log: directoryFetch(directory),
    payloads: isBeside ? directoryParts(payloads) : null,
  }
}

/** A server, or the folder of a shard anywhere on the web. */
async function findUrl(url: string): Promise<Place> {
  const direct = urlFetch(url)
  if (await direct.fetch('checkpoint')) return { name: basename(url), log: direct, payloads: null }
  const year = new Date().getUTCFullYear()
  for (const shard of [year, year - 1].map(String)) {
    const log = urlFetch(`${url}/log/${shard}`)
    if (await log.fetch('checkpoint')) return { name: shard, log, payloads: null }
  }
  throw new TocsinError('verify.no_log', {
    public: `${url} serves no log: neither ${url}/checkpoint nor ${url}/log/${year}/checkpoint`,
  })
}

type FoundTrust = {
  readonly trust: Trust
  /** The verifier key's line, when it is one to be known from now on. */
  readonly remember: string | null
}

async function findTrust(place: Place, flags: Flags, io: Io): Promise<FoundTrust> {
  if (flags.vkey) {
    const line = readFileSync(flags.vkey, 'utf8').trim()
    return { trust: { key: parseVerifierKey(sha256, line), from: 'file' }, remember: line }
  }
  const note = await place.log.fetch('checkpoint')
  // Only what the log is called, to look its key up; whether it is that log is what gets verified.
  const named = note ? (Buffer.from(note).toString('utf8').split('\n')[0] ?? '') : ''
  const found = await place.log.fetch('log.vkey')
  const line = found ? Buffer.from(found).toString('utf8').trim() : ''
  const origin = named || line.slice(0, line.indexOf('+'))
  const known = origin === '' ? null : findKnownLog(io.env, origin)
  if (known) {
    return { trust: { key: parseVerifierKey(sha256, known), from: 'known logs' }, remember: known }
  }
  if (flags.trustDirectory && line !== '') {
    return { trust: { key: parseVerifierKey(sha256, line), from: 'directory' }, remember: null }
  }
  throw new TocsinError('verify.no_key', {
    public:
      `${place.name}: the key of this log is not known here${origin ? ` (it says it is ${origin})` : ''}; ` +
      'give --vkey FILE, or --trust-directory to take the key that lies beside it',
  })
}

function progress(startedMs: number): (done: number, size: number) => void {
  let shown = 0
  return (done, size) => {
    const now = performance.now()
    if (now - shown < 200) return
    shown = now
    const left = ((now - startedMs) / 1000 / Math.max(done, 1)) * (size - done)
    process.stderr.write(`\r${done} of ${size} entries, ${Math.ceil(left)} s left \u001b[K`)
  }
}

const TRUST_WORDS = {
  file: 'key given by --vkey',
  'known logs': 'key from your known logs',
  directory: 'key found in the directory itself: shows only that the log agrees with itself',
} as const

function describe({ shard, verdict, trust, since, payloadsChecked, seconds }: Report): string {
  const took = `${seconds.toFixed(1)} s`
  if (verdict.kind === 'broken') {
    const where = verdict.at === null ? verdict.file : `entry ${verdict.at} (${verdict.file})`
    return (
      `BROKEN  ${shard}: ${where}\n  ${verdict.detail} (${verdict.why})\n` +
      `  ${TRUST_WORDS[trust]}; checked in ${took}\n`
    )
  }
  const { checkpoint, counts } = verdict
  const sections = payloadsChecked
    ? `${counts.sectionsMatched} of ${counts.sections} sealed sections match`
    : `${counts.sections} sealed sections not checked: they are not here`
  const past =
    since === null ? 'no earlier checkpoint known' : `contains your checkpoint of ${since}`
  return (
    `INTACT  ${checkpoint.origin}: ${checkpoint.size} entries, ${sections}\n` +
    `  root ${Buffer.from(checkpoint.root).toString('base64')}\n` +
    `  ${TRUST_WORDS[trust]}; ${past}; checked in ${took}\n`
  )
}

function toJson({ verdict, ...rest }: Report): object {
  if (verdict.kind === 'broken') return { ...rest, ...verdict }
  const { checkpoint, counts } = verdict
  const { origin, size } = checkpoint
  const root = Buffer.from(checkpoint.root).toString('base64')
  return { ...rest, kind: 'intact', origin, size, root, counts }
}
