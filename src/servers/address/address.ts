import { Refused } from '../../report/ending.ts'
import { isAddress6, wrongWithHost } from './host.ts'

/** Where a server is logged into, and what it is called in reports. */
export type Address = { alias: string; user: string; host: string; port: number }

type Reading = { address: Address } | { problems: readonly string[] }

const FORM = '`[alias=][user@]host[:port]`'
const ALIAS = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const USER = /^(?!\.{1,2}$)[A-Za-z0-9._][A-Za-z0-9._-]{0,31}$/
/** More than the longest alias, user, host and port together. */
const LONGEST = 400

/** Servers as somebody wrote them, one an entry. Everything that is wrong with any of them is refused at once. */
export function readAddresses(lines: readonly string[], defaultUser: string): Address[] {
  const readings = lines.map((line) => readAddress(line.trim(), defaultUser))
  const addresses = readings.flatMap((reading) => ('address' in reading ? [reading.address] : []))
  const problems = readings.flatMap((reading) => ('address' in reading ? [] : reading.problems))
  problems.push(...repeatedIn(addresses))
  if (problems.length > 0) throw new Refused([...new Set(problems)])
  return addresses
}

function readAddress(entry: string, defaultUser: string): Reading {
  const mistake = mistakeIn(entry, defaultUser)
  if (mistake !== undefined) return { problems: [mistake] }

  const equals = entry.indexOf('=')
  const alias = equals < 0 ? undefined : entry.slice(0, equals)
  const login = entry.slice(equals + 1)
  const at = login.lastIndexOf('@')
  const user = at < 0 ? undefined : login.slice(0, at)
  const place = readPlace(login.slice(at + 1))

  const wrong = [
    alias === undefined || ALIAS.test(alias)
      ? undefined
      : 'has an alias that cannot be one: 1 to 63 letters, digits, `.`, `_` and `-`, the first a letter or a digit.',
    wrongWithUser(user, defaultUser, place),
    'wrong' in place ? place.wrong : undefined,
  ].filter((problem) => problem !== undefined)
  if (wrong.length > 0 || 'wrong' in place) return { problems: wrong.map((problem) => `${shown(entry)} ${problem}`) }
  return { address: { alias: alias ?? place.host, user: user ?? defaultUser, ...place } }
}

