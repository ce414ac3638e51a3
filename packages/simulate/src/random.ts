// Randomness that is a function of its name: the same seed and words always give the same stream,
// so any part of the world can be made without making what came before it.

export type Weighted<T> = readonly [weight: number, item: T]

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Whole number from `low` to `high`, both included. */
  int(low: number, high: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  /** Log-normal with this median; `spread` is the standard deviation of the logarithm. */
  logNormal(median: number, spread: number): number
  /** Normal with mean 0 and standard deviation 1. */
  normal(): number
  /** Number of events of a Poisson process with this mean. */
  poisson(mean: number): number
  /** One of the values, each as often as its weight says. */
  weighted<T>(items: readonly Weighted<T>[]): T
  /** 64 hex digits, as of a SHA-256. */
  digest(): string
  /** Lower-case hex digits. */
  hex(digits: number): string
}

/** Formatting numbers is most of what a hash costs here. */
const HEX_WORDS: readonly string[] = Array.from({ length: 0x10000 }, (_, i) =>
  i.toString(16).padStart(4, '0'),
)

let madeDigestWords: readonly string[] | null = null

/** 2^16 random words of 16 digits. */
function digestWords(): readonly string[] {
  if (madeDigestWords) return madeDigestWords
  const random = randomOf(0, 'digest words')
  madeDigestWords = Array.from({ length: 0x10000 }, () => random.hex(16))
  return madeDigestWords
}

export function randomOf(seed: number, ...words: readonly (string | number)[]): Random {
  const next = generator(hashWords(seed, words.join('\u0000')))
  const int = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  const normal = () => {
    // Box and Muller (1958); one of the pair is enough here.
    const radius = Math.sqrt(-2 * Math.log(1 - next()))
    return radius * Math.cos(2 * Math.PI * next())
  }
  return {
    next,
    int,
    chance: probability => next() < probability,
    pick: items => pickOf(items, next()),
    logNormal: (median, spread) => median * Math.exp(spread * normal()),
    normal,
    poisson: mean => poisson(mean, next, normal),
    weighted: items => weightedOf(items, next()),
    // Two draws for 64 digits: 2^64 digests are enough here, and hashes are half of what is drawn.
    digest() {
      const one = (next() * 2 ** 32) >>> 0
      const two = (next() * 2 ** 32) >>> 0
      const table = digestWords()
      return `${table[one >>> 16]}${table[one & 0xffff]}${table[two >>> 16]}${table[two & 0xffff]}`
    },
    hex(digits) {
      let text = ''
      while (text.length < digits) {
        const word = (next() * 2 ** 32) >>> 0
        text += `${HEX_WORDS[word >>> 16]}${HEX_WORDS[word & 0xffff]}`
      }
      return text.length === digits ? text : text.slice(0, digits)
    },
  }
}

function pickOf<T>(items: readonly T[], at: number): T {
  const item = items[Math.floor(at * items.length)]
  if (item === undefined) throw new RangeError('nothing to pick from')
  return item
}

function weightedOf<T>(items: readonly Weighted<T>[], at: number): T {
  let left = at * items.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, item] of items) {
    left -= weight
    if (left < 0) return item
  }
  throw new RangeError('nothing to pick from')
}

/** Knuth's product for small means, the normal approximation for large ones. */
function poisson(mean: number, next: () => number, normal: () => number): number {
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()))
  const limit = Math.exp(-mean)
  let count = -1
  for (let product = 1; product > limit; count++) product *= next()
  return Math.max(0, count)
}

/** FNV-1a over the words, mixed with the seed, into four 32-bit numbers. */
function hashWords(seed: number, text: string): readonly [number, number, number, number] {
  let a = 0x811c9dc5 ^ seed
  let b = 0x9e3779b9 ^ Math.imul(seed, 0x85ebca6b)
  for (let i = 0; i < text.length; i++) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x01000193)
    b = Math.imul(b ^ text.charCodeAt(i), 0x5bd1e995)
  }
  return [a, b, a ^ (b >>> 3), Math.imul(b, 0xc2b2ae35) ^ a]
}

/** sfc32, a small fast counting generator (PractRand). */
function generator(state: readonly [number, number, number, number]): () => number {
  let [a, b, c, d] = state
  const next = () => {
    const sum = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return (sum >>> 0) / 2 ** 32
  }
  for (let i = 0; i < 12; i++) next()
  return next
}
