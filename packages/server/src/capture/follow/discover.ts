// Finds, after a start or a rotation, the files that hold unread lines: the ones that were being
// read, under whatever name they have now, those that were rotated since, and the one under the
// path. `planReading` only decides; looking at the disk is `lookAround`.

import { basename, dirname, extname, join } from 'node:path'
import { isCompressed, type LogFiles, type OpenLogFile } from './log-files.ts'
import type { FilePosition, FollowPosition } from './position.ts'
import { holdsPosition, readFingerprint } from './tracked-file.ts'

/** Files beside the path that are looked at; rotation keeps far fewer. */
const SIBLINGS_MAX = 512
/** What rotation puts after the name: `.1`, `-20261124`, `.2026-11-24T10`, `.old`. */
const ROTATED_SUFFIX = /^[.\-_](?:\d[\d.\-_T:+]*|old)(?:\.gz)?$/

/**
 * How much older than the file that was read last a rotated file may look and still be read: file
 * systems keep times to as little as two seconds, and copying tools cut their fractions off.
 */
const MTIME_SLACK_NS = 2_000_000_000n

export type Gap = {
  /** The path that is followed. */
  readonly path: string
  /**
   * truncated: emptied in place, and no copy was found · copytruncate: copied and emptied; the copy
   * was read, but lines written between the copy and the emptying are in neither · gone: rotated
   * away and deleted before it was read to its end · unreadable: a rotated file that cannot be
   * read.
   */
  readonly reason: 'truncated' | 'copytruncate' | 'gone' | 'unreadable'
  /** Lines were certainly lost; otherwise they may have been. */
  readonly certain: boolean
  /** File and place from which on lines are missing. */
  readonly fingerprint: string | null
  readonly offset: number
  /** Bytes known to be lost: at least so many. */
  readonly bytes: number
  readonly detail: string
}

/** A file that could be read on. */
export type Candidate = {
  readonly path: string
  readonly log: OpenLogFile
  readonly inode: string
  readonly device: string
  readonly size: number
  readonly mtimeNs: bigint
  readonly bornNs: bigint
  readonly fingerprint: string | null
  /** It is what the followed path names now. */
  readonly isMain: boolean
  /** Its name says that rotation made it. */
  readonly isRotated: boolean
  /** Indexes of the remembered positions that it still holds. */
  readonly holds: readonly number[]
}

/** A file beside the path that is there but cannot be read. */
export type Unreadable = {
  readonly path: string
  /** null when not even that can be told. */
  readonly mtimeNs: bigint | null
  readonly isRotated: boolean
  readonly cause: unknown
}

export type LookAround = {
  readonly candidates: readonly Candidate[]
  readonly unreadable: readonly Unreadable[]
}

export type Plan = {
  /** Oldest first; each from where. */
  readonly files: readonly { readonly candidate: Candidate; readonly from: FilePosition | null }[]
  readonly gaps: readonly Gap[]
}

/**
 * Which files to read, in which order, from where. A file too many costs time, since its lines are
 * stored already; a file too few costs lines. So in doubt a file is read.
 */
export function planReading(
  path: string,
  { files: remembered, waitingSinceMs }: FollowPosition,
  { candidates, unreadable }: LookAround,
): Plan {
  const found = remembered.map((position, i) => findRemembered(position, i, candidates))
  const gaps = remembered.flatMap((position, i) => {
    return gapOf(path, position, found[i] ?? null, candidates)
  })
  const main = candidates.find(candidate => candidate.isMain)
  const files: { candidate: Candidate; from: FilePosition | null }[] = []
  remembered.forEach((from, i) => {
    const candidate = found[i]
    const isNew = candidate && !files.some(file => file.candidate === candidate)
    if (isNew && candidate !== main) files.push({ candidate, from })
  })
  const since = unknownSince(remembered, found, waitingSinceMs)
  if (since !== null) {
    for (const candidate of rotatedSince(since, remembered, candidates)) {
      if (!found.includes(candidate)) files.push({ candidate, from: null })
    }
    const lost = unreadable.filter(u => u.isRotated && (u.mtimeNs === null || u.mtimeNs >= since))
    gaps.push(...lost.map(u => gap(u.path, NOWHERE, 'unreadable')))
  }
  if (main) files.push({ candidate: main, from: remembered[found.lastIndexOf(main)] ?? null })
  return { files, gaps }
}

