import { isIPv4, isIPv6 } from 'node:net'

const LABEL = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/
/** Names of network interfaces: Linux has at most 15 characters for them. */
const ZONE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/

/** `::1`, and `fe80::1%eth0`, where the zone names the interface of this machine that leads there. */
export function isAddress6(text: string): boolean {
  const [address = '', zone, ...more] = text.split('%')
  return isIPv6(address) && more.length === 0 && (zone === undefined || ZONE.test(zone))
}

/** What a text that names no host does wrong, as the end of a sentence; undefined for a host. */
export function wrongWithHost(host: string): string | undefined {
  if (isIPv4(host) || isAddress6(host)) return undefined
  if (host.startsWith('-')) return 'has a host that begins with `-`: no host does.'
  if (/[^\x20-\x7e]/.test(host)) return 'has a host in letters that DNS does not know: write it in its `xn--` form.'
  if (!/^[A-Za-z0-9._-]+$/.test(host)) {
    return 'has a host with characters that no host has: letters, digits, `.`, `-` and `_` can be in one.'
  }
  if (host.endsWith('.')) return 'has a host that ends with a dot: write it without.'
  const labels = host.split('.')
  if (host.length > 253 || !labels.every((label) => LABEL.test(label))) {
    return 'has no name of a host: it consists of parts of 1 to 63 letters, digits, `-` and `_`, with dots between, of at most 253 characters in all; no part begins or ends with `-`.'
  }
  // Resolvers take such numbers for shortened, octal or hexadecimal addresses.
  if (/^(?:\d+|0x[\da-f]*)$/i.test(labels.at(-1) ?? '')) {
    return 'has a host that looks like an IPv4 address, but is none: write all four numbers, without zeros in front.'
  }
  return undefined
}
