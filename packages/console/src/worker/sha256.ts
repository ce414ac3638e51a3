// SHA-256 (FIPS 180-4) that answers at once: the verifier hashes hundreds of thousands of short
// texts, and WebCrypto's promise for each would cost more than the hash. Only for public data: it
// is not written to take the same time for every input.

const ROUNDS = 64
const BLOCK_BYTES = 64
const LENGTH_BYTES = 8

/** The first `count` primes. */
function primes(count: number): readonly number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++)
    if (found.every(prime => n % prime !== 0)) found.push(n)
  return found
}

/** The first 32 bits behind the point (§4.2.2, §5.3.3): exact in 53 bits for these primes. */
const fraction = (value: number) => ((value - Math.floor(value)) * 2 ** 32) | 0
const K = Int32Array.from(primes(ROUNDS), prime => fraction(Math.cbrt(prime)))
const START = Int32Array.from(primes(8), prime => fraction(Math.sqrt(prime)))

const words = new Int32Array(ROUNDS)
const tail = new Uint8Array(2 * BLOCK_BYTES)
const tailView = new DataView(tail.buffer)

/** 32 bytes that belong to the caller; keeps nothing of `bytes`. */
export function sha256(bytes: Uint8Array): Uint8Array {
  const state = START.slice()
  const whole = bytes.length - (bytes.length % BLOCK_BYTES)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 0; at < whole; at += BLOCK_BYTES) compress(state, view, at)
  const rest = bytes.length - whole
  const padded = rest + 1 + LENGTH_BYTES > BLOCK_BYTES ? 2 * BLOCK_BYTES : BLOCK_BYTES
  tail.fill(0)
  tail.set(bytes.subarray(whole))
  tail[rest] = 0x80
  tailView.setUint32(padded - 8, Math.floor(bytes.length / 2 ** 29))
  tailView.setUint32(padded - 4, (bytes.length * 8) >>> 0)
  for (let at = 0; at < padded; at += BLOCK_BYTES) compress(state, tailView, at)
  const out = new Uint8Array(32)
  const outView = new DataView(out.buffer)
  for (let i = 0; i < 8; i++) outView.setInt32(i * 4, state[i] ?? 0)
  return out
}

/** One block into the state (§6.2.2). */
function compress(state: Int32Array, view: DataView, at: number): void {
  const w = words
  for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + i * 4)
  for (let i = 16; i < ROUNDS; i++) {
    const p = w[i - 15] ?? 0
    const q = w[i - 2] ?? 0
    const s0 = ((p >>> 7) | (p << 25)) ^ ((p >>> 18) | (p << 14)) ^ (p >>> 3)
    const s1 = ((q >>> 17) | (q << 15)) ^ ((q >>> 19) | (q << 13)) ^ (q >>> 10)
    w[i] = ((w[i - 16] ?? 0) + s0 + (w[i - 7] ?? 0) + s1) | 0
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let i = 0; i < ROUNDS; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (K[i] ?? 0) + (w[i] ?? 0)) | 0
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  const added = [a, b, c, d, e, f, g, h]
  for (let i = 0; i < 8; i++) state[i] = (state[i] ?? 0) + (added[i] ?? 0)
}
