import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { concatBytes, encodeBase64, encodeBase64Url, parseUtf8 } from '@tocsin/sdk/bytes'
import { signCheckpoint } from '@tocsin/sdk/checkpoint'
import { type Entry, printEntry } from '@tocsin/sdk/entry'
import { buildEd25519Signer, ed25519, sha256 } from '@tocsin/sdk/node'
import { buildVerifierKey, printVerifierKey } from '@tocsin/sdk/note'
import { buildInclusionProof, buildTileReader } from '@tocsin/sdk/proof'
import { buildTreeHasher, parseLeafIndex, parseTreeSize } from '@tocsin/sdk/tlog'
import { type ClaimedProof, verifyProof } from './verify-proof.ts'

const ORIGIN = 'node-1/2026'
const SIZE = 13
const AT = 6
const CRYPTO = { sha256, ed25519 }
const hasher = buildTreeHasher(sha256)

const idOf = (n: number) => `0190b5a0-0000-7000-8000-${String(n).padStart(12, '0')}`

function entryOf(n: number): Uint8Array {
  const hash = encodeBase64Url(sha256(Uint8Array.of(n)))
  const tag = encodeBase64Url(sha256(Uint8Array.of(n)).subarray(0, 16))
  const section = { commitment: hash, cipherHash: hash, tag, retention: 'r6m' }
  const entry: Entry = {
    kind: 'sealed',
    ...{ id: idOf(n), timeMs: 1_790_000_000_000 + n, typeUid: 600_302, statusId: 1, kekEpoch: 1 },
    sections: [section],
  }
  return printEntry(entry)
}

async function prove(seed: number): Promise<ClaimedProof> {
  const signer = buildEd25519Signer(new Uint8Array(32).fill(seed))
  const key = buildVerifierKey(sha256, ORIGIN, signer.publicKey)
  const leaves = Array.from({ length: SIZE }, (_, n) => hasher.leaf(entryOf(n)))
  const tile = concatBytes(...leaves)
  const reader = buildTileReader(hasher, async () => tile, parseTreeSize(SIZE))
  const path = await buildInclusionProof(reader, parseLeafIndex(AT))
  const checkpoint = await signCheckpoint(
    { origin: ORIGIN, size: parseTreeSize(SIZE), root: hasher.root(tile), extensions: [] },
    [{ key, ed25519: signer }],
  )
  return {
    ...{ origin: ORIGIN, vkey: printVerifierKey(key), index: AT, size: SIZE },
    leaf: encodeBase64(entryOf(AT)),
    leafHash: encodeBase64(leaves[AT] ?? new Uint8Array()),
    proof: path.map(encodeBase64),
    checkpoint: parseUtf8(checkpoint),
  }
}

describe('the proof of an event', () => {
  let right: ClaimedProof
  let other: ClaimedProof
  before(async () => {
    right = await prove(1)
    other = await prove(2)
  })

  it('is right when everything in it is', async () => {
    const verdict = await verifyProof(idOf(AT), right, CRYPTO)
    assert.deepEqual(
      verdict.steps.filter(step => !step.isRight),
      [],
    )
    assert.ok(verdict.isProved)
    assert.equal(verdict.steps.length, 4)
  })

  it('is wrong when anything in it is', async () => {
    const wrong: { readonly [what: string]: Partial<ClaimedProof> } = {
      'another entry': { leaf: encodeBase64(entryOf(AT + 1)) },
      'another hash': { leafHash: encodeBase64(sha256(Uint8Array.of(9))) },
      'another place': { index: AT + 1 },
      'a place beyond the tree': { index: SIZE },
      'no place': { index: -1 },
      'a shorter path': { proof: right.proof.slice(1) },
      'a longer path': { proof: [...right.proof, ...right.proof] },
      'a turned path': { proof: right.proof.toReversed() },
      'an empty path': { proof: [] },
      'a path of nonsense': { proof: ['x', ''] },
      "another log's key": { vkey: other.vkey },
      'no key': { vkey: '' },
      'a signature of somebody else': { checkpoint: other.checkpoint },
      'another size': { checkpoint: right.checkpoint.replace(`\n${SIZE}\n`, `\n${SIZE + 1}\n`) },
      'no checkpoint': { checkpoint: '' },
      'no entry': { leaf: '' },
      'an entry that is none': { leaf: encodeBase64(Uint8Array.of(1, 2, 3)) },
    }
    for (const [what, part] of Object.entries(wrong)) {
      const verdict = await verifyProof(idOf(AT), { ...right, ...part }, CRYPTO)
      assert.ok(!verdict.isProved, what)
      assert.ok(
        verdict.steps.some(step => !step.isRight),
        what,
      )
    }
  })

  it('of another event proves nothing about this one', async () => {
    const verdict = await verifyProof(idOf(AT + 1), right, CRYPTO)
    assert.ok(!verdict.isProved)
    assert.equal(verdict.steps.filter(step => !step.isRight).length, 1)
    assert.ok((await verifyProof(idOf(AT).toUpperCase(), right, CRYPTO)).isProved)
  })
})
