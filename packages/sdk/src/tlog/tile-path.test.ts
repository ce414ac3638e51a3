import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { findTilePath, parseTilePath, printTilePath, type TilePath } from './tile-path.ts'
import { partialTilesOf, tilesOf, tileWidth } from './tlog.ts'
import { parseTreeSize } from './tree-hash.ts'

const index = fc.oneof(fc.maxSafeNat(), fc.nat(3000))
const width = fc.integer({ min: 1, max: 256 })
const anyPath: fc.Arbitrary<TilePath> = fc.oneof(
  fc.record({ kind: fc.constant('entries' as const), index, width }, { noNullPrototype: true }),
  fc.record(
    { kind: fc.constant('hashes' as const), level: fc.nat(63), index, width },
    { noNullPrototype: true },
  ),
)

describe('the path of a tile', () => {
  it('is written as the specification writes it', () => {
    const hashes = (level: number, index: number, width = 256) =>
      printTilePath({ kind: 'hashes', level, index, width })
    assert.equal(hashes(0, 1_234_067), 'tile/0/x001/x234/067')
    assert.equal(hashes(0, 0), 'tile/0/000')
    assert.equal(hashes(63, 999, 255), 'tile/63/999.p/255')
    assert.equal(hashes(1, 1000, 1), 'tile/1/x001/000.p/1')
    assert.equal(
      printTilePath({ kind: 'entries', index: 273, width: 112 }),
      'tile/entries/273.p/112',
    )
  })

  it('comes back from its print, up to 2^53-1', () => {
    fc.assert(
      fc.property(anyPath, path => assert.deepEqual(parseTilePath(printTilePath(path)), path)),
    )
    const last = { kind: 'entries', index: Number.MAX_SAFE_INTEGER, width: 1 } as const
    assert.deepEqual(parseTilePath(printTilePath(last)), last)
  })

  it('is refused in any other spelling', () => {
    const bad = ['', 'tile', 'tile/', 'tile/0', 'tile/0/', 'tile/0/0', 'tile/0/00', 'tile/0/0000']
    bad.push('tile/00/000', 'tile/01/000', 'tile/64/000', 'tile/100/000', 'tile/-1/000')
    bad.push('/tile/0/000', 'tile/0/000/', 'tile/0//000', 'tile/0/000.p', 'tile/0/000.p/')
    bad.push('tile/0/000.p/0', 'tile/0/000.p/256', 'tile/0/000.p/01', 'tile/0/000.p/1000')
    bad.push(
      'tile/0/x000/001',
      'tile/0/x001',
      'tile/0/001/002',
      'tile/0/x001/x002',
      'tile/0/X001/002',
    )
    bad.push(
      'tile/8/0/000',
      'tile/data/000',
      'tile/entries/x000/000',
      'tile/entries/0',
      'tile/0/١٢٣',
    )
    bad.push('tile/0/000\n', ' tile/0/000', 'tile/0/../../x', 'tile/0/000.p/1/2', 'Tile/0/000')
    // One above 2^53-1, and far above.
    bad.push('tile/0/x009/x007/x199/x254/x740/992', `tile/0/${'x999/'.repeat(6)}999`)
    for (const text of bad) {
      assert.equal(findTilePath(text), null, text)
      assert.throws(() => parseTilePath(text), { code: 'tlog.path_malformed' }, text)
    }
  })

  it('whatever is read would be written the same', () => {
    const piece = fc.constantFrom(
      'tile',
      '/',
      '0',
      '1',
      '63',
      '000',
      'x001',
      'entries',
      '.p',
      '255',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), pieces => {
        const path = findTilePath(pieces.join(''))
        if (path !== null) assert.equal(printTilePath(path), pieces.join(''))
      }),
      { numRuns: 3000 },
    )
  })
})

describe('the tiles of a tree', () => {
  const printed = (size: number) => [...tilesOf(parseTreeSize(size))].map(printTilePath)

  it("of 70,000 leaves are the specification's example", () => {
    const paths = printed(70_000)
    const count = (form: RegExp) => paths.filter(path => form.test(path)).length
    assert.equal(count(/^tile\/0\/\d{3}$/), 273)
    assert.equal(count(/^tile\/entries\/\d{3}$/), 273)
    assert.deepEqual(
      paths.filter(path => !/^tile\/(0|entries)\/\d{3}$/.test(path)),
      [
        'tile/entries/273.p/112',
        'tile/0/273.p/112',
        'tile/1/000',
        'tile/1/001.p/17',
        'tile/2/000.p/1',
      ],
    )
  })

  it('of small and round sizes are no more and no fewer than needed', () => {
    assert.deepEqual(printed(0), [])
    assert.deepEqual(printed(1), ['tile/entries/000.p/1', 'tile/0/000.p/1'])
    assert.deepEqual(printed(255), ['tile/entries/000.p/255', 'tile/0/000.p/255'])
    assert.deepEqual(printed(256), ['tile/entries/000', 'tile/0/000', 'tile/1/000.p/1'])
    assert.deepEqual(printed(65_536).slice(-2), ['tile/1/000', 'tile/2/000.p/1'])
  })

  it('are partial only at the right edge, also at 2^53-1', () => {
    const size = parseTreeSize(Number.MAX_SAFE_INTEGER)
    const widths = [...partialTilesOf(size)].map(({ level, width }) => [level, width])
    // 2^53-1 is 0x1f_ffff_ffff_ffff: every byte is a level's width.
    const expected = [...Array(6).keys()].map(level => [level, 255])
    assert.deepEqual(widths, [...expected, [6, 31]])
    assert.equal(tileWidth(size, 0, 2 ** 45 - 2), 256)
    assert.equal(tileWidth(size, 0, 2 ** 45 - 1), 255)
    assert.equal(tileWidth(size, 0, 2 ** 45), 0)
  })
})
