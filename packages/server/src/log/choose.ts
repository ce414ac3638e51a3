// Which events of a batch are new: drops those that the shard already holds, and enters the others
// into the table of ids. The table takes them back when the write fails.

import type { IdTable } from './ids.ts'
import { digestAt, ID_BYTES, type PreparedBatch } from './record.ts'

export type Fate = 'stored' | 'duplicate' | 'conflict'

export type Chosen = { readonly fates: readonly Fate[]; readonly kept: PreparedBatch }

export function choose(batch: PreparedBatch, ids: IdTable): Chosen {
  const fates: Fate[] = []
  const keep: number[] = []
  for (let i = 0; i < batch.count; i++) {
    const fate = enter(batch, i, ids)
    fates.push(fate)
    if (fate === 'stored') keep.push(i)
  }
  return { fates, kept: keep.length === batch.count ? batch : compact(batch, keep) }
}

function enter(batch: PreparedBatch, i: number, ids: IdTable): Fate {
  // Only a control entry has no line for followers.
  if (batch.eventOffsets[i] === batch.eventOffsets[i + 1]) {
    ids.addControl()
    return 'stored'
  }
  const id = batch.ids.subarray(i * ID_BYTES, (i + 1) * ID_BYTES)
  const digest = digestAt(batch.bytes, batch.offsets[i] ?? 0)
  const fate = ids.find(id, digest)
  if (fate !== 'new') return fate
  ids.add(id, digest)
  return 'stored'
}

function compact(batch: PreparedBatch, keep: readonly number[]): PreparedBatch {
  const spans = (offsets: Uint32Array) =>
    keep.map(i => [offsets[i] ?? 0, offsets[i + 1] ?? 0] as const)
  const [bytes, offsets] = gather(batch.bytes, spans(batch.offsets))
  const [events, eventOffsets] = gather(batch.events, spans(batch.eventOffsets))
  const idSpans = keep.map(i => [i * ID_BYTES, (i + 1) * ID_BYTES] as const)
  const [ids] = gather(batch.ids, idSpans)
  return { count: keep.length, bytes, offsets, events, eventOffsets, ids }
}

function gather(
  bytes: Uint8Array,
  spans: readonly (readonly [number, number])[],
): [Uint8Array, Uint32Array] {
  const out = new Uint8Array(spans.reduce((sum, [from, to]) => sum + to - from, 0))
  const offsets = new Uint32Array(spans.length + 1)
  let at = 0
  spans.forEach(([from, to], i) => {
    out.set(bytes.subarray(from, to), at)
    at += to - from
    offsets[i + 1] = at
  })
  return [out, offsets]
}
