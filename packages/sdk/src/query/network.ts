// Addresses and networks as 32 hex digits of their IPv6 form (IPv4 mapped, RFC 4291 §2.5.5.2),
// whose order as text is their order as numbers.

const MAPPED = '00000000000000000000ffff'
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/
const MAPPED_IPV4 = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i
const BITS_MAX = 128

/** First and last address, both within. */
export type AddressRange = { readonly low: string; readonly high: string }

/**
 * The key of an address as it stands in an event; null when it is none (a masked one, a host name).
 */
export function addressKey(text: string): string | null {
  if (IPV4.test(text)) {
    const octets = text.split('.').map(Number)
    return octets.every(octet => octet <= 255) ? MAPPED + octets.map(hexByte).join('') : null
  }
  if (!/^[0-9a-fA-F:]+$/.test(text) || !text.includes(':')) return null
  const [left = '', right = ''] = text.split('::')
  const before = left === '' ? [] : left.split(':')
  const after = right === '' ? [] : right.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0')
  const groups = [...before, ...zeros, ...after]
  return groups
    .map(group => group.slice(0, 4).padStart(4, '0'))
    .join('')
    .toLowerCase()
}

/** First and last address of a network in CIDR form; null when it is none. */
export function networkRange(text: string): AddressRange | null {
  const [, written = '', length = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  const address = asWritten(written)
  const isIpv4 = IPV4.test(address)
  const bits = Number(length) + (isIpv4 && address === written ? 96 : 0)
  if (bits > BITS_MAX || !isAddress(address, isIpv4)) return null
  const key = addressKey(address)
  return key === null ? null : { low: fill(key, bits, 0), high: fill(key, bits, 15) }
}

/** The only address of a range, for IPv6, which has many spellings; null for any other text. */
export function ipv6Range(text: string): AddressRange | null {
  return IPV4.test(asWritten(text)) ? null : networkRange(`${text}/${BITS_MAX}`)
}

/** An IPv6 address or network, the mapped form of an IPv4 one too. */
export function isIpv6(text: string): boolean {
  const [, spelled = '', length = '0'] = /^([^/]*:[^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const address = asWritten(spelled)
  return isAddress(address, IPV4.test(address)) && Number(length) <= BITS_MAX
}

/** Events hold mapped IPv4 addresses as IPv4. */
export function asWritten(address: string): string {
  return MAPPED_IPV4.exec(address)?.[1] ?? address
}

/** Where a range lies: among IPv4 addresses only, over all of them, or beside them. */
export function ipv4Part({ low, high }: AddressRange): 'only' | 'all' | 'none' {
  if (low.startsWith(MAPPED) && high.startsWith(MAPPED)) return 'only'
  return low <= MAPPED && high >= `${MAPPED}ffffffff` ? 'all' : 'none'
}

/** RE2 for the IPv4 addresses of a network as texts; reading these costs far less than keys. */
export function ipv4Pattern({ low, high }: AddressRange): string {
  const octets = [0, 1, 2, 3].map(i => octetPattern(octetOf(low, i), octetOf(high, i)))
  return `\\A${octets.join('\\.')}\\z`
}

export const IPV4_PATTERN: string = ipv4Pattern({
  low: `${MAPPED}00000000`,
  high: `${MAPPED}ffffffff`,
})

function octetOf(key: string, i: number): number {
  return Number.parseInt(key.slice(MAPPED.length + 2 * i, MAPPED.length + 2 * i + 2), 16)
}

function octetPattern(from: number, to: number): string {
  if (from === 0 && to === 255) return '(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])'
  const numbers = Array.from({ length: to - from + 1 }, (_, i) => from + i)
  return `(?:${numbers.map(n => `0{0,${3 - String(n).length}}${n}`).join('|')})`
}

function isAddress(text: string, isIpv4: boolean): boolean {
  if (isIpv4) return text.split('.').every(octet => Number(octet) <= 255)
  const halves = text.split('::')
  const groups = halves.flatMap(half => (half === '' ? [] : half.split(':')))
  const isSpelled = groups.every(group => /^[0-9a-fA-F]{1,4}$/.test(group))
  if (!isSpelled || halves.length > 2) return false
  return halves.length === 2 ? groups.length < 8 : groups.length === 8
}

/** Keeps the first `bits` bits and sets the rest as in `digit` (0 or 15). */
function fill(key: string, bits: number, digit: 0 | 15): string {
  return [...key]
    .map((hex, i) => {
      const kept = Math.min(4, Math.max(0, bits - 4 * i))
      const mask = (0xf << (4 - kept)) & 0xf
      return ((Number.parseInt(hex, 16) & mask) | (digit & ~mask)).toString(16)
    })
    .join('')
}

function hexByte(octet: number): string {
  return octet.toString(16).padStart(2, '0')
}
