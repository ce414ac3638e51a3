import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Rig } from './follow-rig.ts'

let rig: Rig
beforeEach(() => {
  rig = new Rig()
})
afterEach(() => rig.close())

function reasons(): readonly string[] {
  return rig.ledger.gaps.map(gap => gap.reason)
}

describe('rotation by renaming', () => {
  it('finishes the old file first, also what is written to it after it was renamed', async () => {
    const lines = [...rig.writeLines(2)]
    await rig.poll()
    lines.push(...rig.writeLines(1))
    rig.rotate()
    lines.push(...rig.writeLines(1))
    await rig.poll()
    rig.assertExactly(lines)
    // The new file is there, and a slow worker still writes to the old one.
    fs.writeFileSync(rig.path, 'new 1\n')
    await rig.poll()
    lines.push(...rig.writeLines(1))
    await rig.poll()
    rig.assertExactly([...lines, 'new 1'])
    assert.deepEqual(rig.ledger.texts.indexOf('new 1'), lines.length - 1)
  })

  it('reads every file of several rotations in one poll, in order', async () => {
    const lines = [...rig.writeLines(2)]
    await rig.poll()
    for (let i = 0; i < 3; i++) {
      lines.push(...rig.writeLines(2))
      rig.rotate()
      rig.reopen()
      lines.push(...rig.writeLines(2))
    }
    await rig.poll()
    assert.deepEqual(rig.ledger.texts, lines)
    assert.deepEqual(rig.ledger.gaps, [])
  })

  it('finds the remembered file among its siblings after several rotations while it was down', async () => {
    const lines = [...rig.writeLines(2)]
    await rig.poll()
    await rig.stop()
    for (let i = 0; i < 4; i++) {
      lines.push(...rig.writeLines(3))
      rig.rotate()
      rig.reopen()
      lines.push(...rig.writeLines(1))
    }
    await rig.poll()
    assert.deepEqual(rig.ledger.texts, lines)
    assert.equal(rig.ledger.received, lines.length)
    assert.deepEqual(rig.ledger.gaps, [])
  })

  it('reads on in compressed files', async () => {
    const lines = [...rig.writeLines(2)]
    await rig.poll()
    await rig.stop()
    for (let i = 0; i < 3; i++) {
      lines.push(...rig.writeLines(3))
      rig.rotate()
      rig.reopen()
      lines.push(...rig.writeLines(1))
      rig.compress(2)
    }
    rig.compress(1)
    await rig.poll()
    assert.deepEqual(rig.ledger.texts, lines)
    assert.deepEqual(rig.ledger.gaps, [])
  })

  it('names a compressed file that is damaged, and reads the rest', async () => {
    rig.writeLines(2)
    await rig.poll()
    await rig.stop()
    rig.rotate()
    rig.reopen()
    rig.writeLines(500)
    rig.rotate()
    rig.reopen()
    rig.compress(1)
    const bytes = fs.readFileSync(`${rig.path}.1.gz`)
    fs.writeFileSync(`${rig.path}.1.gz`, bytes.subarray(0, 20))
    const last = rig.writeLines(2)
    await rig.poll()
    assert.deepEqual(reasons(), ['unreadable'])
    assert.equal(rig.ledger.gaps[0]?.certain, true)
    assert.deepEqual(rig.ledger.texts.slice(-2), last)
  })

  it('reads dated siblings, and no neighbour that only has a similar name', async () => {
    const lines = [...rig.writeLines(2)]
    await rig.poll()
    await rig.stop()
    lines.push(...rig.writeLines(1))
    fs.renameSync(rig.path, `${rig.path}-20261123`)
    rig.reopen()
    lines.push(...rig.writeLines(1))
    fs.renameSync(rig.path, `${rig.path}-20261124`)
    rig.reopen()
    lines.push(...rig.writeLines(1))
    fs.writeFileSync(`${rig.path}.error`, 'foreign\n')
    fs.writeFileSync(join(rig.directory, 'access.json'), 'foreign\n')
    await rig.poll()
    assert.deepEqual(rig.ledger.texts, lines)
  })

  it('gives out the last line of a rotated file, which has no end, when it has been quiet', async () => {
    rig.write('whole\ncut off')
    await rig.poll()
    rig.rotate()
    rig.reopen()
    rig.write('new\n')
    await rig.poll()
    rig.assertExactly(['whole', 'new'])
    rig.nowMs += 60_000
    await rig.poll()
    rig.assertExactly(['whole', 'new', 'cut off'])
    assert.equal(rig.saved?.files.length, 1)
    // It is not read again when the next rotation makes its neighbours be looked at.
    rig.rotate()
    rig.reopen()
    rig.write('newer\n')
    await rig.poll()
    assert.equal(rig.ledger.received, 4)
  })

  it('says that lines may be lost when the remembered file is gone', async () => {
    rig.writeLines(2)
    await rig.poll()
    await rig.stop()
    // Created before the old one is removed, so that it cannot get its inode.
    fs.writeFileSync(`${rig.path}~`, '')
    fs.renameSync(`${rig.path}~`, rig.path)
    rig.reopen()
    const next = rig.writeLines(1)
    await rig.poll()
    assert.deepEqual(reasons(), ['gone'])
    assert.equal(rig.ledger.gaps[0]?.certain, false)
    assert.deepEqual(rig.ledger.texts.slice(-1), next)
    // Once only.
    await rig.stop()
    await rig.poll()
    assert.deepEqual(reasons(), ['gone'])
  })

  it('reads what was written and rotated away while it still waited for the first file', async () => {
    await rig.poll()
    const lines = [...rig.writeLines(2)]
    rig.rotate()
    rig.reopen()
    lines.push(...rig.writeLines(2))
    await rig.poll()
    assert.deepEqual(rig.ledger.texts, lines)
  })

  it('the same, while it was down', async () => {
    await rig.poll()
    await rig.stop()
    const lines = [...rig.writeLines(2)]
    rig.rotate()
    rig.reopen()
    lines.push(...rig.writeLines(2))
    await rig.poll()
    assert.deepEqual(rig.ledger.texts, lines)
  })

  it('leaves history alone when it is started for the first time', async () => {
    rig.writeLines(2)
    rig.rotate()
    rig.reopen()
    const lines = rig.writeLines(1)
    await rig.poll()
    assert.deepEqual(rig.ledger.texts, lines)
  })

  it('reads an unlinked file to its end while it is still open', async () => {
    const lines = [...rig.writeLines(1)]
    await rig.poll()
    lines.push(...rig.writeLines(2))
    fs.rmSync(rig.path)
    await rig.poll()
    rig.assertExactly(lines)
    assert.deepEqual(rig.ledger.gaps, [])
  })
})

