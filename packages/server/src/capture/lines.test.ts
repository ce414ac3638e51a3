import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createLineSplitter, HEAD_BYTES_MAX, LINE_BYTES_MAX, type Line } from './lines.ts'

type SplitOptions = { bytesMax?: number; invalidUtf8?: 'escape' | 'refuse'; chunks?: number[] }

function split(bytes: Uint8Array, options: SplitOptions = {}): readonly Line[] {
  const { bytesMax, invalidUtf8 = 'refuse', chunks = [] } = options
  const splitter = createLineSplitter({
    invalidUtf8,
    ...(bytesMax === undefined ? {} : { lineBytesMax: bytesMax }),
  })
  const lines: Line[] = []
  let at = 0
  for (const size of chunks) {
    lines.push(...splitter.push(bytes.slice(at, at + size)))
    at += size
  }
  lines.push(...splitter.push(bytes.slice(at)), ...splitter.end())
  return lines
}

function texts(lines: readonly Line[]): readonly string[] {
  return lines.map(line => (line.kind === 'line' ? line.text : `(${line.code})`))
}

/** The slow and obvious way: cut the whole text at once. */
function naive(bytes: Uint8Array, bytesMax: number): readonly string[] {
  const out: string[] = []
  let at = 0
  while (at < bytes.length) {
    const lf = bytes.indexOf(10, at)
    const end = lf < 0 ? bytes.length : lf
    let start = at
    while (start < end && bytes[start] === 0) start += 1
    const cr = end > start && bytes[end - 1] === 13 ? 1 : 0
    const line = bytes.slice(start, end - cr)
    const size = (lf < 0 ? end : end + 1) - start
    if (line.length > 0) {
      const tooLong = line.length > bytesMax
      out.push(`${start} ${size} ${tooLong ? 'too long' : Buffer.from(line).toString('hex')}`)
    }
    at = end + 1
  }
  return out
}

function shape(line: Line): string {
  const tooLong = line.kind === 'refused' && line.code === 'line.too_long'
  const content = tooLong ? 'too long' : Buffer.from(line.bytes).toString('hex')
  return `${line.offset} ${line.size} ${content}`
}

