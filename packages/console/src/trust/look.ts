// What a thread does to judge the log at this address. Nothing here trusts the server: the key
// comes from what the browser remembers, the files are judged by it, and all hashes are computed
// here. The three tasks: *look* (is it still the log that was seen before?), *verify* (every
// entry), *prove* (one entry). A failed proof is a verdict; these reject only when something could
// not be read.

import { encodeBase64, encodeUtf8, equalBytes, parseBase64, parseUtf8 } from '@tocsin/sdk/bytes'
import { type Checkpoint, openCheckpoint, parseCheckpoint } from '@tocsin/sdk/checkpoint'
import { parseEntry } from '@tocsin/sdk/entry'
import { TocsinError } from '@tocsin/sdk/errors'
import { parseNote, parseVerifierKey, type VerifierKey } from '@tocsin/sdk/note'
import { buildConsistencyProof, buildTileReader, verifyConsistency } from '@tocsin/sdk/proof'
import { buildTreeHasher } from '@tocsin/sdk/tlog'
import { type Verdict, type VerifyInput, verifyLog } from '@tocsin/sdk/verify'
import { count } from '../amount/amount.ts'
import { type KnownLog, knownFor, type Refusal } from './known-log.ts'

export type Ports = {
  readonly fetch: VerifyInput['log']['fetch']
  readonly crypto: VerifyInput['crypto']
}

/** What the server shows, as far as it could be read: a claim. */
export type Shown = { readonly origin: string; readonly vkey: string; readonly size: number }

export type Looked =
  /** Never seen here. `successorOf`: the key is known, from the log that stood here before. */
  | {
      readonly kind: 'first'
      readonly shown: Shown
      readonly note: string
      readonly successorOf: string | null
    }
  /** Signed by the remembered key, and it begins with what was seen before. */
  | { readonly kind: 'same'; readonly shown: Shown; readonly note: string }
  | {
      readonly kind: 'refused'
      readonly why: Refusal
      readonly file: string
      readonly at: number | null
      readonly detail: string
      /** The log of which something else is remembered; null at the first visit. */
      readonly known: string | null
      readonly shown: Shown | null
    }

export async function look(ports: Ports, logs: readonly KnownLog[]): Promise<Looked> {
  const [bytes, vkeyBytes] = await Promise.all([ports.fetch('checkpoint'), ports.fetch('log.vkey')])
  const shown = claimOf(bytes, vkeyBytes, ports)
  const known = knownFor(logs, shown?.key.name ?? null)
  const { key = null, ...claim } = shown ?? {}
  const refuse = (why: Refusal, file: string, detail: string): Looked => ({
    kind: 'refused',
    ...{ why, file, detail, at: null, known: known?.origin ?? null },
    shown: 'origin' in claim ? claim : null,
  })
  if (bytes === null) return refuse('checkpoint_missing', 'checkpoint', 'it shows no checkpoint')
  if (key === null || !('origin' in claim)) {
    return refuse('vkey_changed', 'log.vkey', 'it shows no readable key')
  }
  const pinned = known && parseVerifierKey(ports.crypto.sha256, known.vkey)
  const isSuccessor = pinned !== null && isNextShard(pinned, key)
  const trusted = pinned === null || isSuccessor ? key : pinned
  if (trusted.name !== key.name) return refuse('other_log', 'log.vkey', 'it has another name')
  if (!equalBytes(trusted.publicKey, key.publicKey)) {
    return refuse('other_key', 'log.vkey', 'it shows another key than the one remembered here')
  }
  const opened = await openCheckpoint(bytes, [trusted], ports.crypto.ed25519)
  if (opened.kind !== 'opened') {
    return refuse(`checkpoint_${opened.kind}`, 'checkpoint', opened.detail)
  }
  const note = parseUtf8(bytes)
  if (known === null || isSuccessor) {
    return { kind: 'first', shown: claim, note, successorOf: known?.origin ?? null }
  }
  const older = parseCheckpoint(parseNote(encodeUtf8(known.note)).text)
  const doubt = await continuityDoubt(ports, older, opened.checkpoint)
  if (doubt !== null) return refuse(doubt.why, doubt.file, doubt.detail)
  return { kind: 'same', shown: claim, note }
}

