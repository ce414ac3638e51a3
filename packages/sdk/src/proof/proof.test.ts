import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { encodeHex, parseHex } from '../bytes.ts'
import type { FetchFile } from '../fetch-file.ts'
import { sha256 } from '../node/node.ts'
import {
  buildRightEdge,
  buildTreeHasher,
  type Hash,
  parseLeafIndex,
  parseTilePath,
  parseTreeSize,
  printTilePath,
  type Tile,
  type TreeHead,
} from '../tlog/tlog.ts'
import {
  buildConsistencyProof,
  buildInclusionProof,
  buildTileReader,
  loadRightEdge,
  verifyConsistency,
  verifyInclusion,
} from './proof.ts'

const hasher = buildTreeHasher(sha256)
const missing = { code: 'tlog.tile_missing' }
const outOfRange = { code: 'tlog.number_out_of_range' }

type Log = { leaves: Hash[]; heads: TreeHead[]; files: Map<string, Uint8Array> }

/** A log with the partial tiles of every size up to `count`, and the head of each size. */
function buildLog(count: number): Log {
  const edge = buildRightEdge(hasher)
  const log: Log = { leaves: [], heads: [], files: new Map() }
  const keep = ({ path, bytes }: Tile) => log.files.set(printTilePath(path), bytes)
  for (let i = 0; i <= count; i++) {
    log.heads.push({ size: edge.size, root: edge.root() })
    const leaf = hasher.leaf(Uint8Array.of(i % 256, i >> 8))
    log.leaves.push(leaf)
    for (const tile of edge.append(leaf)) keep(tile)
    for (const tile of edge.partialTiles()) keep(tile)
  }
  return log
}

const fetchFrom =
  (files: ReadonlyMap<string, Uint8Array>): FetchFile =>
  async path =>
    files.get(path) ?? null

const log = buildLog(600)

function head(size: number): TreeHead {
  const found = log.heads[size]
  assert.ok(found)
  return found
}

function leafAt(index: number): Hash {
  const found = log.leaves[index]
  assert.ok(found)
  return found
}

const reader = (size: number) => buildTileReader(hasher, fetchFrom(log.files), parseTreeSize(size))

function includes(index: number, of: TreeHead, path: readonly Hash[], leaf = leafAt(index)) {
  return verifyInclusion(hasher, { leaf, index: parseLeafIndex(index), head: of }, path)
}

/** Every copy of `path` with one bit of one hash turned; which bit differs from hash to hash. */
function bitFlips(path: readonly Hash[], salt: number): Hash[][] {
  return path.map((_, at) =>
    path.map((hash, i) => {
      const copy = hash.slice()
      const bit = (salt * 31 + at * 7) % 256
      if (i === at) copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      return copy
    }),
  )
}

describe('inclusion proofs, every leaf of every size from 1 to 100', () => {
  it('hold, and fail with one bit turned, a hash more, a hash fewer', async () => {
    for (let size = 1; size <= 100; size++) {
      for (let index = 0; index < size; index++) {
        const path = await buildInclusionProof(reader(size), parseLeafIndex(index))
        assert.ok(includes(index, head(size), path), `${index} of ${size}`)
        for (const flipped of bitFlips(path, index))
          assert.ok(!includes(index, head(size), flipped))
        const root = head(size).root
        assert.ok(!includes(index, head(size), [...path, root]))
        assert.ok(!includes(index, head(size), [root, ...path]))
        if (path.length > 0) assert.ok(!includes(index, head(size), path.slice(1)))
        if (path.length > 0) assert.ok(!includes(index, head(size), path.slice(0, -1)))
      }
    }
  })

  it('fail for every other index, and for every other size with its own root', async () => {
    for (let size = 1; size <= 40; size++) {
      for (let index = 0; index < size; index++) {
        const path = await buildInclusionProof(reader(size), parseLeafIndex(index))
        for (let other = 0; other <= size + 1; other++) {
          if (other === index) continue
          assert.ok(!includes(other, head(size), path, leafAt(index)))
        }
        for (let other = 0; other <= 80; other++) {
          if (other !== size) assert.ok(!includes(index, head(other), path))
        }
      }
    }
  })
})

