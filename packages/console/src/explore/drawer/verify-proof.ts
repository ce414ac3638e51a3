// Checks the proof that the server gave for an event, here: the entry is about this event, its hash
// leads to the root, the root is signed by the log's key. A wrong proof is a verdict, not an
// exception. Pure: the cryptography is handed in.

import { encodeBase64, encodeUtf8, equalBytes, parseBase64 } from '@tocsin/sdk/bytes'
import { openCheckpoint } from '@tocsin/sdk/checkpoint'
import type { Ed25519Verifier, Sha256 } from '@tocsin/sdk/crypto'
import { parseEntry } from '@tocsin/sdk/entry'
import { TocsinError } from '@tocsin/sdk/errors'
import { parseVerifierKey } from '@tocsin/sdk/note'
import { verifyInclusion } from '@tocsin/sdk/proof'
import { buildTreeHasher, parseLeafIndex } from '@tocsin/sdk/tlog'

export type ClaimedProof = {
  readonly origin: string
  readonly vkey: string
  readonly index: number
  readonly size: number
  readonly leaf: string
  readonly leafHash: string
  readonly proof: readonly string[]
  readonly checkpoint: string
}

export type Step = { readonly what: string; readonly isRight: boolean; readonly detail: string }

export type ProofVerdict = {
  readonly isProved: boolean
  readonly steps: readonly Step[]
  /** Base64; null where the checkpoint could not be opened. */
  readonly root: string | null
}

export type Crypto = { readonly sha256: Sha256; readonly ed25519: Ed25519Verifier }

/** Never throws for what the proof says. */
export async function verifyProof(
  eventId: string,
  claimed: ClaimedProof,
  crypto: Crypto,
): Promise<ProofVerdict> {
  try {
    return await judge(eventId, claimed, crypto)
  } catch (error) {
    if (!(error instanceof TocsinError)) throw error
    const step = { what: 'The proof can be read', isRight: false, detail: error.message }
    return { isProved: false, steps: [step], root: null }
  }
}

async function judge(
  eventId: string,
  claimed: ClaimedProof,
  { sha256, ed25519 }: Crypto,
): Promise<ProofVerdict> {
  const hasher = buildTreeHasher(sha256)
  const entry = parseBase64(claimed.leaf)
  const leaf = hasher.leaf(entry)
  const steps = [aboutEvent(eventId, entry), hashed(leaf, claimed.leafHash)]
  const key = parseVerifierKey(sha256, claimed.vkey)
  const opened = await openCheckpoint(encodeUtf8(claimed.checkpoint), [key], ed25519)
  if (opened.kind !== 'opened') {
    const signed = { what: SIGNED, isRight: false, detail: opened.detail }
    return { isProved: false, steps: [...steps, signed], root: null }
  }
  const { checkpoint } = opened
  const path = claimed.proof.map(parseBase64)
  const index = parseLeafIndex(claimed.index)
  steps.push({
    what: 'Its hash leads to the root of the log',
    isRight: verifyInclusion(hasher, { leaf, index, head: checkpoint }, path),
    detail: `entry ${index} of ${checkpoint.size}, by ${path.length} hashes computed here`,
  })
  steps.push({ what: SIGNED, isRight: true, detail: `key ${key.name}+${key.keyId}` })
  const root = encodeBase64(checkpoint.root)
  return { isProved: steps.every(({ isRight }) => isRight), steps, root }
}

const SIGNED = 'The root is signed by the key of the log'

function aboutEvent(eventId: string, bytes: Uint8Array): Step {
  const entry = parseEntry(bytes)
  const isRight = entry.kind === 'sealed' && entry.id === eventId.toLowerCase()
  const detail = entry.kind === 'sealed' ? `entry of ${entry.id}` : 'it is no entry of an event'
  return { what: 'The entry is about this event', isRight, detail }
}

function hashed(leaf: Uint8Array, claimed: string): Step {
  return {
    what: 'The entry has the hash that is claimed',
    isRight: equalBytes(leaf, parseBase64(claimed)),
    detail: `SHA-256 ${encodeBase64(leaf)}`,
  }
}
