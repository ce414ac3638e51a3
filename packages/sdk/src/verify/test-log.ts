// Builds small logs in memory for the verifier's tests, with the SDK's own writing side, and lets a
// test play the forger: any file can be changed, and the checkpoint signed again with any key.

import { encodeBase64Url, encodeUtf8 } from '../bytes.ts'
import { type Checkpoint, signCheckpoint } from '../checkpoint.ts'
import {
  type Entry,
  payloadPath,
  printEntry,
  RECORD_HEADER_BYTES,
  writeRecordHeader,
} from '../entry/entry.ts'
import { buildEd25519Signer, ed25519, sha256 } from '../node/node.ts'
import { buildVerifierKey, type NoteSigner, printVerifierKey } from '../note/note.ts'
import {
  buildRightEdge,
  buildTreeHasher,
  encodeEntryBundle,
  parseTreeSize,
  printTilePath,
  TILE_WIDTH,
} from '../tlog/tlog.ts'
import { type Verdict, type VerifyInput, verifyLog } from './verify.ts'

export const hasher: ReturnType<typeof buildTreeHasher> = buildTreeHasher(sha256)
export const ORIGIN = 'node-1/2026'
const START_MS = Date.UTC(2026, 0, 31, 23, 59, 50)

export function signerOf(name: string, seedByte: number): NoteSigner {
  const signer = buildEd25519Signer(new Uint8Array(32).fill(seedByte))
  return { key: buildVerifierKey(sha256, name, signer.publicKey), ed25519: signer }
}

export const logSigner: NoteSigner = signerOf(ORIGIN, 1)

export type Files = Map<string, Uint8Array>
export type TestLog = {
  readonly entries: readonly Uint8Array[]
  readonly files: Files
  readonly payloads: Files
  /** Every checkpoint that was published, the last one last. */
  readonly checkpoints: readonly Checkpoint[]
}

/** One record as it lies in a payload file. */
export function recordBytes(index: number, section: number, sealed: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(RECORD_HEADER_BYTES + sealed.length)
  writeRecordHeader(new DataView(bytes.buffer), 0, { length: sealed.length, index, section })
  bytes.set(sealed, RECORD_HEADER_BYTES)
  return bytes
}

/** Section bytes that differ for every entry and section; the verifier never opens them. */
function sealedBytes(index: number, section: number): Uint8Array {
  return sha256(encodeUtf8(`${index} ${section}`)).subarray(0, 20 + (index % 7))
}

const CLASSES = ['r6m', 'r30d', 'r6y'] as const

/** Entry `index`: mostly one section, sometimes three; the log runs over the end of a month. */
export function entryAt(index: number, origin: string = ORIGIN): Entry {
  const timeMs = START_MS + index * 1000
  if (index === 0) {
    const vkey = printVerifierKey(logSigner.key)
    return { kind: 'control', control: 'shard.opened', timeMs, body: { origin, vkey, format: 1 } }
  }
  if (index % 50 === 49) {
    return { kind: 'control', control: 'audit.gap', timeMs, body: { reason: 'test' } }
  }
  const count = index % 5 === 3 ? 3 : 1
  const sections = CLASSES.slice(0, count).map((retention, section) => ({
    commitment: encodeBase64Url(sha256(Uint8Array.of(index & 255, section))),
    cipherHash: encodeBase64Url(sha256(sealedBytes(index, section))),
    tag: encodeBase64Url(sha256(Uint8Array.of(section)).subarray(0, 16)),
    retention,
  }))
  const id = `0190b5a0-0000-7000-8000-${String(index).padStart(12, '0')}`
  return { kind: 'sealed', id, timeMs, typeUid: 600_302, statusId: 1, sections, kekEpoch: 1 }
}

export function payloadsOf(entries: readonly Entry[]): Files {
  const parts = new Map<string, Uint8Array[]>()
  for (const [index, entry] of entries.entries()) {
    if (entry.kind !== 'sealed') continue
    for (const [section, { retention }] of entry.sections.entries()) {
      const path = payloadPath(retention, entry.timeMs, index)
      const list = parts.get(path) ?? []
      list.push(recordBytes(index, section, sealedBytes(index, section)))
      parts.set(path, list)
    }
  }
  return new Map([...parts].map(([path, list]) => [path, new Uint8Array(Buffer.concat(list))]))
}