/** Rotated files written since then may hold lines that nobody read; null when there are none. */
function unknownSince(
  remembered: readonly FilePosition[],
  found: readonly (Candidate | null)[],
  waitingSinceMs: number | undefined,
): bigint | null {
  const newest = remembered[remembered.length - 1]
  const newestFound = found[found.length - 1] ?? null
  if (newest === undefined) {
    return waitingSinceMs === undefined
      ? null
      : BigInt(waitingSinceMs) * 1_000_000n - MTIME_SLACK_NS
  }
  // It is where it was and holds what was read. An empty file may have been filled and emptied
  // since.
  if (newestFound?.isMain && newest.tail !== null) return null
  const last = newestFound?.isMain ? null : newestFound?.mtimeNs
  return (last ?? BigInt(newest.mtimeNs)) - MTIME_SLACK_NS
}

/** Of a file of which nothing is known. */
const NOWHERE = { fingerprint: null, offset: 0 }

/** The file itself under any name, or else a copy of it that reaches at least as far. */
function findRemembered(
  position: FilePosition,
  index: number,
  candidates: readonly Candidate[],
): Candidate | null {
  const same = candidates.filter(c => isSame(c, position))
  if (position.tail === null && position.fingerprint === null) return same[0] ?? null
  const holders = candidates.filter(c => c.holds.includes(index))
  // Of an incomplete first line little is known, and older files may begin alike.
  const newest = holders.toSorted((a, b) => -byAge(a, b))[0]
  return holders.find(c => same.includes(c)) ?? newest ?? null
}

function rotatedSince(
  sinceNs: bigint,
  remembered: readonly FilePosition[],
  candidates: readonly Candidate[],
): readonly Candidate[] {
  const copies = new Set(remembered.flatMap(position => position.fingerprint ?? []))
  const rotated = candidates
    .filter(c => c.isRotated && !c.isMain && c.mtimeNs >= sinceNs)
    .sort(byAge)
  // While a file is being compressed, it is there twice: the plain one is whole.
  const plainFirst = rotated.toSorted((a, b) => Number(a.log.compressed) - Number(b.log.compressed))
  const kept = new Set<Candidate>()
  for (const candidate of plainFirst) {
    if (candidate.fingerprint !== null && copies.has(candidate.fingerprint)) continue
    if (candidate.fingerprint !== null) copies.add(candidate.fingerprint)
    kept.add(candidate)
  }
  return rotated.filter(candidate => kept.has(candidate))
}

/** Oldest first; files of one tick of the clock by their names: `.3` is older than `.1`. */
function byAge(a: Candidate, b: Candidate): number {
  if (a.mtimeNs !== b.mtimeNs) return a.mtimeNs < b.mtimeNs ? -1 : 1
  const [one, two] = [generation(a.path), generation(b.path)]
  if (one !== null && two !== null) return two - one
  return a.path < b.path ? -1 : 1
}

/** The number of a numbered rotation; null for a dated one. */
function generation(path: string): number | null {
  const digits = /[.\-_](\d{1,4})(?:\.gz)?$/.exec(path)?.[1]
  return digits === undefined ? null : Number(digits)
}

function gapOf(
  path: string,
  position: FilePosition,
  found: Candidate | null,
  candidates: readonly Candidate[],
): readonly Gap[] {
  const inPlace = candidates.some(c => {
    return c.isMain && isSame(c, position) && String(c.bornNs) === position.bornNs
  })
  if (found) {
    const isCopy = inPlace && !found.isMain
    return isCopy ? [gap(path, position, 'copytruncate')] : []
  }
  // A file that was empty may never have had a line.
  if (position.fingerprint === null && position.tail === null) return []
  return [gap(path, position, inPlace ? 'truncated' : 'gone')]
}

const DETAILS: { readonly [R in Gap['reason']]: string } = {
  truncated: 'was emptied in place: lines written since it was last read are lost',
  copytruncate:
    'was copied and emptied (copytruncate): the copy is read, but lines that were ' +
    'written while it was made may be lost; rotate by renaming instead',
  gone: 'was rotated away and deleted before it was read to its end: its last lines may be lost',
  unreadable: 'cannot be read: its lines are missing',
}

export function gap(
  path: string,
  position: Pick<FilePosition, 'fingerprint' | 'offset'>,
  reason: Gap['reason'],
  bytes: number = 0,
): Gap {
  const { fingerprint, offset } = position
  const certain = bytes > 0 || reason === 'unreadable'
  const detail = `${path} ${DETAILS[reason]}`
  return { path, reason, certain, fingerprint, offset, bytes, detail }
}