describe('consistency proofs, every pair of sizes from 0 to 100', () => {
  it('hold, and fail with one bit turned, a hash more, a hash fewer', async () => {
    for (let newer = 0; newer <= 100; newer++) {
      for (let older = 0; older <= newer; older++) {
        const heads = { older: head(older), newer: head(newer) }
        const path = await buildConsistencyProof(reader(newer), parseTreeSize(older))
        const holds = (claim: readonly Hash[]) => verifyConsistency(hasher, heads, claim)
        assert.ok(holds(path), `${older} in ${newer}`)
        for (const flipped of bitFlips(path, older)) assert.ok(!holds(flipped))
        assert.ok(!holds([...path, heads.older.root]))
        assert.ok(!holds([heads.newer.root, ...path]))
        if (path.length > 0) assert.ok(!holds(path.slice(1)))
        if (path.length > 0) assert.ok(!holds(path.slice(0, -1)))
        const swapped = { older: heads.newer, newer: heads.older }
        if (older !== newer) assert.ok(!verifyConsistency(hasher, swapped, path))
      }
    }
  })

  it('fail for every other pair, and for a root that is not of that tree', async () => {
    const wrongRoot = hasher.leaf(Uint8Array.of(42))
    for (let newer = 2; newer <= 24; newer++) {
      for (let older = 1; older < newer; older++) {
        const path = await buildConsistencyProof(reader(newer), parseTreeSize(older))
        for (let a = 0; a <= 30; a++) {
          for (let b = 0; b <= 30; b++) {
            if ((a === older && b === newer) || a === 0 || a === b) continue
            assert.ok(!verifyConsistency(hasher, { older: head(a), newer: head(b) }, path))
          }
        }
        const otherOlder = { older: { ...head(older), root: wrongRoot }, newer: head(newer) }
        const otherNewer = { older: head(older), newer: { ...head(newer), root: wrongRoot } }
        assert.ok(!verifyConsistency(hasher, otherOlder, path))
        assert.ok(!verifyConsistency(hasher, otherNewer, path))
      }
    }
  })

  it('are empty, and nothing else, for an empty, an equal and a later tree', () => {
    const claim = (older: TreeHead, newer: TreeHead, path: readonly Hash[]) =>
      verifyConsistency(hasher, { older, newer }, path)
    const { emptyRoot } = hasher
    assert.ok(claim(head(0), head(5), []))
    assert.ok(claim(head(5), head(5), []))
    assert.ok(!claim(head(0), head(5), [emptyRoot]))
    assert.ok(!claim({ ...head(0), root: head(5).root }, head(5), []))
    assert.ok(!claim(head(5), { ...head(5), root: emptyRoot }, []))
    assert.ok(!claim(head(5), head(5), [emptyRoot]))
    assert.ok(!claim(head(5), head(4), []))
    assert.ok(!claim(head(1), head(2), []))
  })
})

// Proofs of certificate-transparency's Merkle tree tests, over the leaves whose hashes and roots
// tlog.test.ts holds.
describe('the proofs of Certificate Transparency', () => {
  const vectors = {
    fifth: '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    a: '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    b: '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    c: '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
    d: 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    e: 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    f: 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  }
  const texts = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657']
  texts.push('606162636465666768696a6b6c6d6e6f')
  const leaves = texts.map(text => hasher.leaf(parseHex(text)))
  const headOf = (size: number): TreeHead => {
    const edge = buildRightEdge(hasher)
    for (const leaf of leaves.slice(0, size)) edge.append(leaf)
    return { size: edge.size, root: edge.root() }
  }
  const filesOf = (size: number) => {
    const edge = buildRightEdge(hasher)
    for (const leaf of leaves.slice(0, size)) edge.append(leaf)
    return new Map(edge.partialTiles().map(({ path, bytes }) => [printTilePath(path), bytes]))
  }

  it('are built and verified', async () => {
    const tiles = buildTileReader(hasher, fetchFrom(filesOf(8)), parseTreeSize(8))
    const hex = async (path: Promise<readonly Hash[]>) => (await path).map(encodeHex)
    const { fifth, a, b, c, d, e, f } = vectors
    assert.deepEqual(await hex(buildInclusionProof(tiles, parseLeafIndex(0))), [fifth, a, b])
    assert.deepEqual(await hex(buildInclusionProof(tiles, parseLeafIndex(5))), [f, d, e])
    assert.deepEqual(await hex(buildConsistencyProof(tiles, parseTreeSize(1))), [fifth, a, b])
    assert.deepEqual(await hex(buildConsistencyProof(tiles, parseTreeSize(6))), [c, d, e])
    const heads = { older: headOf(6), newer: headOf(8) }
    assert.ok(verifyConsistency(hasher, heads, [c, d, e].map(parseHex)))
  })
})

it('hashes of a wrong length are refused, never hashed', () => {
  const short = new Uint8Array(31)
  const one = head(1)
  const empty = new Uint8Array(0)
  assert.ok(includes(0, one, []))
  for (const bad of [short, empty, new Uint8Array(33)]) {
    assert.ok(!includes(0, one, [bad]))
    assert.ok(!includes(0, one, [], bad))
    assert.ok(!includes(0, { ...one, root: bad }, [], bad))
    const heads = { older: { ...one, root: bad }, newer: { ...one, root: bad } }
    assert.ok(!verifyConsistency(hasher, heads, []))
  }
})

