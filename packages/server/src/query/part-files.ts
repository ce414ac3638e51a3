// The Parquet files of the index, by retention class and month, each of one or more runs sorted by
// time: `events/<class>/<yyyy-mm>/<n>.parquet`. `manifest.json` says which files count and up to
// which leaf index they reach; files that it does not name are leftovers of a crash and are removed
// at start.

import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import {
  makeDirectory,
  readFileIfThere,
  replaceFile,
  syncDirectory,
  syncFile,
} from '../base/durable.ts'
import { PARTITION_FILES_MAX, PARTITION_ROWS_MERGED_MAX } from '../base/limits.ts'

const FORMAT = 3
/**
 * Of a Parquet file's row groups: what a search reads at least, and a writer holds in memory. With
 * 20,480 rows a page took twice as long, and counting over all a tenth less.
 */
const ROW_GROUP_ROWS_MAX = 8192
const ROW_GROUP_BYTES_MAX = 16 * 1024 * 1024
/** DuckDB's vector: row groups are whole numbers of them. */
const VECTOR_ROWS = 2048

/** Rows that make one file. */
export type Part = {
  /** `<class>/<yyyy-mm>`. */
  readonly partition: string
  /** What stands behind FROM. */
  readonly source: string
  /** Of the events' text, on average. */
  readonly rowBytes: number
}

export type PartFile = {
  readonly path: string
  readonly partition: string
  readonly rows: number
  /** Of the events' text, on average. */
  readonly rowBytes: number
  readonly minTime: number
  readonly maxTime: number
}

type Manifest = {
  readonly format: number
  /** Entries below this leaf index are in the files. */
  readonly cursor: number
  readonly nextFile: number
  readonly files: readonly PartFile[]
}

export type TimeRange = { readonly fromMs: number; readonly toMs: number }

export interface PartFiles {
  /** Entries below this leaf index are in the files. */
  readonly cursor: number
  /** Those that count now. */
  readonly list: readonly PartFile[]
  /** Writes a file for each part; then they count, up to leaf index `cursor`. */
  add(parts: readonly Part[], cursor: number): Promise<void>
  /**
   * Joins the small files of a partition that has many, so that a search opens few. One behind the
   * other: sorting them together would need them all in memory, and each keeps its own short ranges
   * of time, which is what a search skips by. Files of events so wide that DuckDB's smallest piece
   * of work would be large stay as they are. After each change of the list `changed` is called with
   * the step that removes the files that count no more, and does not throw.
   */
  joinSmall(changed: (remove: () => Promise<void>) => Promise<void>): Promise<void>
  /** Files as they stand behind FROM. */
  sourceOf(files: readonly PartFile[]): string
}

type Place = { readonly directory: string; readonly connection: DuckDBConnection }

export function openPartFiles(place: Place): PartFiles {
  const { directory } = place
  let manifest = readManifest(directory)
  removeLeftovers(directory, manifest)

  const sourceOf = (files: readonly PartFile[]) =>
    `read_parquet([${files.map(f => literal(join(directory, f.path))).join(', ')}])`

  async function joinParts(partition: string, parts: readonly PartFile[]): Promise<void> {
    const number = manifest.nextFile
    const rowBytes = Math.max(...parts.map(p => p.rowBytes))
    const joined = await writePart(place, number, { partition, source: sourceOf(parts), rowBytes })
    const files = [...manifest.files.filter(f => !parts.includes(f)), joined]
    const next = { ...manifest, nextFile: number + 1, files }
    writeManifest(directory, next)
    manifest = next
  }

  return {
    get cursor() {
      return manifest.cursor
    },
    get list() {
      return manifest.files
    },
    async add(parts, cursor) {
      const files = [...manifest.files]
      let { nextFile } = manifest
      for (const part of parts) {
        files.push(await writePart(place, nextFile, part))
        nextFile += 1
      }
      const next = { format: FORMAT, cursor, nextFile, files }
      writeManifest(directory, next)
      manifest = next
    },
    async joinSmall(changed) {
      const small = manifest.files.filter(isSmall)
      for (const [partition, parts] of Map.groupBy(small, f => f.partition)) {
        if (parts.length < PARTITION_FILES_MAX) continue
        await joinParts(partition, parts)
        await changed(async () => removeFiles(parts.map(part => join(directory, part.path))))
      }
    },
    sourceOf,
  }
}

/** What cannot be removed now is a leftover, and removed at the next start. */
function removeFiles(paths: readonly string[]): void {
  for (const path of paths) {
    try {
      rmSync(path, { force: true })
    } catch {}
  }
}

function isSmall({ rows, rowBytes }: PartFile): boolean {
  return rows < PARTITION_ROWS_MERGED_MAX && rowBytes * VECTOR_ROWS <= ROW_GROUP_BYTES_MAX
}

async function writePart(
  { connection, directory }: Place,
  number: number,
  { partition, source, rowBytes }: Part,
): Promise<PartFile> {
  const folder = join('events', partition)
  const path = join(folder, `${String(number).padStart(9, '0')}.parquet`)
  makeDirectory(join(directory, folder))
  await connection.run(
    `COPY (SELECT * FROM ${source}) TO ${literal(join(directory, path))}
     (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows(rowBytes)})`,
  )
  syncFile(join(directory, path))
  syncDirectory(join(directory, folder))
  const reader = await connection.runAndReadAll(
    `SELECT count(*) AS n, min("time") AS lo, max("time") AS hi
     FROM read_parquet(${literal(join(directory, path))})`,
  )
  const [row] = reader.getRowObjectsJS()
  return {
    path,
    partition,
    rows: Number(row?.n),
    rowBytes,
    minTime: Number(row?.lo),
    maxTime: Number(row?.hi),
  }
}

function rowGroupRows(rowBytes: number): number {
  const rows = Math.min(ROW_GROUP_ROWS_MAX, ROW_GROUP_BYTES_MAX / rowBytes)
  return Math.max(1, Math.floor(rows / VECTOR_ROWS)) * VECTOR_ROWS
}

/** A text as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function readManifest(directory: string): Manifest {
  const empty: Manifest = { format: FORMAT, cursor: 0, nextFile: 0, files: [] }
  const bytes = readFileIfThere(join(directory, 'manifest.json'))
  if (!bytes) return empty
  const manifest = parseManifest(Buffer.from(bytes).toString('utf8'))
  // An index of another format, or with a file gone, is simply built again.
  const isWhole = manifest?.files.every(f => existsSync(join(directory, f.path)))
  return manifest?.format === FORMAT && isWhole ? manifest : empty
}

function parseManifest(text: string): Manifest | null {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && 'files' in value
    return isObject ? (value as Manifest) : null
  } catch {
    return null
  }
}

function writeManifest(directory: string, manifest: Manifest): void {
  replaceFile(join(directory, 'manifest.json'), JSON.stringify(manifest))
}

function removeLeftovers(directory: string, manifest: Manifest): void {
  const root = join(directory, 'events')
  if (!existsSync(root)) return
  const known = new Set(manifest.files.map(f => f.path))
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const path = join('events', name)
    if (name.endsWith('.parquet') && !known.has(path)) rmSync(join(directory, path))
  }
}