describe('truncation', () => {
  it('copytruncate: reads the rest from the copy, and names what may be lost', async () => {
    const lines = [...rig.writeLines(2)]
    await rig.poll()
    lines.push(...rig.writeLines(2))
    rig.copyTruncate()
    lines.push(...rig.writeLines(1))
    await rig.poll()
    rig.assertExactly(lines)
    assert.deepEqual(reasons(), ['copytruncate'])
    assert.equal(rig.ledger.gaps[0]?.certain, false)
    assert.match(rig.ledger.gaps[0]?.detail ?? '', /may be lost; rotate by renaming/)
  })

  it('copytruncate while it was down, twice', async () => {
    const lines = [...rig.writeLines(2)]
    await rig.poll()
    await rig.stop()
    for (let i = 0; i < 2; i++) {
      lines.push(...rig.writeLines(2))
      rig.copyTruncate()
      lines.push(...rig.writeLines(1))
    }
    await rig.poll()
    rig.assertExactly(lines)
    assert.deepEqual(reasons(), ['copytruncate'])
  })

  it('copytruncate of a file that was empty when it was last looked at', async () => {
    rig.write('')
    await rig.poll()
    const lines = [...rig.writeLines(1)]
    rig.copyTruncate()
    await rig.poll()
    rig.nowMs += 60_000
    await rig.poll()
    // The copy was closed, not the file under the path.
    const { ino } = fs.statSync(rig.path)
    assert.deepEqual(
      rig.saved?.files.map(file => file.inode),
      [String(ino)],
    )
    lines.push(...rig.writeLines(1))
    await rig.poll()
    rig.assertExactly(lines)
  })

  it('does not let a late acknowledgement move the position in the new content', async () => {
    const first = rig.writeLines(4)
    const { promise, resolve } = Promise.withResolvers<void>()
    rig.durable = promise
    await rig.poll()
    rig.truncate()
    const after = rig.writeLines(20)
    const polled = rig.poll()
    await setTimeout(20)
    resolve()
    await polled
    await rig.kill()
    assert.deepEqual(rig.saved?.files[0]?.offset, fs.statSync(rig.path).size)
    await rig.poll()
    rig.assertExactly([...first, ...after])
  })

  it('without a copy: starts again at the beginning and reports the loss', async () => {
    rig.writeLines(3)
    await rig.poll()
    rig.write('unread and never comp')
    await rig.poll()
    rig.truncate()
    const after = rig.writeLines(1)
    await rig.poll()
    assert.deepEqual(reasons(), ['truncated'])
    assert.equal(rig.ledger.gaps[0]?.bytes, 21)
    assert.equal(rig.ledger.gaps[0]?.certain, true)
    assert.deepEqual(rig.ledger.texts.slice(3), after)
  })

  it('is noticed when the file has already grown beyond the old position', async () => {
    rig.writeLines(2)
    await rig.poll()
    rig.truncate()
    const after = rig.writeLines(50)
    await rig.poll()
    assert.deepEqual(reasons(), ['truncated'])
    assert.deepEqual(rig.ledger.texts.slice(2), after)
  })

  it('is noticed when the new content begins with the same first line', async () => {
    rig.write('header\nold 1\nold 2\n')
    await rig.poll()
    rig.truncate()
    rig.write('header\nnew 1\nnew 2\nnew 3\n')
    await rig.poll()
    assert.deepEqual(reasons(), ['truncated'])
    rig.assertExactly(['header', 'old 1', 'old 2', 'new 1', 'new 2', 'new 3'])
  })

  it('is noticed across a restart, by size and by content', async () => {
    for (const count of [1, 60]) {
      const { gaps } = rig.ledger
      const known = gaps.length
      rig.writeLines(10)
      await rig.poll()
      await rig.stop()
      rig.truncate()
      const after = rig.writeLines(count)
      await rig.poll()
      assert.deepEqual(reasons().slice(known), ['truncated'])
      assert.deepEqual(rig.ledger.texts.slice(-count), after)
    }
  })

  it('copes with a writer that keeps its offset and leaves a hole of NUL bytes', async () => {
    rig.writeLines(5)
    await rig.poll()
    const { size } = fs.statSync(rig.path)
    rig.truncate()
    const fd = fs.openSync(rig.path, 'r+')
    fs.writeSync(fd, 'after the hole\n', size)
    fs.closeSync(fd)
    await rig.poll()
    assert.deepEqual(reasons(), ['truncated'])
    assert.deepEqual(rig.ledger.texts.slice(5), ['after the hole'])
  })

  it('does not take a new file that got the same inode for the old one', async () => {
    rig.writeLines(3)
    await rig.poll()
    await rig.stop()
    const [position] = rig.saved?.files ?? []
    fs.rmSync(rig.path)
    rig.reopen()
    const after = rig.writeLines(40)
    const { ino, dev } = fs.statSync(rig.path)
    assert.ok(position)
    rig.saved = { files: [{ ...position, inode: String(ino), device: String(dev) }] }
    await rig.poll()
    assert.deepEqual(rig.ledger.texts.slice(3), after)
    assert.deepEqual(reasons(), ['gone'])
  })
})
