import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { LINE_EXCERPT_BYTES_MAX, openQuarantine, type QuarantinedLine } from './quarantine.ts'

let directory: string
let reports: string[]
beforeEach(() => {
  directory = join(fs.mkdtempSync(join(tmpdir(), 'tocsin-quarantine-')), 'quarantine')
  reports = []
})
afterEach(() => fs.rmSync(join(directory, '..'), { recursive: true, force: true }))

function report(_level: string, sentence: string): void {
  reports.push(sentence)
}

const DAY_MS = 86_400_000
const TIME_MS = Date.UTC(2026, 10, 24, 23, 59, 59, 999)

function row(extra: Partial<QuarantinedLine> = {}): QuarantinedLine {
  return {
    timeMs: TIME_MS,
    source: 'nginx',
    offset: 7,
    code: 'line.malformed',
    reason: 'not JSON',
    bytes: 3,
    line: 'x"\n',
    ...extra,
  }
}

function rows(name: string): readonly { readonly [key: string]: unknown }[] {
  const text = fs.readFileSync(join(directory, name), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
}

describe('quarantine', () => {
  it('writes one file a day, readable by the owner alone', async () => {
    const quarantine = openQuarantine({ directory, report })
    await quarantine.add([row(), row({ timeMs: TIME_MS + 1, field: 'time' })])
    await quarantine.add([row({ line: Buffer.from([0xff, 0xfe]) })])
    assert.deepEqual(fs.readdirSync(directory).sort(), ['2026-11-24.ndjson', '2026-11-25.ndjson'])
    assert.deepEqual(rows('2026-11-24.ndjson'), [
      {
        time: '2026-11-24T23:59:59.999Z',
        source: 'nginx',
        offset: 7,
        code: 'line.malformed',
        reason: 'not JSON',
        bytes: 3,
        line: 'x"\n',
      },
      {
        time: '2026-11-24T23:59:59.999Z',
        source: 'nginx',
        offset: 7,
        code: 'line.malformed',
        reason: 'not JSON',
        bytes: 3,
        lineBase64: '//4=',
      },
    ])
    assert.equal(rows('2026-11-25.ndjson')[0]?.field, 'time')
    assert.equal(fs.statSync(join(directory, '2026-11-24.ndjson')).mode & 0o777, 0o600)
    assert.equal(fs.statSync(directory).mode & 0o777, 0o700)
    assert.deepEqual(quarantine.counts, { written: 3, dropped: 0, failed: 0, filesRemoved: 0 })
  })

  it('keeps the first 2 KiB of a line, cut between two characters', async () => {
    const quarantine = openQuarantine({ directory, report })
    await quarantine.add([
      row({ line: `x${'ä'.repeat(5000)}`, bytes: 10_001 }),
      row({ line: Buffer.concat([Buffer.from([0xff]), Buffer.alloc(5000, 0x61)]) }),
    ])
    const [text, binary] = rows('2026-11-24.ndjson')
    assert.equal(text?.line, `x${'ä'.repeat(1023)}`)
    assert.equal(text?.bytes, 10_001)
    assert.equal(Buffer.from(String(binary?.lineBase64), 'base64').length, LINE_EXCERPT_BYTES_MAX)
  })

  it('lets old files make room, oldest first, and counts them', async () => {
    const quarantine = openQuarantine({ directory, report, bytesMax: 4000 })
    for (let day = 0; day < 6; day++) {
      const line = 'y'.repeat(900)
      await quarantine.add([row({ timeMs: TIME_MS + day * DAY_MS, line })])
    }
    const names = fs.readdirSync(directory).sort()
    assert.deepEqual(names, ['2026-11-27.ndjson', '2026-11-28.ndjson', '2026-11-29.ndjson'])
    assert.equal(quarantine.counts.filesRemoved, 3)
    assert.equal(quarantine.counts.written, 6)
  })

  it('keeps the first lines of a day when they are too many, and counts the others', async () => {
    const quarantine = openQuarantine({ directory, report, bytesMax: 4000 })
    const many = Array.from({ length: 50 }, (_, i) => row({ offset: i, line: 'z'.repeat(100) }))
    await quarantine.add(many)
    const kept = rows('2026-11-24.ndjson')
    assert.ok(fs.statSync(join(directory, '2026-11-24.ndjson')).size <= 2000)
    assert.deepEqual(
      kept.map(r => r.offset),
      kept.map((_, i) => i),
    )
    const { written, dropped } = quarantine.counts
    assert.deepEqual([written, dropped], [kept.length, 50 - kept.length])
  })

  it('counts what older runs left in the directory', async () => {
    await openQuarantine({ directory, report }).add([row({ line: 'y'.repeat(1500) })])
    fs.writeFileSync(join(directory, 'README'), 'not ours')
    const quarantine = openQuarantine({ directory, report, bytesMax: 3000 })
    for (const day of [1, 2]) {
      await quarantine.add([row({ timeMs: TIME_MS + day * DAY_MS, line: 'y'.repeat(900) })])
    }
    assert.deepEqual(fs.readdirSync(directory).sort(), [
      '2026-11-25.ndjson',
      '2026-11-26.ndjson',
      'README',
    ])
  })

  it('never rejects when the disk fails: counts, says it once, and goes on when it can', async () => {
    fs.writeFileSync(directory, 'a file where the directory should be')
    const quarantine = openQuarantine({ directory, report })
    await quarantine.add([row(), row()])
    await quarantine.add([row()])
    assert.deepEqual(quarantine.counts, { written: 0, dropped: 0, failed: 3, filesRemoved: 0 })
    assert.equal(reports.length, 1)
    assert.match(reports[0] ?? '', /refused lines cannot be kept in .*: .*; they are counted only/)
    fs.rmSync(directory)
    await quarantine.add([row()])
    assert.equal(quarantine.counts.written, 1)
  })

  it('keeps the order of calls that were not awaited', async () => {
    const quarantine = openQuarantine({ directory, report })
    await Promise.all(Array.from({ length: 20 }, (_, i) => quarantine.add([row({ offset: i })])))
    const offsets = rows('2026-11-24.ndjson').map(r => r.offset)
    assert.deepEqual(
      offsets,
      Array.from({ length: 20 }, (_, i) => i),
    )
  })

  it('takes any time and any text', async () => {
    const quarantine = openQuarantine({ directory, report })
    await quarantine.add([row({ timeMs: NaN, line: '\ud800\0', reason: 'r'.repeat(5000) })])
    assert.equal(String(rows('1970-01-01.ndjson')[0]?.reason).length, 1024)
  })
})