/**
 * A log over these entries as a server would leave it that published at each of `sizes`, or only at
 * the end. Partial tiles of earlier sizes stay where their full one did not come.
 */
export async function sealLog(
  entries: readonly Uint8Array[],
  sizes: readonly number[] = [entries.length],
  signer: NoteSigner = logSigner,
): Promise<Pick<TestLog, 'files' | 'checkpoints'>> {
  const files: Files = new Map()
  const checkpoints: Checkpoint[] = []
  const edge = buildRightEdge(hasher)
  const bundle = (index: number, width: number) => {
    const some = entries.slice(index * TILE_WIDTH, index * TILE_WIDTH + width)
    files.set(printTilePath({ kind: 'entries', index, width }), encodeEntryBundle(some))
  }
  for (const [i, entry] of entries.entries()) {
    for (const { path, bytes } of edge.append(hasher.leaf(entry))) {
      files.set(printTilePath(path), bytes)
      if (path.level === 0) bundle(path.index, TILE_WIDTH)
    }
    const size = i + 1
    if (!sizes.includes(size)) continue
    for (const { path, bytes } of edge.partialTiles()) files.set(printTilePath(path), bytes)
    if (size % TILE_WIDTH > 0) bundle(Math.floor(size / TILE_WIDTH), size % TILE_WIDTH)
    const head = { size: parseTreeSize(size), root: edge.root() }
    checkpoints.push({ origin: signer.key.name, ...head, extensions: [] })
  }
  const last = checkpoints.at(-1)
  if (last !== undefined) files.set('checkpoint', await signCheckpoint(last, [signer]))
  files.set('log.vkey', encodeUtf8(`${printVerifierKey(signer.key)}\n`))
  return { files, checkpoints }
}

export async function buildLog(
  count: number,
  sizes: readonly number[] = [count],
): Promise<TestLog> {
  const entries: Entry[] = []
  for (let i = 0; i < count; i++) entries.push(entryAt(i))
  const printed = entries.map(printEntry)
  return { entries: printed, payloads: payloadsOf(entries), ...(await sealLog(printed, sizes)) }
}

/** A copy whose files can be changed without changing the original's. */
export function copyOf(log: TestLog): TestLog {
  return { ...log, files: new Map(log.files), payloads: new Map(log.payloads) }
}

function inputOf(log: TestLog, more: Partial<VerifyInput>): VerifyInput {
  const fetch = async (path: string) => log.files.get(path) ?? null
  const fetchPart = async (path: string, offset: number, length: number) =>
    log.payloads.get(path)?.subarray(offset, offset + length) ?? null
  return {
    log: { fetch, list: () => pathsOf(log.files) },
    payloads: { fetch: fetchPart, list: () => pathsOf(log.payloads) },
    keys: [logSigner.key],
    crypto: { sha256, ed25519 },
    ...more,
  }
}

async function* pathsOf(files: Files): AsyncGenerator<string, void> {
  for (const path of [...files.keys()]) yield path
}

/** Everything checked: listing, payloads, and `more` on top. */
export async function verdictOn(log: TestLog, more: Partial<VerifyInput> = {}): Promise<Verdict> {
  return await verifyLog(inputOf(log, more))
}

/** What somebody sees who has only the log's own files and no listing. */
export async function publicVerdictOn(log: TestLog): Promise<Verdict> {
  const { log: folder, keys, crypto } = inputOf(log, {})
  return await verifyLog({ log: { fetch: folder.fetch }, keys, crypto })
}

/** The verdict's parts that a test names: `broken` with why, file and leaf, or `intact`. */
export async function outcomeOf(log: TestLog, more: Partial<VerifyInput> = {}): Promise<unknown[]> {
  const verdict = await verdictOn(log, more)
  return verdict.kind === 'intact' ? ['intact'] : [verdict.why, verdict.file, verdict.at]
}
