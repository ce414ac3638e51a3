import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ownAsset } from './worker.ts'

const PAGE = 'https://tocsin.example/integrity?v=1'

describe('what may run as a worker', () => {
  it('is a file of the build', () => {
    const own = 'https://tocsin.example/assets/verify-worker-1a2b3c4d.js'
    assert.equal(ownAsset('/assets/verify-worker-1a2b3c4d.js', PAGE), own)
    assert.equal(ownAsset(own, PAGE), own)
  })

  it('comes from nowhere else', () => {
    for (const address of [
      'https://elsewhere.example/assets/x.js',
      '//elsewhere.example/assets/x.js',
      'https://tocsin.example:8443/assets/x.js',
      'http://tocsin.example/assets/x.js',
      'data:text/javascript,postMessage(1)',
      'blob:https://tocsin.example/assets/x.js',
      'javascript:alert(1)',
      '/v1/events/export?format=ndjson',
      '/log/2026/checkpoint',
      '/assets/../v1/events',
      '/assets/x%2f..%2fv1.js',
      'https://tocsin.example@elsewhere.example/assets/x.js',
      'assets-of-others/x.js',
      '',
    ]) {
      assert.throws(() => ownAsset(address, PAGE), /is not run/, address)
    }
  })
})
