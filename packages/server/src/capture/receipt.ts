// What a sender is told, line by line, and the lines of a file as they are handed in.

import type { Fate } from '../log/log.ts'
import type { Prepared } from './prepare.ts'

export type LineStatus = 'stored' | 'duplicate' | 'conflict' | 'refused'

/** What became of one line of a body. */
export type LineFate = {
  /** Position in the body, 0-based. */
  readonly line: number
  readonly status: LineStatus
  readonly id?: string
  readonly code?: string
  readonly field?: string
  readonly reason?: string
}

export type Receipt = {
  readonly stored: number
  readonly duplicate: number
  readonly conflict: number
  readonly refused: number
  readonly results: readonly LineFate[]
}

export type FileLines = {
  readonly format: string
  /** SHA-256 of the file's first line. */
  readonly fingerprint: Uint8Array
  readonly lines: readonly { readonly offset: number; readonly bytes: Uint8Array }[]
}

const CONFLICT_REASON = 'this id is already stored with other content; give a new event a new id'

/** `fates` are those of the prepared events, in their order. */
export function buildReceipt(prepared: Prepared, fates: readonly Fate[]): Receipt {
  const counts = { stored: 0, duplicate: 0, conflict: 0, refused: prepared.refused.length }
  for (const fate of fates) counts[fate] += 1
  let results: readonly LineFate[] | null = null
  return {
    ...counts,
    // Made when somebody asks: most senders only count.
    get results() {
      results ??= lineFates(prepared, fates)
      return results
    },
  }
}

function lineFates({ batch, lines, refused }: Prepared, fates: readonly Fate[]): LineFate[] {
  const results = refused.map(({ line, refused: code, field, reason }): LineFate => {
    const where = field === undefined ? {} : { field }
    return { line, status: 'refused', code, ...where, reason }
  })
  fates.forEach((status, i) => {
    const line = lines[i] ?? 0
    const id = uuidText(batch.ids, 16 * i)
    if (status !== 'conflict') results.push({ line, status, id })
    else {
      results.push({
        line,
        status,
        id,
        code: 'event.conflict',
        field: 'id',
        reason: CONFLICT_REASON,
      })
    }
  })
  return refused.length === 0 ? results : results.sort((a, b) => a.line - b.line)
}

/** The UUID whose 16 bytes stand at `at`. */
function uuidText(bytes: Uint8Array, at: number): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset + at, 16).toString('hex')
  const [a, b, c] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16)]
  return `${a}-${b}-${c}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
