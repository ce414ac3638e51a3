import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { encodeBase64 } from '@tocsin/sdk/bytes'
import { signCheckpoint } from '@tocsin/sdk/checkpoint'
import { printVerifierKey } from '@tocsin/sdk/note'
import { buildInclusionProof, buildTileReader } from '@tocsin/sdk/proof'
import { parseLeafIndex } from '@tocsin/sdk/tlog'
import { buildLog, hasher, logSigner, signerOf } from '../../../sdk/src/verify/test-log.ts'
import { printReceipt } from '../log/log.ts'
import { rememberLog } from './known-logs.ts'
import { verifyReceipt } from './receipt.ts'

const home = mkdtempSync(join(tmpdir(), 'tocsin-receipt-'))
after(() => rmSync(home, { recursive: true, force: true }))

const SIZE = 700
const log = await buildLog(SIZE)
const [head] = log.checkpoints
assert.ok(head)
const note = Buffer.from(await signCheckpoint(head, [logSigner])).toString()

async function receiptOf(index: number, checkpoint: string = note): Promise<string> {
  assert.ok(head)
  const fetch = async (path: string) => log.files.get(path) ?? null
  const reader = buildTileReader(hasher, fetch, head.size)
  const path = await buildInclusionProof(reader, parseLeafIndex(index))
  const leaf = log.entries[index] ?? assert.fail()
  const rest = { size: SIZE, leafHash: hasher.leaf(leaf), sections: [] }
  return printReceipt({ index, leaf, path, checkpoint, ...rest })
}

function keyFile(name: string, line: string): string {
  const path = join(home, name)
  writeFileSync(path, `${line}\n`)
  return path
}

const vkey = keyFile('log.vkey', printVerifierKey(logSigner.key))

async function run(receipt: string, flags: { vkey?: string; json?: boolean } = { vkey }) {
  const file = join(home, 'event.tlog-proof')
  writeFileSync(file, receipt)
  let out = ''
  const env = { XDG_STATE_HOME: join(home, 'state') }
  const io = {
    env,
    out: (text: string) => (out += text),
    say: () => {},
    isTerminal: false,
    width: 80,
  }
  return { code: await verifyReceipt(file, flags, io), out }
}

describe('the receipt of an event', () => {
  it('proves it at every kind of place, with nothing but the key', async () => {
    for (const index of [1, 255, 256, 511, 512, 698]) {
      const { code, out } = await run(await receiptOf(index))
      assert.equal(code, 0)
      const id = `0190b5a0-0000-7000-8000-${String(index).padStart(12, '0')}`
      assert.match(out, new RegExp(`^PROVED {2}${id} is entry ${index} of the log node-1/2026`))
    }
    assert.match((await run(await receiptOf(0))).out, /^PROVED {2}shard\.opened is entry 0/)
    const { out } = await run(await receiptOf(42), { vkey, json: true })
    const { kind, index, size, origin } = JSON.parse(out)
    assert.deepEqual([kind, index, size, origin], ['proved', 42, SIZE, 'node-1/2026'])
  })

  it('takes the key of a known log, and none otherwise', async () => {
    await assert.rejects(run(await receiptOf(3), {}), { code: 'verify.no_key' })
    const env = { XDG_STATE_HOME: join(home, 'state') }
    rememberLog(env, 'node-1/2026', printVerifierKey(logSigner.key))
    assert.equal((await run(await receiptOf(3), {})).code, 0)
  })

  it('proves nothing when anything in it was changed', async () => {
    const good = await receiptOf(42)
    const leaf = (index: number) => encodeBase64(log.entries[index] ?? assert.fail())
    const [first = '', second = ''] = good.split('\n').slice(3)
    for (const wrong of [
      good.replace('index 42', 'index 43'),
      good.replace('index 42', 'index 700'),
      good.replace(leaf(42), leaf(43)),
      good.replace(`${first}\n`, ''),
      good.replace(`${first}\n${second}`, `${second}\n${first}`),
      good.replace(`${first}\n`, `${first}\n${first}\n`),
      good.replace(first, 'AAAA'),
      good.replace('\n700\n', '\n701\n'),
    ]) {
      const { code, out } = await run(wrong)
      assert.equal(code, 3, wrong.slice(0, 60))
      assert.match(out, /^BROKEN/)
    }
  })

  it('is refused by another key of the same name, and by one of another log', async () => {
    for (const [name, seed] of [
      ['node-1/2026', 2],
      ['node-2/2026', 1],
    ] as const) {
      const other = keyFile('other.vkey', printVerifierKey(signerOf(name, seed).key))
      const { code, out } = await run(await receiptOf(42), { vkey: other })
      assert.equal(code, 3)
      assert.match(out, /its checkpoint proves nothing/)
    }
  })

  it('that is no receipt is an error, which says why', async () => {
    const good = await receiptOf(42)
    for (const [wrong, why] of [
      ['', /does not begin/],
      ['hello\n\nworld', /does not begin/],
      [good.replace('@v1', '@v2'), /does not begin/],
      [good.replace(/extra .*\n/, ''), /does not hold the entry/],
      [good.replace('index 42', 'index 042'), /does not say where/],
      [good.replace('index 42', 'index -1'), /does not say where/],
      [good.replace('index 42\n', `index 42\n${'AAAA\n'.repeat(65)}`), /over 64 hashes/],
      ['x'.repeat(1_000_001), /over 1000000 bytes/],
    ] as const) {
      await assert.rejects(run(wrong), { code: 'note.malformed', message: why })
    }
    const [first = ''] = good.split('\n').slice(3)
    await assert.rejects(run(good.replace(first, '%%')), { code: 'bytes.malformed' })
    await assert.rejects(run(good.slice(0, good.indexOf('\n\n') + 2)), { code: 'note.malformed' })
  })
})