describe('reading tiles', () => {
  it('gives every root from 0 to 600, over tile borders', async () => {
    for (let size = 0; size <= 600; size++) {
      assert.deepEqual(await reader(size).root(), head(size).root, `size ${size}`)
    }
  })

  it('takes the full tile where the partial one was dropped', async () => {
    const files = new Map([...log.files].filter(([path]) => path !== 'tile/0/001.p/44'))
    const tiles = buildTileReader(hasher, fetchFrom(files), parseTreeSize(300))
    assert.deepEqual(await tiles.root(), head(300).root)
  })

  it('says which tile is missing or of a wrong length', async () => {
    for (const path of ['tile/0/000', 'tile/0/002.p/88', 'tile/1/000.p/2']) {
      const bytes = log.files.get(path)
      assert.ok(bytes)
      for (const wrong of [null, bytes.slice(1), new Uint8Array(bytes.length + 32)]) {
        const files = new Map(log.files)
        files.delete(path)
        if (wrong !== null) files.set(path, wrong)
        const tiles = buildTileReader(hasher, fetchFrom(files), parseTreeSize(600))
        await assert.rejects(async () => {
          await tiles.root()
          // The root needs no full tile that has a parent; a proof of a leaf below it does.
          await buildInclusionProof(tiles, parseLeafIndex(0))
        }, missing)
      }
    }
    await assert.rejects(reader(600).tile(0, 3), missing)
  })

  it('refuses an index or size beyond the tree', async () => {
    await assert.rejects(buildInclusionProof(reader(10), parseLeafIndex(10)), outOfRange)
    await assert.rejects(buildConsistencyProof(reader(10), parseTreeSize(11)), outOfRange)
  })

  it('gives a writer the edge to go on from', async () => {
    for (const size of [0, 1, 255, 256, 257, 599]) {
      const edge = await loadRightEdge(hasher, reader(size))
      assert.deepEqual(edge.root(), head(size).root)
      edge.append(leafAt(size))
      assert.deepEqual(edge.root(), head(size + 1).root)
    }
  })
})

// A tree of equal leaves can be read at any size, since all hashes of a level are equal: so proofs
// are tested where no machine could hold the leaves.
describe('proofs up to 2^53-1 leaves', () => {
  const leaf = hasher.leaf(Uint8Array.of(1))
  const levelHash: Hash[] = [leaf]
  const repeat = (hash: Hash, count: number) => {
    const bytes = new Uint8Array(32 * count)
    for (let i = 0; i < count; i++) bytes.set(hash, 32 * i)
    return bytes
  }
  for (let level = 0; level < 7; level++) {
    levelHash.push(hasher.root(repeat(levelHash[level] ?? leaf, 256)))
  }
  const fetch: FetchFile = async text => {
    const path = parseTilePath(text)
    return path.kind === 'hashes' ? repeat(levelHash[path.level] ?? leaf, path.width) : null
  }
  const readerOf = (size: number) => buildTileReader(hasher, fetch, parseTreeSize(size))
  const border = fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 40, 2 ** 48, 2 ** 52, 2 ** 53 - 300)
  const size = fc.oneof(
    fc.integer({ min: 2, max: Number.MAX_SAFE_INTEGER }),
    fc.tuple(border, fc.integer({ min: -300, max: 299 })).map(([at, off]) => at + off),
  )

  it('hold for any leaf and any pair of sizes', async () => {
    await fc.assert(
      fc.asyncProperty(size, fc.maxSafeNat(), async (count, seed) => {
        const tiles = readerOf(count)
        const root = await tiles.root()
        const whole: TreeHead = { size: tiles.size, root }
        const index = parseLeafIndex(seed % count)
        const path = await buildInclusionProof(tiles, index)
        assert.ok(path.length <= 53)
        assert.ok(verifyInclusion(hasher, { leaf, index, head: whole }, path))
        for (const flipped of bitFlips(path, seed % 256)) {
          assert.ok(!verifyInclusion(hasher, { leaf, index, head: whole }, flipped))
        }
        const older = readerOf(1 + (seed % count))
        const olderHead = { size: older.size, root: await older.root() }
        const heads = { older: olderHead, newer: whole }
        assert.ok(verifyConsistency(hasher, heads, await buildConsistencyProof(tiles, older.size)))
      }),
      { numRuns: 60 },
    )
  })
})
