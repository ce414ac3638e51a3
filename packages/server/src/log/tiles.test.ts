import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { equalBytes } from '@tocsin/sdk/bytes'
import type { Checkpoint } from '@tocsin/sdk/checkpoint'
import fc from 'fast-check'
import {
  appendTo,
  checkpointOf,
  filesIn,
  makeShard,
  openWriter,
  type TestShard,
  verdictOn,
} from './test-shard.ts'

let shard: TestShard
beforeEach(() => {
  shard = makeShard()
})
afterEach(() => shard.remove())

const corrupt = { code: 'log.corrupt' }
const inLog = (path: string) => join(shard.paths.log, path)

async function openBegun(target = shard) {
  const writer = await openWriter(target)
  writer.begin()
  return writer
}

/** Publishes entries `from` to `to` in one step. */
async function publish(from: number, to: number, target = shard): Promise<void> {
  const writer = await openBegun(target)
  assert.equal(writer.size, from)
  appendTo(writer, from, to)
  const published = await writer.publish()
  assert.equal(published?.size, to)
}

async function assertIntact(size: number, since: readonly Checkpoint[] = []): Promise<void> {
  for (const earlier of [undefined, ...since]) {
    const verdict = await verdictOn(shard, earlier)
    assert.equal(verdict.kind, 'intact', JSON.stringify(verdict))
    assert.ok(verdict.kind === 'intact' && verdict.checkpoint.size === size)
  }
}

describe('tiles', () => {
  it('are what the verifier wants, at every published size and over restarts', async () => {
    const since: Checkpoint[] = []
    let size = 0
    for (const next of [1, 2, 255, 256, 257, 511, 512, 700, 4095, 4096, 4097]) {
      await publish(size, next)
      await assertIntact(next, since.slice(-1))
      const checkpoint = await checkpointOf(shard)
      if (checkpoint) since.push(checkpoint)
      size = next
    }
    await assertIntact(size, since)
    assert.equal(since.length, 11)
  })

  it('are the same whatever the steps in which they were written', async () => {
    const other = makeShard()
    await publish(0, 1400, other)
    const writer = await openBegun()
    let size = 0
    for (const next of [1, 3, 250, 256, 258, 600, 1025, 1400]) {
      appendTo(writer, size, next)
      await writer.publish()
      size = next
    }
    const [here, there] = [filesIn(shard.dataDir), filesIn(other.dataDir)]
    for (const [path, bytes] of there) assert.deepEqual(here.get(path), bytes, path)
    other.remove()
  })

  it('are never changed once a checkpoint covers them, and dropped only when full', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.boolean()), {
          minLength: 1,
          maxLength: 8,
        }),
        async steps => {
          const shard = makeShard()
          let writer = await openBegun(shard)
          let before = filesIn(shard.paths.log)
          for (const [count, reopens] of steps) {
            const { size } = writer
            appendTo(writer, size, size + count)
            await writer.publish()
            const now = filesIn(shard.paths.log)
            for (const [path, bytes] of before) {
              if (path === 'checkpoint') continue
              const found = now.get(path)
              if (found) assert.deepEqual(found, bytes, path)
              else assert.ok(now.has(path.replace(/\.p\/\d+$/, '')), `${path} and its full tile`)
            }
            before = now
            if (reopens) writer = await openBegun(shard)
          }
          const verdict = await verdictOn(shard)
          assert.equal(verdict.kind, 'intact')
          shard.remove()
        },
      ),
      { numRuns: 12 },
    )
  })

  it('leave no temporary file and nothing else that does not belong in a log', async () => {
    await publish(0, 300)
    await publish(300, 301)
    const names = [...filesIn(shard.paths.log).keys()].sort()
    assert.ok(
      names.every(name => /^(checkpoint|log\.vkey|tile\/.*)$/.test(name)),
      names.join(),
    )
    assert.ok(!names.some(name => name.includes('.new')))
  })

  it('are published only when there is something new', async () => {
    const writer = await openBegun()
    assert.equal(await writer.publish(), null)
    appendTo(writer, 0, 5)
    assert.equal((await writer.publish())?.size, 5)
    assert.equal(await writer.publish(), null)
  })

  it('keep nothing of the buffers that they were made from', async () => {
    const writer = await openBegun()
    for (let from = 0; from < 3000; from += 100) appendTo(writer, from, from + 100)
    await writer.publish()
    await assertIntact(3000)
  })
})