/**
 * Opens the file under `path` and every file beside it that rotation may have made of it. The
 * caller closes what it does not keep. Rejects when the path is there and cannot be read.
 */
export async function lookAround(
  files: LogFiles,
  path: string,
  remembered: readonly FilePosition[],
): Promise<LookAround> {
  const candidates: Candidate[] = []
  const unreadable: Unreadable[] = []
  try {
    const main = await openCandidate(files, path, path, remembered).catch(ignoreMissing)
    if (main) candidates.push(main)
    for (const sibling of await siblingsOf(files, path)) {
      const candidate = await openSibling(files, sibling, path, remembered)
      if (candidate && 'log' in candidate) candidates.push(candidate)
      else if (candidate) unreadable.push(candidate)
    }
  } catch (error) {
    await Promise.all(candidates.map(c => c.log.close()))
    throw error
  }
  return { candidates, unreadable }
}

async function siblingsOf(files: LogFiles, path: string): Promise<readonly string[]> {
  const directory = dirname(path)
  const names = await files.list(directory).catch(() => [])
  return names
    .filter(name => name !== basename(path) && rotatedSuffix(path, name) !== null)
    .sort()
    .slice(0, SIBLINGS_MAX)
    .map(name => join(directory, name))
}

/**
 * What a name adds to the name of the path: `access.log-1` gives `-1`, and so does `access-1.log`.
 * null when it has nothing to do with it.
 */
export function rotatedSuffix(path: string, name: string): string | null {
  const base = basename(path)
  if (name.startsWith(base)) return name.slice(base.length)
  const extension = extname(base)
  const stem = base.slice(0, base.length - extension.length)
  const plain = isCompressed(name) ? name.slice(0, -'.gz'.length) : name
  if (extension === '' || !plain.startsWith(stem) || !plain.endsWith(extension)) return null
  return plain.slice(stem.length, plain.length - extension.length)
}

/** null for what has vanished meanwhile and for what is no file. */
async function openSibling(
  files: LogFiles,
  sibling: string,
  path: string,
  remembered: readonly FilePosition[],
): Promise<Candidate | Unreadable | null> {
  try {
    return await openCandidate(files, sibling, path, remembered)
  } catch (cause) {
    if (isMissing(cause) || cause instanceof NotAFile) return null
    const facts = await files.facts(sibling).catch(() => null)
    const isRotated = ROTATED_SUFFIX.test(rotatedSuffix(path, basename(sibling)) ?? '')
    return { path: sibling, mtimeNs: facts?.mtimeNs ?? null, isRotated, cause }
  }
}

async function openCandidate(
  files: LogFiles,
  path: string,
  mainPath: string,
  remembered: readonly FilePosition[],
): Promise<Candidate> {
  // Looked at before it is opened: opening a pipe would wait for its writer.
  if (!(await files.facts(path)).isFile) throw new NotAFile(path)
  const log = await files.open(path)
  try {
    const facts = await log.facts()
    const fingerprint = await readFingerprint(log, log.compressed)
    const holds: number[] = []
    for (const [i, position] of remembered.entries()) {
      if (await isHeldBy({ log, size: facts.size, fingerprint }, position)) holds.push(i)
    }
    const isMain = path === mainPath
    const isRotated = ROTATED_SUFFIX.test(rotatedSuffix(mainPath, basename(path)) ?? '')
    return { ...facts, path, log, fingerprint, isMain, isRotated, holds }
  } catch (error) {
    await log.close()
    throw error
  }
}

async function isHeldBy(
  file: { readonly log: OpenLogFile; readonly size: number; readonly fingerprint: string | null },
  position: FilePosition,
): Promise<boolean> {
  if (position.fingerprint !== null && position.fingerprint !== file.fingerprint) return false
  if (position.fingerprint === null && position.tail === null) return false
  if (!file.log.compressed && file.size < position.offset) return false
  return holdsPosition(file.log, position)
}

type Place = { readonly inode: string; readonly device: string }

export function isSame(a: Place, b: Place): boolean {
  return a.inode === b.inode && a.device === b.device
}

export class NotAFile extends Error {
  constructor(path: string) {
    super(`${path} is not a regular file`)
    this.name = 'NotAFile'
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function ignoreMissing(error: unknown): null {
  if (isMissing(error)) return null
  throw error
}