describe('createLineSplitter', () => {
  it('gives each line its offset, its size with its end, and its text', () => {
    const lines = split(Buffer.from('one\ntwo\r\n\n\nfür\nlast'))
    assert.deepEqual(
      lines.map(l => [l.offset, l.size, l.kind === 'line' ? l.text : '']),
      [
        [0, 4, 'one'],
        [4, 5, 'two'],
        [11, 5, 'für'],
        [16, 4, 'last'],
      ],
    )
  })

  it('knows nothing of an empty file, and passes over blank lines', () => {
    assert.deepEqual(split(Buffer.from('')), [])
    assert.deepEqual(split(Buffer.from('\n\r\n\n')), [])
  })

  it('keeps a lone CR inside a line', () => {
    assert.deepEqual(texts(split(Buffer.from('a\rb\nc\r\r\n'))), ['a\rb', 'c\r'])
  })

  it('passes over NUL bytes at the start of a line, and counts the offset behind them', () => {
    const [line] = split(Buffer.concat([Buffer.alloc(5000), Buffer.from('x\n')]), {
      bytesMax: 10,
      chunks: [100, 3000],
    })
    assert.deepEqual([line?.offset, line?.size, texts(line ? [line] : [])], [5000, 2, ['x']])
  })

  it('keeps NUL bytes inside a line', () => {
    assert.deepEqual(texts(split(Buffer.from('a\0b\n'))), ['a\0b'])
  })

  it('drops a byte order mark at the start of a file only', () => {
    assert.deepEqual(texts(split(Buffer.from('\uFEFFa\n\uFEFFb\n'))), ['a', '\uFEFFb'])
  })

  it('takes a line of exactly the bound and refuses one byte more, with and without CR', () => {
    for (const end of ['\n', '\r\n', '']) {
      const lines = split(Buffer.from(`12345${end}`), { bytesMax: 5 })
      assert.deepEqual(texts(lines), ['12345'])
      const longer = split(Buffer.from(`123456${end}`), { bytesMax: 5 })
      assert.deepEqual(texts(longer), ['(line.too_long)'])
    }
  })

  it('refuses bytes that are not UTF-8, or spells them out', () => {
    const bytes = Buffer.from([0x61, 0xff, 0x62, 0x0a, 0x6f, 0x6b, 0x0a])
    assert.deepEqual(texts(split(bytes)), ['(line.not_utf8)', 'ok'])
    const escaped = split(bytes, { invalidUtf8: 'escape' })
    assert.deepEqual(texts(escaped), ['a\\xFFb', 'ok'])
    assert.deepEqual(
      escaped.map(l => l.kind === 'line' && l.escaped),
      [true, false],
    )
  })

  it('holds no more of a line of 10 MB than the bound, and goes on behind it', () => {
    const splitter = createLineSplitter()
    const chunk = Buffer.alloc(64 * 1024, 0x78)
    let heldMax = 0
    for (let i = 0; i < 160; i++) {
      assert.deepEqual(splitter.push(Buffer.from(chunk)), [])
      heldMax = Math.max(heldMax, splitter.pendingBytes)
    }
    assert.ok(heldMax <= LINE_BYTES_MAX + chunk.length)
    assert.equal(splitter.pendingBytes, HEAD_BYTES_MAX)
    const [long, next] = splitter.push(Buffer.from('\nnext\n'))
    assert.equal(long?.kind === 'refused' && long.code, 'line.too_long')
    assert.equal(long?.offset, 0)
    assert.equal(long?.size, 160 * chunk.length + 1)
    assert.equal(long?.bytes.length, HEAD_BYTES_MAX)
    assert.match(long?.kind === 'refused' ? long.reason : '', /10485761 bytes/)
    assert.equal(next?.offset, 160 * chunk.length + 1)
    assert.deepEqual(next && texts([next]), ['next'])
  })

  it('stands before the line that is not complete', () => {
    const splitter = createLineSplitter({ offset: 100 })
    assert.equal(splitter.position, 100)
    splitter.push(Buffer.from('abc\nde'))
    assert.equal(splitter.position, 104)
    splitter.push(Buffer.from('f\n'))
    assert.equal(splitter.position, 108)
    splitter.push(Buffer.from('gh'))
    assert.deepEqual(texts(splitter.end()), ['gh'])
    assert.equal(splitter.position, 110)
    assert.deepEqual(splitter.end(), [])
  })

  it('gives the same lines however the bytes are cut, the same as the naive way', () => {
    const piece = fc.oneof(
      fc.constantFrom(...['\n', '\r\n', '\r', '\0', '\0\0\n', 'ä', '€', '😀', 'a', '\n\n']),
      fc.string({ maxLength: 12 }),
    )
    const content = fc.oneof(
      fc.array(piece, { maxLength: 30 }).map(parts => Buffer.from(parts.join(''))),
      fc.uint8Array({ maxLength: 60 }).map(bytes => Buffer.from(bytes)),
    )
    const cuts = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 40 })
    const run = fc.property(
      content,
      cuts,
      fc.integer({ min: 1, max: 12 }),
      (bytes, chunks, max) => {
        const whole = split(bytes, { bytesMax: max })
        const pieces = split(bytes, { bytesMax: max, chunks })
        assert.deepEqual(pieces, whole)
        const byByte = split(bytes, { bytesMax: max, chunks: new Array(bytes.length).fill(1) })
        assert.deepEqual(byByte, whole)
        assert.deepEqual(whole.map(shape), naive(bytes, max))
      },
    )
    fc.assert(run, { numRuns: 500 })
  })

  it('escapes without loss: equal texts come from equal bytes where no backslash was', () => {
    const bytes = fc
      .uint8Array({ minLength: 1, maxLength: 40 })
      .map(b => Buffer.from(b.filter(x => x !== 10 && x !== 13 && x !== 0 && x !== 0x5c)))
    const run = fc.property(bytes, line => {
      const [out] = split(line, { invalidUtf8: 'escape' })
      if (out?.kind !== 'line') return assert.equal(line.length, 0)
      const back = out.text.replaceAll(/\\x([0-9A-F]{2})|[^\\]+/g, (all, hex) => {
        return hex
          ? Buffer.from(hex, 'hex').toString('latin1')
          : Buffer.from(all).toString('latin1')
      })
      assert.deepEqual(Buffer.from(back, 'latin1'), line)
    })
    fc.assert(run, { numRuns: 500 })
  })
})
