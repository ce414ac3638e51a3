// The network of an address, by which addresses are compared: a client moves inside its
// provider's network without meaning anything, /24 for IPv4 and /48 for IPv6.

const IPV4 = /^(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/

/** `198.18.4.0/24`, `2001:db8:7::/48`; what is no address comes back as it is. */
export function networkOf(address: string): string {
  const v4 = IPV4.exec(address)?.[1]
  if (v4 !== undefined) return `${v4}.0/24`
  if (!address.includes(':')) return address
  // The left side of `::` has all groups, or the rest of the first three is zero.
  const [left = ''] = address.toLowerCase().split('::')
  const groups = left.split(':').slice(0, 3)
  while (groups.length < 3) groups.push('0')
  return `${groups.map(group => group.replace(/^0+(?=.)/, '') || '0').join(':')}::/48`
}
