import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { encodeHex, parseHex } from '../bytes.ts'
import { sha256 } from '../node/node.ts'
import {
  buildRightEdge,
  buildTreeHasher,
  parseLeafIndex,
  parseTreeSize,
  partialTilesOf,
  printTilePath,
  type RightEdge,
  type Tile,
  tilesOf,
} from './tlog.ts'

const hasher = buildTreeHasher(sha256)

/** RFC 6962 §2.1 word for word, with another hash function: what all here is held against. */
function merkleTreeHash(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves
  if (only === undefined) return createHash('sha256').digest()
  if (leaves.length === 1) return only
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  const left = merkleTreeHash(leaves.slice(0, split))
  const right = merkleTreeHash(leaves.slice(split))
  return createHash('sha256').update(Uint8Array.of(1)).update(left).update(right).digest()
}

function leafHashes(count: number): Uint8Array[] {
  const hashes: Uint8Array[] = []
  for (let i = 0; i < count; i++) hashes.push(hasher.leaf(Buffer.from(`entry ${i}`)))
  return hashes
}

function appendAll(edge: RightEdge, leaves: readonly Uint8Array[]): Tile[] {
  return leaves.flatMap(leaf => edge.append(leaf))
}

describe('hashes', () => {
  it('of leaf, node and nothing are those of the standards', () => {
    const empty = hasher.leaf(new Uint8Array(0))
    assert.equal(
      encodeHex(empty),
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    )
    assert.equal(
      encodeHex(hasher.emptyRoot),
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    )
    assert.equal(
      encodeHex(hasher.node(empty, hasher.leaf(Uint8Array.of(0)))),
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    )
  })

  it('of a leaf are right for every length around the growing of the buffer', () => {
    const fresh = buildTreeHasher(sha256)
    for (const length of [0, 1022, 1023, 1024, 1025, 65_535, 3]) {
      const entry = new Uint8Array(length).fill(9)
      const expected = createHash('sha256').update(Uint8Array.of(0)).update(entry).digest('hex')
      assert.equal(encodeHex(fresh.leaf(entry)), expected)
    }
  })
})

it('numbers beyond the safe range are refused', () => {
  for (const bad of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    assert.throws(() => parseLeafIndex(bad), { code: 'tlog.number_out_of_range' })
    assert.throws(() => parseTreeSize(bad), { code: 'tlog.number_out_of_range' })
  }
  assert.equal(parseTreeSize(2 ** 53 - 1), 2 ** 53 - 1)
})

describe('the right edge', () => {
  // Leaves and roots of certificate-transparency's Merkle tree tests.
  it('gives the roots of Certificate Transparency', () => {
    const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657']
    leaves.push('606162636465666768696a6b6c6d6e6f')
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]
    const edge = buildRightEdge(hasher)
    for (const [i, leaf] of leaves.entries()) {
      edge.append(hasher.leaf(parseHex(leaf)))
      assert.equal(encodeHex(edge.root()), roots[i])
    }
  })

  it('gives the root of the RFC for every size from 0 to 600', () => {
    const leaves = leafHashes(600)
    const edge = buildRightEdge(hasher)
    for (let size = 0; size <= 600; size++) {
      assert.equal(edge.size, size)
      const expected = merkleTreeHash(leaves.slice(0, size))
      assert.equal(encodeHex(edge.root()), encodeHex(expected), `size ${size}`)
      edge.append(leaves[size] ?? hasher.emptyRoot)
    }
  })

  it('of 70,000 leaves gives exactly the tiles that such a tree has, each one right', () => {
    const leaves = leafHashes(70_000)
    const edge = buildRightEdge(hasher)
    const tiles = [...appendAll(edge, leaves), ...edge.partialTiles()]
    const needed = [...tilesOf(parseTreeSize(70_000))].filter(path => path.kind === 'hashes')
    const sorted = (paths: readonly string[]) => [...paths].sort()
    assert.deepEqual(
      sorted(tiles.map(tile => printTilePath(tile.path))),
      sorted(needed.map(printTilePath)),
    )
    assert.equal(encodeHex(edge.root()), encodeHex(merkleTreeHash(leaves)))
    for (const { path, bytes } of tiles) {
      assert.equal(bytes.length, path.width * 32)
      const span = 256 ** path.level
      const last = (path.index * 256 + path.width - 1) * span
      const expected = merkleTreeHash(leaves.slice(last, last + span))
      assert.equal(encodeHex(bytes.subarray(-32)), encodeHex(expected), printTilePath(path))
    }
  })

  it('goes on from its partial tiles as if it had never stopped', () => {
    const leaves = leafHashes(1000)
    fc.assert(
      fc.property(fc.nat(999), stop => {
        const first = buildRightEdge(hasher)
        const before = appendAll(first, leaves.slice(0, stop))
        const kept = first.partialTiles()
        assert.deepEqual(
          kept.map(tile => tile.path),
          [...partialTilesOf(first.size)],
        )
        const second = buildRightEdge(
          hasher,
          first.size,
          kept.map(tile => tile.bytes),
        )
        assert.deepEqual(second.root(), first.root())
        const straight = buildRightEdge(hasher)
        const all = appendAll(straight, leaves)
        assert.deepEqual([...before, ...appendAll(second, leaves.slice(stop))], all)
        assert.deepEqual(second.root(), straight.root())
        assert.deepEqual(second.partialTiles(), straight.partialTiles())
      }),
      { numRuns: 40 },
    )
  })

  it('counts on beyond 2^32 leaves', () => {
    for (const start of [2 ** 32 - 1, 2 ** 40 - 1, 2 ** 52 - 1]) {
      const size = parseTreeSize(start)
      const partial = [...partialTilesOf(size)]
      const edge = buildRightEdge(
        hasher,
        size,
        partial.map(({ width }) => new Uint8Array(width * 32).fill(5)),
      )
      const filled = edge.append(new Uint8Array(32))
      assert.equal(edge.size, start + 1)
      const indexes = filled.map(({ path }) => [path.level, path.index])
      const levels = partial.filter(({ width }) => width === 255).map(({ level }) => level)
      assert.deepEqual(
        indexes,
        levels.map(level => [level, (start + 1) / 256 ** (level + 1) - 1]),
      )
    }
  })

  it('keeps nothing of what it is given and gives away nothing that it keeps', () => {
    const edge = buildRightEdge(hasher)
    const leaf = hasher.leaf(Uint8Array.of(1))
    edge.append(leaf)
    const root = encodeHex(edge.root())
    leaf.fill(0)
    for (const tile of edge.partialTiles()) tile.bytes.fill(0)
    edge.root().fill(0)
    assert.equal(encodeHex(edge.root()), root)
  })
})