/** Reads what it says of itself, in case it can be read. */
function claimOf(
  note: Uint8Array | null,
  vkey: Uint8Array | null,
  { crypto }: Ports,
): (Shown & { readonly key: VerifierKey }) | null {
  if (vkey === null) return null
  try {
    const line = parseUtf8(vkey).trim()
    const key = parseVerifierKey(crypto.sha256, line)
    return { origin: key.name, vkey: line, size: sizeOf(note), key }
  } catch (error) {
    if (error instanceof TocsinError) return null
    throw error
  }
}

function sizeOf(note: Uint8Array | null): number {
  try {
    return note === null ? 0 : parseCheckpoint(parseNote(note).text).size
  } catch (error) {
    if (error instanceof TocsinError) return 0
    throw error
  }
}

/** A node opens a new log each year, with the same key: `<node>/2026`, then `<node>/2027`. */
function isNextShard(known: VerifierKey, shown: VerifierKey): boolean {
  const [node = '', year = ''] = known.name.split('/')
  const [nextNode = '', nextYear = ''] = shown.name.split('/')
  return node === nextNode && nextYear > year && equalBytes(known.publicKey, shown.publicKey)
}

type Doubt = { readonly why: Refusal; readonly file: string; readonly detail: string }

/** Null when `newer` begins with `older`, computed from the log's tiles and both signed roots. */
async function continuityDoubt(
  { fetch, crypto }: Ports,
  older: Checkpoint,
  newer: Checkpoint,
): Promise<Doubt | null> {
  if (newer.size < older.size) {
    const detail = `it had ${count(older.size)} entries and now has ${count(newer.size)}`
    return { why: 'rollback', file: 'checkpoint', detail }
  }
  const hasher = buildTreeHasher(crypto.sha256)
  try {
    const reader = buildTileReader(hasher, fetch, newer.size)
    const path = await buildConsistencyProof(reader, older.size)
    if (verifyConsistency(hasher, { older, newer }, path)) return null
  } catch (error) {
    if (!(error instanceof TocsinError)) throw error
    return { why: 'tile_missing', file: 'tile', detail: error.message }
  }
  const detail = `its first ${count(older.size)} entries cannot be shown to be those seen here before`
  return { why: 'fork', file: 'checkpoint', detail }
}

export type Verified = {
  readonly verdict: Verdict
  /** The checkpoint that was judged. */
  readonly note: string | null
  readonly since: number | null
}

/** Every entry, every hash. `known` holds the trusted key and the checkpoint that must be in it. */
export async function verify(
  { fetch, crypto }: Ports,
  known: Pick<KnownLog, 'vkey' | 'note'>,
  onProgress: (done: number, size: number) => void,
): Promise<Verified> {
  let note: string | null = null
  const since = parseCheckpoint(parseNote(encodeUtf8(known.note)).text)
  const verdict = await verifyLog({
    log: {
      fetch: async path => {
        const bytes = await fetch(path)
        if (path === 'checkpoint' && bytes !== null) note = textOf(bytes)
        return bytes
      },
    },
    keys: [parseVerifierKey(crypto.sha256, known.vkey)],
    since,
    crypto,
    onProgress,
  })
  return { verdict, note, since: since.size }
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return parseUtf8(bytes)
  } catch {
    return null
  }
}

/** As GET /v1/events/{id}/proof answers. */
export type Claim = {
  readonly index: number
  readonly size: number
  readonly leaf: string
  readonly proof: readonly string[]
  readonly checkpoint: string
}

export type Step = {
  readonly sibling: string
  readonly side: 'left' | 'right'
  /** Of both together. */
  readonly hash: string
}

export type Proved = {
  /** What the entry itself says; null when it is no entry, or one about no event. */
  readonly entry: { readonly id: string; readonly timeMs: number } | null
  readonly leafHash: string
  readonly steps: readonly Step[]
  readonly size: number
  readonly root: string
  /** Every reason to doubt it; none: proved. */
  readonly doubts: readonly string[]
}