describe('a start', () => {
  it('changes nothing on disk until it is told to begin', async () => {
    await publish(0, 700)
    const writer = await openBegun()
    appendTo(writer, 700, 5000)
    writer.relieve()
    rmSync(inLog('checkpoint'))
    mkdirSync(inLog('tile/0/002.p'), { recursive: true })
    writeFileSync(inLog('tile/0/002.p/255'), 'torn')
    const before = filesIn(shard.dataDir)
    const next = await openWriter(shard)
    appendTo(next, 0, 700)
    next.relieve()
    assert.deepEqual(filesIn(shard.dataDir), before)
  })

  it('goes on from a crash at any moment of a publication', async () => {
    // The order of writing is payloads, tiles, bundles, checkpoint: a crash leaves a beginning of
    // it, and of the file that was being written any part.
    await publish(0, 300)
    const before = filesIn(shard.dataDir)
    await publish(300, 900)
    const after = filesIn(shard.dataDir)
    const changed = [...after].filter(([path, bytes]) => !before.get(path)?.equals(bytes))
    const order = (path: string) =>
      ['payloads', 'tile', 'checkpoint'].findIndex(p => path.includes(p))
    changed.sort(([a], [b]) => order(a) - order(b) || a.localeCompare(b))
    assert.ok(changed.length >= 9)
    for (let done = 0; done <= changed.length; done++) {
      for (const part of [0, 0.5, 1]) {
        rmSync(shard.dataDir, { recursive: true })
        mkdirSync(shard.paths.state, { recursive: true })
        const write = (path: string, bytes: Uint8Array) => {
          mkdirSync(dirname(join(shard.dataDir, path)), { recursive: true })
          writeFileSync(join(shard.dataDir, path), bytes)
        }
        for (const [path, bytes] of before) write(path, bytes)
        for (const [path, bytes] of changed.slice(0, done)) write(path, bytes)
        const [path, bytes] = changed[done] ?? []
        const isTorn = path !== undefined && bytes !== undefined && !path.endsWith('checkpoint')
        const kept = before.get(path ?? '')?.length ?? 0
        if (isTorn) write(path, bytes.subarray(0, kept + Math.floor(part * (bytes.length - kept))))
        const writer = await openBegun()
        const from = writer.size
        assert.ok(from === 300 || from === 900)
        appendTo(writer, from, 1000)
        await writer.publish()
        await assertIntact(1000)
      }
    }
  })

  it('removes torn partial tiles of a crash, which would look like tampering later', async () => {
    await publish(0, 300)
    for (const path of [
      'tile/0/001.p/60',
      'tile/entries/001.p/60',
      'tile/0/003.p/9',
      'tile/1/000.p/3',
    ]) {
      mkdirSync(dirname(inLog(path)), { recursive: true })
      writeFileSync(inLog(path), 'torn')
    }
    const kept = filesIn(shard.paths.log).get('tile/0/001.p/44')
    const writer = await openBegun()
    assert.ok(!existsSync(inLog('tile/0/001.p/60')))
    assert.ok(!existsSync(inLog('tile/1/000.p/3')))
    assert.deepEqual(filesIn(shard.paths.log).get('tile/0/001.p/44'), kept)
    appendTo(writer, 300, 800)
    await writer.publish()
    await assertIntact(800)
  })

  it('writes again what a crash left torn under a full name', async () => {
    await publish(0, 200)
    const writer = await openBegun()
    appendTo(writer, 200, 256)
    await writer.publish()
    const whole = readFileSync(inLog('tile/0/000'))
    const other = makeShard()
    await publish(0, 200, other)
    const path = join(other.paths.log, 'tile/0/000')
    for (const torn of [
      Buffer.alloc(0),
      whole.subarray(0, 1000),
      Buffer.from(whole).fill(0, 4096),
      whole,
    ]) {
      writeFileSync(path, torn)
      const next = await openBegun(other)
      appendTo(next, 200, 256)
      rmSync(join(other.paths.log, 'tile/entries/000'), { force: true })
      const checkpoint = readFileSync(join(other.paths.log, 'checkpoint'))
      await next.publish()
      assert.deepEqual(readFileSync(path), whole)
      writeFileSync(join(other.paths.log, 'checkpoint'), checkpoint)
      for (const name of ['0', 'entries']) {
        mkdirSync(join(other.paths.log, `tile/${name}/000.p`), { recursive: true })
        const full = readFileSync(join(other.paths.log, `tile/${name}/000`))
        const end = name === '0' ? 200 * 32 : endOfEntry(full, 200)
        writeFileSync(join(other.paths.log, `tile/${name}/000.p/200`), full.subarray(0, end))
      }
    }
    other.remove()
  })

  function endOfEntry(bundle: Buffer, count: number): number {
    let at = 0
    for (let i = 0; i < count; i++) at += 2 + bundle.readUInt16BE(at)
    return at
  }

  it('refuses to sign another history over full tiles that stand there', async () => {
    await publish(0, 200)
    const before = filesIn(shard.dataDir)
    await publish(200, 1000)
    // The checkpoint and the partial tiles are put back; the full tiles of the longer log stay.
    for (const [path, bytes] of before) {
      mkdirSync(dirname(join(shard.dataDir, path)), { recursive: true })
      writeFileSync(join(shard.dataDir, path), bytes)
    }
    const writer = await openBegun()
    assert.equal(writer.size, 200)
    appendTo(writer, 200, 400, 'another')
    await assert.rejects(writer.publish(), { ...corrupt, message: /another history/ })
    assert.equal((await checkpointOf(shard))?.size, 200)
  })

  it('refuses a checkpoint that is damaged, foreign, or not of these tiles', async () => {
    await publish(0, 300)
    const good = readFileSync(inLog('checkpoint'))
    for (let at = 0; at < good.length; at += 3) {
      const bad = Buffer.from(good)
      bad[at] = (bad[at] ?? 0) ^ 1
      writeFileSync(inLog('checkpoint'), bad)
      await assert.rejects(openWriter(shard), corrupt, `byte ${at}`)
    }
    writeFileSync(inLog('checkpoint'), '')
    await assert.rejects(openWriter(shard), corrupt)
    writeFileSync(inLog('checkpoint'), good)
    for (const path of ['tile/0/001.p/44', 'tile/1/000.p/1', 'tile/entries/001.p/44']) {
      const bytes = readFileSync(inLog(path))
      const bad = Buffer.from(bytes)
      bad[10] = (bad[10] ?? 0) ^ 1
      writeFileSync(inLog(path), bad)
      await assert.rejects(openWriter(shard), corrupt, `${path} changed`)
      truncateSync(inLog(path), bytes.length - 1)
      await assert.rejects(openWriter(shard), /./, `${path} cut`)
      unlinkSync(inLog(path))
      await assert.rejects(openWriter(shard), { ...corrupt, message: /is missing/ })
      writeFileSync(inLog(path), bytes)
    }
    assert.equal((await openWriter(shard)).size, 300)
  })
})

