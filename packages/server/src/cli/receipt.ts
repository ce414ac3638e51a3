// `tocsin verify <id>.tlog-proof`: the receipt of one event (C2SP tlog-proof), against a key that
// is known from elsewhere. Nothing else is read: neither a server nor the log has to be there any
// more.

import { readFileSync } from 'node:fs'
import { encodeUtf8, parseBase64, parseUtf8 } from '@tocsin/sdk/bytes'
import { openCheckpoint, parseCheckpoint } from '@tocsin/sdk/checkpoint'
import { parseEntry } from '@tocsin/sdk/entry'
import { TocsinError } from '@tocsin/sdk/errors'
import { ed25519, sha256 } from '@tocsin/sdk/node'
import { parseNote, parseVerifierKey, type VerifierKey } from '@tocsin/sdk/note'
import { verifyInclusion } from '@tocsin/sdk/proof'
import { buildTreeHasher, parseLeafIndex } from '@tocsin/sdk/tlog'
import { EXIT, type ExitCode, type Io, type Json } from './io.ts'
import { findKnownLog } from './known-logs.ts'

type Flags = Json & { readonly vkey?: string }

type Receipt = {
  readonly leaf: Uint8Array
  readonly index: number
  readonly path: readonly Uint8Array[]
  /** A signed note: a claim until it is opened. */
  readonly checkpoint: string
}

/** What it proves; or why it proves nothing. */
type Verdict =
  | { readonly kind: 'proved'; readonly id: string; readonly index: number; readonly size: number }
  | { readonly kind: 'broken'; readonly detail: string }

const HEADER = 'c2sp.org/tlog-proof@v1'
const BYTES_MAX = 1_000_000
/** More than a tree of 2^53 leaves has levels. */
const PATH_MAX = 64

export async function verifyReceipt(file: string, flags: Flags, io: Io): Promise<ExitCode> {
  const receipt = parseReceipt(readFileSync(file))
  const { origin } = parseCheckpoint(parseNote(encodeUtf8(receipt.checkpoint)).text)
  const key = trustedKey(origin, flags, io)
  const verdict = await judge(receipt, key)
  if (flags.json) io.out(`${JSON.stringify({ ...verdict, origin })}\n`)
  else io.out(describe(file, verdict, key))
  return verdict.kind === 'proved' ? EXIT.ok : EXIT.findings
}

/** Throws `note.malformed`. */
export function parseReceipt(bytes: Uint8Array): Receipt {
  if (bytes.length > BYTES_MAX) throw malformed(`it is over ${BYTES_MAX} bytes`)
  const text = parseUtf8(bytes)
  const end = text.indexOf('\n\n')
  const [header, ...lines] = text.slice(0, Math.max(end, 0)).split('\n')
  if (header !== HEADER) throw malformed(`it does not begin with ${HEADER}`)
  const extra = lines[0]?.startsWith('extra ') ? lines.shift() : undefined
  if (extra === undefined) throw malformed('it does not hold the entry itself')
  const [, index] = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '') ?? []
  if (index === undefined) throw malformed('it does not say where the entry stands')
  if (lines.length > PATH_MAX) throw malformed(`it has over ${PATH_MAX} hashes`)
  return {
    leaf: parseBase64(extra.slice('extra '.length)),
    index: Number(index),
    path: lines.map(parseBase64),
    checkpoint: text.slice(end + 2),
  }
}

function malformed(why: string): TocsinError {
  return new TocsinError('note.malformed', { public: `the receipt is malformed: ${why}` })
}

function trustedKey(origin: string, flags: Flags, io: Io): VerifierKey {
  const line = flags.vkey ? readFileSync(flags.vkey, 'utf8').trim() : findKnownLog(io.env, origin)
  if (line !== null) return parseVerifierKey(sha256, line)
  throw new TocsinError('verify.no_key', {
    public: `the key of the log ${origin} is not known here; give --vkey FILE`,
  })
}

async function judge(receipt: Receipt, key: VerifierKey): Promise<Verdict> {
  const { leaf, index, path, checkpoint } = receipt
  const opened = await openCheckpoint(encodeUtf8(checkpoint), [key], ed25519)
  if (opened.kind !== 'opened') {
    return { kind: 'broken', detail: `its checkpoint proves nothing: ${opened.detail}` }
  }
  const { size, root } = opened.checkpoint
  const hasher = buildTreeHasher(sha256)
  const claim = { leaf: hasher.leaf(leaf), index: parseLeafIndex(index), head: { size, root } }
  if (!verifyInclusion(hasher, claim, path)) {
    const detail = `its hashes do not lead from the entry at ${index} to the root that was signed`
    return { kind: 'broken', detail }
  }
  const id = nameOf(leaf)
  if (id === null) return { kind: 'broken', detail: 'what it holds is in the log, and no entry' }
  return { kind: 'proved', id, index, size }
}

/** The event's id; of an entry of the log's own, its kind. */
function nameOf(leaf: Uint8Array): string | null {
  try {
    const entry = parseEntry(leaf)
    return entry.kind === 'sealed' ? entry.id : entry.control
  } catch (error) {
    if (error instanceof TocsinError) return null
    throw error
  }
}

function describe(file: string, verdict: Verdict, key: VerifierKey): string {
  if (verdict.kind === 'broken') return `BROKEN  ${file}\n  ${verdict.detail}\n`
  const { id, index, size } = verdict
  return (
    `PROVED  ${id} is entry ${index} of the log ${key.name}, signed at ${size} entries\n` +
    `  by the key ${key.name}+${key.keyId}\n`
  )
}