export type Asked = { readonly id: string; readonly claim: Claim }

/** Whether the event `id` stands in the log that is remembered. */
export async function prove(
  ports: Ports,
  known: Pick<KnownLog, 'vkey' | 'note'>,
  { id, claim }: Asked,
): Promise<Proved> {
  const hasher = buildTreeHasher(ports.crypto.sha256)
  const leaf = bytesOf(claim.leaf)
  const entry = entryOf(leaf)
  const leafHash = hasher.leaf(leaf)
  const { steps, top } = climb(hasher, leafHash, claim)
  const { signed, doubt } = await openSigned(ports, known, claim)
  const isRoot = signed !== null && signed.size === claim.size && equalBytes(signed.root, top)
  const doubts = [
    entry?.id === id ? null : 'the entry that was shown is not about this event',
    doubt,
    signed === null || isRoot
      ? null
      : 'the hashes do not lead from the entry to the root that was signed',
    isRoot ? await foreignDoubt(ports, known, signed) : null,
  ].filter(one => one !== null)
  const root = encodeBase64(signed?.root ?? top)
  return { entry, leafHash: encodeBase64(leafHash), steps, size: claim.size, root, doubts }
}

type Signed = { readonly signed: Checkpoint | null; readonly doubt: string | null }

async function openSigned(
  { crypto }: Ports,
  known: Pick<KnownLog, 'vkey'>,
  { checkpoint }: Claim,
): Promise<Signed> {
  const key = parseVerifierKey(crypto.sha256, known.vkey)
  const opened = await openCheckpoint(new TextEncoder().encode(checkpoint), [key], crypto.ed25519)
  if (opened.kind === 'opened') return { signed: opened.checkpoint, doubt: null }
  return { signed: null, doubt: `its checkpoint proves nothing: ${opened.detail}` }
}

/** Signed by the right key, and still not of the log that was seen here before. */
async function foreignDoubt(
  ports: Ports,
  known: Pick<KnownLog, 'note'>,
  signed: Checkpoint,
): Promise<string | null> {
  const seen = parseCheckpoint(parseNote(encodeUtf8(known.note)).text)
  const [older, newer] = seen.size <= signed.size ? [seen, signed] : [signed, seen]
  const doubt = await continuityDoubt(ports, older, newer)
  return doubt && `its checkpoint is not of the log that was seen here before: ${doubt.detail}`
}

/** What is no base64 has no bytes, and then no hash fits. */
function bytesOf(text: string): Uint8Array {
  try {
    return parseBase64(text)
  } catch {
    return new Uint8Array(0)
  }
}

function entryOf(leaf: Uint8Array): Proved['entry'] {
  try {
    const entry = parseEntry(leaf)
    return entry.kind === 'sealed' ? { id: entry.id, timeMs: entry.timeMs } : null
  } catch (error) {
    if (error instanceof TocsinError) return null
    throw error
  }
}

/** From the leaf up (RFC 9162 §2.1.3.2); a path of a wrong length ends in another hash. */
function climb(
  hasher: ReturnType<typeof buildTreeHasher>,
  leafHash: Uint8Array,
  { index, size, proof }: Claim,
): { readonly steps: readonly Step[]; readonly top: Uint8Array } {
  let node = index
  let last = size - 1
  let hash = leafHash
  const half = (value: number) => Math.floor(value / 2)
  const steps = proof.map((text): Step => {
    const sibling = bytesOf(text)
    const isLeft = node % 2 === 1 || node === last
    if (isLeft) {
      while (node % 2 === 0 && node !== 0) {
        node = half(node)
        last = half(last)
      }
    }
    hash = isLeft ? hasher.node(sibling, hash) : hasher.node(hash, sibling)
    node = half(node)
    last = half(last)
    return { sibling: text, side: isLeft ? 'left' : 'right', hash: encodeBase64(hash) }
  })
  return { steps, top: last === 0 && index < size ? hash : new Uint8Array(0) }
}