describe('payload files', () => {
  const seals = () => [...filesIn(shard.paths.payloads).keys()].sort()

  it('are cut back to the checkpoint and no further', async () => {
    await publish(0, 4500)
    const good = filesIn(shard.paths.payloads)
    const writer = await openBegun()
    appendTo(writer, 4500, 9000)
    await writer.publish()
    // The crash came before the checkpoint of 9000.
    const grown = filesIn(shard.paths.payloads)
    assert.ok(grown.size > good.size)
    const other = makeShard()
    await publish(0, 4500, other)
    for (const [path, bytes] of grown) {
      const full = join(other.paths.payloads, path)
      mkdirSync(dirname(full), { recursive: true })
      writeFileSync(full, bytes)
    }
    const next = await openBegun(other)
    assert.deepEqual(filesIn(other.paths.payloads), good)
    appendTo(next, 4500, 9000)
    await next.publish()
    assert.deepEqual(filesIn(other.paths.payloads), grown)
    assert.equal((await verdictOn(other)).kind, 'intact')
    other.remove()
  })

  it('are not touched, and the log not grown, when what the checkpoint covers cannot be reached', async () => {
    await publish(0, 4300)
    const open = seals().filter(path => path.endsWith('000000001.seal'))
    assert.ok(open.length >= 3)
    for (const path of open) {
      const full = join(shard.paths.payloads, path)
      const good = readFileSync(full)
      for (const bad of [
        good.subarray(0, good.length - 1),
        good.subarray(0, 20),
        Buffer.alloc(0),
        flipped(good, 0),
        flipped(good, 3),
        flipped(good, 11),
        Buffer.concat([good.subarray(0, 13), good]),
      ]) {
        writeFileSync(full, bad)
        const writer = await openWriter(shard)
        assert.throws(() => writer.begin(), { ...corrupt, message: /is damaged at section/ })
        assert.deepEqual(readFileSync(full), bad)
      }
      writeFileSync(full, good)
    }
    const writer = await openWriter(shard)
    writer.begin()
  })

  function flipped(bytes: Buffer, at: number): Buffer {
    const bad = Buffer.from(bytes)
    bad[at] = (bad[at] ?? 0) ^ 1
    return bad
  }

  it('of closed chunks are not read at a start; one that is missing does not keep it from going on', async () => {
    await publish(0, 4300)
    for (const path of seals()) {
      renameSync(join(shard.paths.payloads, path), join(shard.paths.payloads, `${path}.away`))
    }
    const writer = await openWriter(shard)
    writer.begin()
    assert.equal(readdirSync(shard.paths.payloads).length > 0, true)
  })

  it('stay sound when a write is done again after it failed half-way', async () => {
    const writer = await openBegun()
    appendTo(writer, 0, 100)
    // A file in the place of a folder makes one write fail, after others have succeeded.
    const blocked = join(shard.paths.payloads, 'r6y')
    mkdirSync(shard.paths.payloads, { recursive: true })
    writeFileSync(blocked, '')
    await assert.rejects(writer.publish())
    await assert.rejects(writer.publish())
    rmSync(blocked)
    appendTo(writer, 100, 150)
    assert.equal((await writer.publish())?.size, 150)
    await assertIntact(150)
  })

  it('and tiles are written early when much waits, and are the same then', async () => {
    const other = makeShard()
    await publish(0, 9000, other)
    const writer = await openBegun()
    for (let from = 0; from < 9000; from += 500) {
      appendTo(writer, from, from + 500)
      writer.relieve()
    }
    await writer.publish()
    const [here, there] = [filesIn(shard.dataDir), filesIn(other.dataDir)]
    assert.ok(
      [...there].every(([path, bytes]) => equalBytes(here.get(path) ?? bytes.subarray(1), bytes)),
    )
    other.remove()
  })
})
