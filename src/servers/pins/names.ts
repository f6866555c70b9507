import { createHmac } from 'node:crypto'

export type Place = { host: string; port: number }

/** The first field of a line of known_hosts: the hosts that it is about. */
export type Names =
  | { kind: 'patterns'; patterns: readonly { pattern: string; isNegated: boolean }[] }
  | { kind: 'hashed'; salt: Buffer; hash: Buffer }

/** sshd(8), SSH_KNOWN_HOSTS FILE FORMAT: `[host]:port`, and for port 22 the host alone, which is also read in the long form. */
export function namesOf({ host, port }: Place): string[] {
  const name = host.toLowerCase()
  return port === 22 ? [name, `[${name}]:22`] : [`[${name}]:${port}`]
}

export function readPatterns(field: string): Names {
  return {
    kind: 'patterns',
    patterns: field
      .toLowerCase()
      .split(',')
      .map((each) => {
        const isNegated = each.startsWith('!')
        return { pattern: isNegated ? each.slice(1) : each, isNegated }
      }),
  }
}

/** Whether a line is about a place; a negated pattern that fits speaks against it, whatever else does. */
export function areAbout(names: Names, place: Place): boolean {
  const wanted = namesOf(place)
  if (names.kind === 'hashed') {
    return wanted.some((name) => createHmac('sha1', names.salt).update(name).digest().equals(names.hash))
  }
  const fitting = names.patterns.filter(({ pattern }) => wanted.some((name) => fits(name, pattern)))
  return fitting.length > 0 && !fitting.some(({ isNegated }) => isNegated)
}

/** `*` is for any characters, `?` for one. It goes back to the last `*` only, so no pattern takes for ever. */
function fits(name: string, pattern: string): boolean {
  let at = 0
  let inPattern = 0
  let star = -1
  let behindStar = 0
  while (at < name.length) {
    const expected = pattern[inPattern]
    if (expected === '*') {
      star = inPattern++
      behindStar = at
    } else if (expected === '?' || expected === name[at]) {
      inPattern++
      at++
    } else if (star >= 0) {
      inPattern = star + 1
      at = ++behindStar
    } else {
      return false
    }
  }
  while (pattern[inPattern] === '*') inPattern++
  return inPattern === pattern.length
}
