// A shard in a temporary directory for the tests of this folder: entries as prepare threads would
// hand them over (sealed bytes are only hashed, so they need not open), and the SDK's verifier as
// the judge of what was written.

import { hash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Checkpoint, openCheckpoint } from '@tocsin/sdk/checkpoint'
import { type Entry, printEntry, uuidBytes } from '@tocsin/sdk/entry'
import {
  buildEd25519Signer,
  directoryFetch,
  directoryParts,
  ed25519,
  sha256,
} from '@tocsin/sdk/node'
import { buildVerifierKey, type NoteSigner, printVerifierKey } from '@tocsin/sdk/note'
import { buildTreeHasher } from '@tocsin/sdk/tlog'
import { type Verdict, verifyLog } from '@tocsin/sdk/verify'
import { makeDirectory, replaceFile } from '../base/durable.ts'
import { buildBatch, type PreparedBatch } from './record.ts'
import { type ShardPaths, shardPaths } from './shard-files.ts'
import { openTileWriter, type TileWriter } from './tiles.ts'

export const ORIGIN = 'tocsin-00000000/2026'
const ed25519Signer = buildEd25519Signer(new Uint8Array(32).fill(1))
export const signer: NoteSigner = {
  key: buildVerifierKey(sha256, ORIGIN, ed25519Signer.publicKey),
  ed25519: ed25519Signer,
}
/** So that 10,000 entries run over the end of a month. */
const START_MS: number = Date.UTC(2026, 10, 30, 23, 59, 55)

export type TestShard = {
  readonly dataDir: string
  readonly paths: ShardPaths
  remove(): void
}

export function makeShard(): TestShard {
  const dataDir = mkdtempSync(join(tmpdir(), 'tocsin-shard-'))
  const paths = shardPaths(dataDir, '2026')
  for (const path of [paths.log, paths.state, paths.wal]) makeDirectory(path)
  replaceFile(join(paths.log, 'log.vkey'), `${printVerifierKey(signer.key)}\n`)
  return { dataDir, paths, remove: () => rmSync(dataDir, { recursive: true }) }
}

export function openWriter({ paths }: TestShard): Promise<TileWriter> {
  const hasher = buildTreeHasher(sha256)
  return openTileWriter({ paths, origin: ORIGIN, signer, verifier: ed25519, hasher })
}

export function uuidOf(index: number): string {
  return `00000000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`
}

const CLASSES = ['r6m', 'r6m', 'r6y'] as const

function sealedOf(index: number, section: number, salt: string): Uint8Array {
  const text = hash('sha256', `${index} ${section} ${salt}`, 'hex')
  return Buffer.from(text.repeat(1 + (index % 5)))
}

type Section = { readonly retention: string; readonly sealed: Uint8Array }

function sectionsOf(index: number, salt: string): readonly Section[] {
  const retention = CLASSES[index % CLASSES.length] ?? 'r6m'
  const first = { retention, sealed: sealedOf(index, 0, salt) }
  return index % 7 === 3
    ? [first, { retention: 'r30d', sealed: sealedOf(index, 1, salt) }]
    : [first]
}

function entryOf(index: number, sections: readonly Section[]): Entry {
  const timeMs = START_MS + index
  if (index === 0) {
    const body = { origin: ORIGIN, vkey: printVerifierKey(signer.key), format: 1 }
    return { kind: 'control', control: 'shard.opened', timeMs, body }
  }
  const digest = (text: string) => hash('sha256', text, 'base64url')
  return {
    kind: 'sealed',
    id: uuidOf(index),
    timeMs,
    typeUid: 600_302,
    statusId: 1,
    sections: sections.map(({ retention, sealed }, n) => ({
      commitment: digest(`c ${index} ${n}`),
      cipherHash: hash('sha256', sealed, 'base64url'),
      tag: Buffer.from(digest(`g ${index} ${n}`), 'base64url').toString('base64url', 0, 16),
      retention,
    })),
    kekEpoch: 1,
  }
}

/** Entries `from` to `to` (exclusive) of one log, or of another one for another `salt`. */
export function entriesOf(from: number, to: number, salt = ''): PreparedBatch {
  const batch = buildBatch()
  for (let index = from; index < to; index++) {
    const sections = index === 0 ? [] : sectionsOf(index, salt)
    const leaf = printEntry(entryOf(index, sections))
    const digest = new Uint8Array(8).fill(index === 0 ? 0 : 1)
    const id = index === 0 ? new Uint8Array(16) : uuidBytes(uuidOf(index))
    const line = Buffer.from(index === 0 ? '' : `{"id":"${uuidOf(index)}"}`)
    batch.add(id, { leaf, timeMs: START_MS + index, digest, sections }, line)
  }
  return batch.finish()
}

export function appendTo(writer: TileWriter, from: number, to: number, salt = ''): void {
  const { bytes, offsets } = entriesOf(from, to, salt)
  writer.append(Buffer.from(bytes.buffer), offsets)
}

export async function verdictOn({ paths }: TestShard, since?: Checkpoint): Promise<Verdict> {
  return verifyLog({
    log: directoryFetch(paths.log),
    payloads: directoryParts(paths.payloads),
    keys: [signer.key],
    crypto: { sha256, ed25519 },
    ...(since === undefined ? {} : { since }),
  })
}

export async function checkpointOf({ paths }: TestShard): Promise<Checkpoint | null> {
  const names = readdirSync(paths.log)
  if (!names.includes('checkpoint')) return null
  const note = readFileSync(join(paths.log, 'checkpoint'))
  const opened = await openCheckpoint(note, [signer.key], ed25519)
  return opened.kind === 'opened' ? opened.checkpoint : null
}

/** Every file below a directory, by its path. */
export function filesIn(directory: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files.set(path.slice(directory.length + 1), readFileSync(path))
  }
  return files
}