/** What is not a wrong part, but another thing as a whole: an address of the web, a path, several hosts, an option. */
function mistakeIn(entry: string, defaultUser: string): string | undefined {
  if (entry === '') return `An entry for a host is empty: write ${FORM}.`
  // Not shown: cut somewhere, a password would not be recognised as one.
  if (entry.length > LONGEST) return `An entry of ${entry.length} characters is too long for a host: write ${FORM}.`
  if (/[\s,]/.test(entry)) {
    return `${shown(entry)} has a blank or a comma in it: write one host per line, a port behind a colon, as in \`web1:2222\`.`
  }
  if (/\p{C}/u.test(entry)) return `${shown(entry)} has a control character in it: write ${FORM}.`
  const instead = (candidate: string) => {
    const isRight = candidate !== entry && 'address' in readAddress(candidate, defaultUser)
    return `write ${isRight ? shown(candidate) : FORM}`
  }
  const [, alias = '', scheme, authority = ''] =
    /^([A-Za-z0-9._-]+=)?([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i.exec(entry) ?? []
  if (scheme !== undefined) {
    const isLogin = /^(?:ssh|scp|sftp|rsync|git\+ssh)$/i.test(scheme)
    // What was said for the web says nothing of the port or the user of a login.
    const meant = isLogin ? withoutPassword(authority) : authority.replace(/^.*@/, '').replace(/:\d*$/, '')
    return `${shown(entry)} is a URL, but a host is wanted: ${instead(`${alias}${meant}`)}.`
  }
  const slash = entry.indexOf('/')
  if (slash >= 0) {
    return `${shown(entry)} has a path in it, but a host is wanted: ${instead(entry.slice(0, slash).replace(/:$/, ''))}.`
  }
  return withoutPassword(entry) === entry
    ? undefined
    : `${shown(entry)} has a password in it, which is no way to log in: ${instead(withoutPassword(entry))}, and give a key.`
}

function wrongWithUser(user: string | undefined, defaultUser: string, place: Place): string | undefined {
  if (user === '') {
    const without = 'wrong' in place ? 'the host alone' : `\`${written(place)}\``
    return `has no user before the \`@\`: name one, or write ${without} for the user \`${defaultUser}\`.`
  }
  if (user?.includes('@')) {
    return 'has more than one `@`: a user with `@` in its name cannot be deployed with, so take an account of the server itself.'
  }
  if (USER.test(user ?? defaultUser)) return undefined
  const whose = user === undefined ? `is for the user ${shown(defaultUser)}, who` : 'has a user that'
  return `${whose} cannot be one: 1 to 32 letters, digits, \`.\`, \`_\` and \`-\`, not beginning with \`-\`.`
}

type Place = { host: string; port: number } | { wrong: string }

const DEFAULT_PORT = 22

/** `host`, `host:port`, `::1`, `[::1]` and `[::1]:port`. */
function readPlace(text: string): Place {
  if (isAddress6(text)) return { host: text, port: DEFAULT_PORT }
  if (text.startsWith('[')) return readBracketed(text)
  const [host = '', port, ...more] = text.split(':')
  if (host === '' && more.length === 0) return { wrong: `has no host: write ${FORM}.` }
  if (more.length > 0) return { wrong: wrongColons(text) }
  const wrong = wrongWithHost(host)
  return wrong === undefined ? withPort(host, port) : { wrong }
}

function readBracketed(text: string): Place {
  const [, host = '', port] = /^\[([^[\]]*)\](?::(.*))?$/.exec(text) ?? []
  if (isAddress6(host)) return withPort(host, port)
  const isHost = host !== '' && wrongWithHost(host) === undefined
  return {
    wrong: `has brackets, which are for IPv6 addresses such as \`[2001:db8::1]:2222\`${isHost ? ': write the host without' : ', but no such address in them'}.`,
  }
}

function withPort(host: string, port: string | undefined): Place {
  if (port === undefined) return { host, port: DEFAULT_PORT }
  if (port === '') return { wrong: `has a colon but no port: write \`${host.includes(':') ? `[${host}]` : host}\`.` }
  const number = Number(port)
  if (/^[1-9]\d{0,4}$/.test(port) && number <= 65_535) return { host, port: number }
  return { wrong: 'has a port that is none: ports are numbers from 1 to 65535.' }
}

function wrongColons(text: string): string {
  const last = text.lastIndexOf(':')
  const place = readBracketed(`[${text.slice(0, last)}]${text.slice(last)}`)
  if ('host' in place) return `has an IPv6 address with a port, but no brackets: write \`${written(place)}\`.`
  const first = readPlace(text.split(':', 2).join(':'))
  return `has more than one colon, and is no IPv6 address: write ${'host' in first ? `\`${written(first)}\`` : '`host:port`'}.`
}

function repeatedIn(addresses: readonly Address[]): string[] {
  const places = new Set<string>()
  const aliases = new Set<string>()
  return addresses.flatMap((address) => {
    const { alias, user } = address
    const place = `${user}@${written(address)}`
    const key = `${user}@${written(address).toLowerCase()}`
    const isSamePlace = places.has(key)
    const isSameAlias = aliases.has(alias)
    places.add(key)
    aliases.add(alias)
    if (isSamePlace) return [`\`${place}\` is named twice: name each server once.`]
    return isSameAlias
      ? [`Two servers are called \`${alias}\`: give \`${place}\` an alias of its own, as in \`other=${place}\`.`]
      : []
  })
}

function written({ host, port }: { host: string; port: number }): string {
  if (port === DEFAULT_PORT) return host
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Up to the last `@`, since passwords have them too; `//` is no password, but the beginning of a URL. */
const PASSWORD = /:(?!\/\/).*@/s

function withoutPassword(entry: string): string {
  return entry.replace(PASSWORD, '@')
}

/** Hostile characters are shown, not obeyed; a password is not shown. */
function shown(entry: string): string {
  const safe = entry
    .replace(PASSWORD, ':***@')
    .replace(/(?! )[\p{C}\p{Z}]/gu, (hostile) => `\\u{${hostile.codePointAt(0)?.toString(16)}}`)
  return `\`${safe}\``
}
