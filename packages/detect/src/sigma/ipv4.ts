// IPv4 addresses as numbers: nearly all addresses are such, and to make their 32 hex digits costs
// ten times as much.

import type { AddressRange } from '@tocsin/sdk/query'

const MAPPED = '00000000000000000000ffff'
const DOT = 46
const ZERO = 48

/** -1 for what is no IPv4 address, spelled in the usual way. */
export function ipv4Number(text: string): number {
  if (text.length < 7 || text.length > 15) return -1
  let [number, octet, digits, dots] = [0, 0, 0, 0]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === DOT) {
      if (digits === 0 || octet > 255) return -1
      number = number * 256 + octet
      dots += 1
      octet = 0
      digits = 0
    } else {
      const digit = code - ZERO
      if (digit < 0 || digit > 9 || digits === 3) return -1
      octet = octet * 10 + digit
      digits += 1
    }
  }
  return dots === 3 && digits > 0 && octet <= 255 ? number * 256 + octet : -1
}

/** The part of a range that lies among IPv4 addresses; null when there is none. */
export function ipv4Range({ low, high }: AddressRange): { low: number; high: number } | null {
  const [first, last] = [`${MAPPED}00000000`, `${MAPPED}ffffffff`]
  if (high < first || low > last) return null
  return { low: numberOf(low < first ? first : low), high: numberOf(high > last ? last : high) }
}

function numberOf(key: string): number {
  return Number.parseInt(key.slice(MAPPED.length), 16)
}
