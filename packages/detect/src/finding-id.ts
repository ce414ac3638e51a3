// Ids that are the same in every replay: the beginning of a SHA-256 over what makes a finding one
// and no other. A hash that cannot be steered, so nobody can make one finding hide another.

import { encodeHex, encodeUtf8 } from '@tocsin/sdk/bytes'
import type { Sha256 } from '@tocsin/sdk/crypto'

const ID_BYTES = 16

/** 32 hex digits over the parts, each with its length before it. */
export function findingId(sha256: Sha256, ...parts: readonly string[]): string {
  const text = parts.map(part => `${part.length}:${part}`).join(',')
  return encodeHex(sha256(encodeUtf8(text.toWellFormed())).subarray(0, ID_BYTES))
}
