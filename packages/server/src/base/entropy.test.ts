import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemEntropy } from './entropy.ts'

describe('random bytes', () => {
  it('are never handed out twice, over many batches and lengths', () => {
    const entropy = systemEntropy()
    const seen = new Set<string>()
    for (let i = 0; i < 20_000; i++) {
      const bytes = entropy.bytes(12 + (i % 21))
      assert.equal(bytes.length, 12 + (i % 21))
      seen.add(Buffer.from(bytes.subarray(0, 12)).toString('hex'))
    }
    assert.equal(seen.size, 20_000)
  })

  it('belong to the caller: changing them changes no later ones', () => {
    const entropy = systemEntropy()
    entropy.bytes(32).fill(0)
    const next = entropy.bytes(32)
    assert.ok(next.some(byte => byte !== 0))
  })

  it('fill exactly the place they are asked for', () => {
    const target = new Uint8Array(100)
    systemEntropy().fill(target, 10, 80)
    assert.ok(target.subarray(0, 10).every(byte => byte === 0))
    assert.ok(target.subarray(90).every(byte => byte === 0))
    assert.ok(target.subarray(10, 90).some(byte => byte !== 0))
  })

  it('are refused rather than cut short', () => {
    const entropy = systemEntropy()
    assert.equal(entropy.bytes(1024).length, 1024)
    assert.throws(() => entropy.bytes(1025), RangeError)
    assert.throws(() => entropy.fill(new Uint8Array(31), 0, 32), RangeError)
    assert.equal(entropy.bytes(0).length, 0)
  })
})
