// An amount in 15 bits: a float of 8 bits of exponent and 7 of fraction, without a sign. Whole numbers
// up to 256 are exact, others right to 0.4 %, which is far below what a baseline can tell.

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
