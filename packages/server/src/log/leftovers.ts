// What a crash left of tiles beyond the checkpoint. Partial ones are removed: the next checkpoint
// has another size and would never write them again, so that a torn one would stay and look like
// tampering. Full ones stay until they are written again (tile-files.ts).

import { readdirSync, unlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findTilePath, printTilePath, TILE_WIDTH, type TreeSize, tileWidth } from '@tocsin/sdk/tlog'
import { hasCode } from '../base/durable.ts'

/** Tiles in one folder, by the way their paths are written. */
const FOLDER_TILES = 1000
/** Far more than any log has: each holds 256 times the one below. */
const LEVELS = [0, 1, 2, 3, 4, 5, 6].map(level => ['hashes', level] as const)

/** Removes partial tiles and bundles that are wider than in a log of `size`. */
export function removeEarlyPartials(directory: string, size: TreeSize): void {
  for (const folder of openFolders(directory, size)) {
    for (const name of namesIn(join(directory, folder))) {
      if (!name.endsWith('.p')) continue
      for (const width of namesIn(join(directory, folder, name))) {
        const file = `${folder}/${name}/${width}`
        if (isEarly(file, size)) unlinkSync(join(directory, file))
      }
    }
  }
}

function isEarly(file: string, size: TreeSize): boolean {
  const path = findTilePath(file)
  if (path === null) return false
  const level = path.kind === 'entries' ? 0 : path.level
  return path.width > tileWidth(size, level, path.index)
}

/** The folders at and behind the right edge of each level. */
function* openFolders(directory: string, size: TreeSize): Generator<string> {
  for (const [kind, level] of [['entries', 0], ...LEVELS] as const) {
    const edge = Math.floor(size / TILE_WIDTH ** (level + 1))
    for (let group = Math.floor(edge / FOLDER_TILES); ; group++) {
      const index = group * FOLDER_TILES
      const path = { kind, level, index, width: TILE_WIDTH }
      const folder = dirname(printTilePath(path))
      if (namesIn(join(directory, folder)).length === 0) break
      yield folder
    }
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}
