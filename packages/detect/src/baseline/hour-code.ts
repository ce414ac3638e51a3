// An amount in 15 bits: a float of 8 bits of exponent and 7 of fraction, without a sign. Whole
// numbers up to 256 are exact, others right to 0.4 %, which is far below what a baseline can tell.

const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

/** The largest code of a number that is not infinite. */
const CODE_MAX = 0x7f7f

export function encodeAmount(amount: number): number {
  float[0] = amount
  return Math.min(CODE_MAX, ((bits[0] ?? 0) + 0x8000) >>> 16)
}

export function decodeAmount(code: number): number {
  bits[0] = code << 16
  return float[0] ?? 0
}

/** Of an amount of 1. */
const CODE_ONE = 0x3f80
const FLAG = 0x8000

/** A code and its flag as a small number: two bytes for most amounts, one for none. */
export function packCode(code: number): number {
  const flag = (code & FLAG) === 0 ? 0 : 1
  const amount = code & ~FLAG
  if (amount === 0) return flag
  const above = amount - CODE_ONE
  return 2 * (1 + (above < 0 ? -2 * above - 1 : 2 * above)) + flag
}

export function unpackCode(packed: number): number {
  const flag = packed % 2 === 1 ? FLAG : 0
  const rest = Math.floor(packed / 2)
  if (rest === 0) return flag
  const above = rest % 2 === 1 ? (rest - 1) / 2 : -rest / 2
  return flag | (CODE_ONE + above)
}
