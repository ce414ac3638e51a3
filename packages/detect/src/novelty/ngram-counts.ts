// Counts of 1-, 2- and 3-grams over at most 128 symbols, and what they predict: Witten–Bell back-
// off p_k(x|h) = (c(h,x) + T(h)·p_{k−1}(x)) / (n(h) + T(h)), T = how many different ones followed
// h. One open-addressed table that grows up to a limit; when it is full, or a count is, all
// counts are halved and what was seen once goes.

import type { StateReader, StateWriter } from '../state-bytes.ts'

export const SYMBOLS_MAX = 128
const SLOTS_MIN = 64
const FILL_MAX = 0.75
/** Halving goes on until so much is left: the next one is far. */
const FILL_AGED = 0.5
const COUNT_MAX = 65_535

/** What an entry counts: how often a gram, or how often and by how many a context was followed. */
const GRAM = [0, 1, 2] as const
const CONTEXT = [3, 4, 5] as const
const PART_BITS = 7
const KIND_SHIFT = 3 * PART_BITS

export type NgramCounts = {
  readonly slotsMax: number
  /** Key + 1; 0 is a free slot. */
  keys: Uint32Array
  counts: Uint16Array
  /** Different successors, of contexts. */
  followers: Uint8Array
  used: number
}

export type Gram = { readonly a: number; readonly b: number; readonly c: number }

/** A gram as one number. */
export function packGram({ a, b, c }: Gram): number {
  return (a << (2 * PART_BITS)) + (b << PART_BITS) + c
}

export function unpackGram(packed: number): Gram {
  const part = SYMBOLS_MAX - 1
  return { a: packed >> (2 * PART_BITS), b: (packed >> PART_BITS) & part, c: packed & part }
}

export function openCounts(slotsMax: number): NgramCounts {
  return { slotsMax, used: 0, ...slots(SLOTS_MIN) }
}

function slots(size: number): Pick<NgramCounts, 'keys' | 'counts' | 'followers'> {
  return {
    keys: new Uint32Array(size),
    counts: new Uint16Array(size),
    followers: new Uint8Array(size),
  }
}

function keyOf(kind: number, x: number, y: number, z: number): number {
  return (kind << KIND_SHIFT) + (x << (2 * PART_BITS)) + (y << PART_BITS) + z + 1
}

/** The key's slot, or the free one where it belongs. */
function slotOf(keys: Uint32Array, key: number): number {
  const mask = keys.length - 1
  let at = (Math.imul(key, 0x9e3779b1) >>> 8) & mask
  for (;;) {
    const found = keys[at]
    if (found === key || found === 0) return at
    at = (at + 1) & mask
  }
}

export function isKnown({ keys }: NgramCounts, { a, b, c }: Gram): boolean {
  return keys[slotOf(keys, keyOf(GRAM[2], a, b, c))] !== 0
}

/** Probability of `c` after `a`, `b`; `base` is what stands behind the counts. */
export function predict(table: NgramCounts, { a, b, c }: Gram, base: number): number {
  const one = backOff(table, keyOf(CONTEXT[0], 0, 0, 0), keyOf(GRAM[0], 0, 0, c), base)
  const two = backOff(table, keyOf(CONTEXT[1], 0, 0, b), keyOf(GRAM[1], 0, b, c), one)
  return backOff(table, keyOf(CONTEXT[2], 0, a, b), keyOf(GRAM[2], a, b, c), two)
}

function backOff(table: NgramCounts, context: number, gram: number, lower: number): number {
  const { keys, counts, followers } = table
  const at = slotOf(keys, context)
  const followed = counts[at] ?? 0
  if (followed === 0) return lower
  const different = followers[at] ?? 0
  const count = counts[slotOf(keys, gram)] ?? 0
  return (count + different * lower) / (followed + different)
}

export function learnGram(table: NgramCounts, { a, b, c }: Gram): void {
  add(table, keyOf(CONTEXT[0], 0, 0, 0), keyOf(GRAM[0], 0, 0, c), 1)
  add(table, keyOf(CONTEXT[1], 0, 0, b), keyOf(GRAM[1], 0, b, c), 1)
  add(table, keyOf(CONTEXT[2], 0, a, b), keyOf(GRAM[2], a, b, c), 1)
  if (table.used <= FILL_MAX * table.keys.length) return
  if (table.keys.length < table.slotsMax) rebuild(table, 2 * table.keys.length, 0)
  else
    do rebuild(table, table.keys.length, 1)
    while (table.used > FILL_AGED * table.keys.length)
}

function add(table: NgramCounts, context: number, gram: number, count: number): void {
  const isNew = bump(table, gram, count) === count
  const followed = bump(table, context, count)
  if (isNew) {
    const at = slotOf(table.keys, context)
    table.followers[at] = (table.followers[at] ?? 0) + 1
  }
  if (followed >= COUNT_MAX) rebuild(table, table.keys.length, 1)
}

function bump(table: NgramCounts, key: number, count: number): number {
  const { keys, counts } = table
  const at = slotOf(keys, key)
  if (keys[at] === 0) {
    keys[at] = key
    table.used += 1
  }
  const sum = Math.min(COUNT_MAX, (counts[at] ?? 0) + count)
  counts[at] = sum
  return sum
}

/** Contexts are made again from the grams that stay, so that they agree. */
function rebuild(table: NgramCounts, size: number, halvings: number): void {
  const { keys, counts } = table
  Object.assign(table, slots(size))
  table.used = 0
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] ?? 0
    const count = (counts[i] ?? 0) >> halvings
    if (count > 0 && isGram(key)) {
      add(table, contextOf(key - 1), key, count)
    }
  }
}

/** All but the last symbol. */
function contextOf(gram: number): number {
  const order = gram >> KIND_SHIFT
  const parts = gram & ((1 << KIND_SHIFT) - 1)
  return ((order + CONTEXT[0]) << KIND_SHIFT) + (parts >> PART_BITS) + 1
}

/** Contexts follow from the grams. In the order of keys: equal tables have equal bytes. */
export function saveCounts(table: NgramCounts, out: StateWriter): void {
  const grams = table.keys.filter(isGram).sort()
  out.count(table.keys.length)
  out.count(grams.length)
  for (const key of grams) {
    out.count(key)
    out.count(table.counts[slotOf(table.keys, key)] ?? 0)
  }
}

export function loadCounts(input: StateReader, slotsMax: number): NgramCounts {
  const size = Math.min(slotsMax, Math.max(SLOTS_MIN, input.count()))
  const table = { slotsMax, used: 0, ...slots(size) }
  for (let left = input.count(); left > 0; left--) {
    const key = input.count()
    add(table, contextOf(key - 1), key, input.count())
  }
  return table
}

function isGram(key: number): boolean {
  return key !== 0 && key - 1 < CONTEXT[0] << KIND_SHIFT
}
