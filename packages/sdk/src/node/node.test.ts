import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { encodeHex, parseHex } from '../bytes.ts'
import { buildEd25519Signer, ed25519, generateEd25519Seed, sha256 } from './node.ts'

it('sha256 agrees with createHash and gives bytes of its own', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
      assert.equal(encodeHex(sha256(bytes)), createHash('sha256').update(bytes).digest('hex'))
    }),
  )
  const first = sha256(new Uint8Array(1))
  const kept = encodeHex(first)
  sha256(new Uint8Array(2))
  assert.equal(encodeHex(first), kept)
  assert.equal(Object.getPrototypeOf(first), Uint8Array.prototype)
})

// RFC 8032 §7.1: secret seed, public key, message, signature.
const VECTORS = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc6' +
      '1e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e45' +
      '8f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
] as const

describe('Ed25519', () => {
  for (const [seed, publicKey, message, signature] of VECTORS) {
    it(`gives the vector of RFC 8032 for message "${message}"`, async () => {
      const signer = buildEd25519Signer(parseHex(seed))
      assert.equal(encodeHex(signer.publicKey), publicKey)
      assert.equal(encodeHex(await signer.sign(parseHex(message))), signature)
      const args = [parseHex(publicKey), parseHex(message), parseHex(signature)] as const
      assert.equal(await ed25519.verify(...args), true)
    })
  }

  it('says false, without an error, to whatever is not a signature', async () => {
    const signer = buildEd25519Signer(generateEd25519Seed())
    const message = Uint8Array.of(1, 2, 3)
    const good = await signer.sign(message)
    assert.equal(await ed25519.verify(signer.publicKey, message, good), true)
    for (let i = 0; i < good.length; i++) {
      const bad = good.slice()
      bad[i] = (bad[i] ?? 0) ^ 1
      assert.equal(await ed25519.verify(signer.publicKey, message, bad), false)
    }
    assert.equal(await ed25519.verify(signer.publicKey, Uint8Array.of(1, 2), good), false)
    assert.equal(await ed25519.verify(signer.publicKey, message, good.subarray(1)), false)
    assert.equal(await ed25519.verify(signer.publicKey.subarray(1), message, good), false)
    assert.equal(await ed25519.verify(new Uint8Array(32).fill(255), message, good), false)
    assert.equal(await ed25519.verify(new Uint8Array(0), message, new Uint8Array(0)), false)
  })

  it('makes a new seed each time and refuses one of another length', () => {
    assert.notDeepEqual(generateEd25519Seed(), generateEd25519Seed())
    assert.throws(() => buildEd25519Signer(new Uint8Array(31)), { code: 'crypto.key_malformed' })
    assert.throws(() => buildEd25519Signer(new Uint8Array(64)), { code: 'crypto.key_malformed' })
  })
})
