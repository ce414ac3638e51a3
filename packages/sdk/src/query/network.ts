// Addresses and networks as 32 hex digits of their IPv6 form (IPv4 mapped, RFC 4291 §2.5.5.2),
// whose order as text is their order as numbers.

const MAPPED = '00000000000000000000ffff'
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/

/**
 * The key of an address as it stands in an event; null when it is none (a masked one, a host name).
 */
export function addressKey(text: string): string | null {
  if (IPV4.test(text)) {
    return (
      MAPPED +
      text
        .split('.')
        .map(o => Number(o).toString(16).padStart(2, '0'))
        .join('')
    )
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
export function networkRange(text: string): { readonly low: string; readonly high: string } | null {
  const [, address = '', length = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  const isIpv4 = IPV4.test(address)
  if (!isAddress(address, isIpv4) || Number(length) > (isIpv4 ? 32 : 128)) return null
  const key = addressKey(address)
  if (key?.length !== 32) return null
  const bits = Number(length) + (isIpv4 ? 96 : 0)
  return { low: fill(key, bits, 0), high: fill(key, bits, 15) }
}

function isAddress(text: string, isIpv4: boolean): boolean {
  if (isIpv4) return text.split('.').every(octet => Number(octet) <= 255)
  const groups = text.split(':')
  const isCut = text.split('::').length === 2
  const count = groups.filter(group => group !== '').length
  return (
    groups.every(group => /^[0-9a-fA-F]{0,4}$/.test(group)) && (isCut ? count < 8 : count === 8)
  )
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
