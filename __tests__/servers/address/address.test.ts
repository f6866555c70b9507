import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Refused } from '../../../src/report/ending.ts'
import { type Address, readAddresses } from '../../../src/servers/address/address.ts'

/** The addresses, or the problems. */
function read(...lines: string[]): Address[] | readonly string[] {
  try {
    return readAddresses(lines, 'deploy')
  } catch (error) {
    if (error instanceof Refused) return error.problems
    throw error
  }
}

test.each<[string, Partial<Address> & { host: string }]>([
  ['web1', { host: 'web1' }],
  ['Web1.Example.com', { host: 'Web1.Example.com' }],
  ['root@web1', { user: 'root', host: 'web1' }],
  ['web1:2222', { host: 'web1', port: 2222 }],
  ['blue=ops.team_1@10.0.0.7:65535', { alias: 'blue', user: 'ops.team_1', host: '10.0.0.7', port: 65535 }],
  ['10.0.0.7:1', { host: '10.0.0.7', port: 1 }],
  ['::1', { host: '::1' }],
  ['root@2001:db8::22', { user: 'root', host: '2001:db8::22' }],
  ['[::1]', { host: '::1' }],
  ['[2001:db8::1]:2222', { host: '2001:db8::1', port: 2222 }],
  ['fe80::1%eth0', { host: 'fe80::1%eth0' }],
  ['a=me@[fe80::1%br_lan.4]:22', { alias: 'a', user: 'me', host: 'fe80::1%br_lan.4', port: 22 }],
  ['::ffff:10.0.0.7', { host: '::ffff:10.0.0.7' }],
  ['xn--bcher-kva.example', { host: 'xn--bcher-kva.example' }],
  ['db_1.internal', { host: 'db_1.internal' }],
  ['  web1\t', { host: 'web1' }],
  ['7up@7.example', { user: '7up', host: '7.example' }],
])('%s is an address', (line, expected) => {
  expect(read(line)).toEqual([{ user: 'deploy', port: 22, alias: expected.host, ...expected }])
})

test.each<[string, string, RegExp]>([
  ['nothing', '', /^An entry for a host is empty: write `\[alias=\]\[user@\]host\[:port\]`\.$/],
  ['a URL of ssh', 'ssh://root@web1:2222', /is a URL, but a host is wanted: write `root@web1:2222`\.$/],
  ['the same with an alias', 'blue=ssh://root@web1/srv', /write `blue=root@web1`\.$/],
  ['the same with IPv6', 'ssh://root@[::1]:22/', /write `root@\[::1\]:22`\.$/],
  ['a URL of the web', 'https://me@example.com:8443/a?b=c', /is a URL, but a host is wanted: write `example\.com`\.$/],
  ['a URL of nothing', 'http://', /is a URL, but a host is wanted: write `\[alias=\]\[user@\]host\[:port\]`\.$/],
  ['two ports', 'web1:22:33', /has more than one colon, and is no IPv6 address: write `web1`\.$/],
  ['two ports, the first of them meant', 'web1:2222:33', /write `web1:2222`\.$/],
  [
    'an IPv6 address with a port but no brackets',
    '2001:db8:1:2:3:4:5:6:2222',
    /write `\[2001:db8:1:2:3:4:5:6\]:2222`\.$/,
  ],
  ['the same with a zone', 'fe80::1%eth0:2222', /write `\[fe80::1%eth0\]:2222`\.$/],
  ['a user without a host', 'root@', /has no host: write /],
  ['no user before the @', '@web1:2222', /has no user before the `@`: .* write `web1:2222` for the user `deploy`\.$/],
  ['a colon without a port', 'web1:', /has a colon but no port: write `web1`\.$/],
  ['the same behind brackets', '[::1]:', /has a colon but no port: write `\[::1\]`\.$/],
  ['a path', 'web1/srv/app', /has a path in it, but a host is wanted: write `web1`\.$/],
  ['a path as scp has it', 'root@web1:/srv/app', /write `root@web1`\.$/],
  ['a repository', 'git@github.com:owner/repository', /has a path in it/],
  ['several hosts in one', 'web1,web2', /has a blank or a comma in it: write one host per line/],
  ['an option behind it', 'web1 -p 2222', /has a blank or a comma in it/],
  ['a line break in it', 'web1\nweb2', /^`web1\\u\{a\}web2` has a blank/],
  ['port 0', 'web1:0', /ports are numbers from 1 to 65535/],
  ['port 65536', 'web1:65536', /ports are numbers from 1 to 65535/],
  ['a port with a zero in front', 'web1:022', /ports are numbers/],
  ['a port that is a name', 'web1:ssh', /ports are numbers/],
  ['a host that is an option', '-oProxyCommand=id', /has an alias that cannot be one/],
  ['a host that is an option, without =', '-V', /has a host that begins with `-`/],
  ['the same behind a user', 'root@-V', /has a host that begins with `-`/],
  ['a user that is an option', '-l@web1', /has a user that cannot be one/],
  [
    'a user with @',
    'me@corp.example@web1',
    /has more than one `@`: a user with `@` in its name cannot be deployed with/,
  ],
  ['a user of a domain', 'CORP\\me@web1', /has a user that cannot be one/],
  ['a user that is a folder', '..@web1', /has a user that cannot be one/],
  ['a command for a shell', '$(id)', /has a host with characters that no host has/],
  ['another', 'web1;id', /has a host with characters that no host has/],
  ['another, as the user', '`id`@web1', /has a user that cannot be one/],
  ['a pattern', '*.example.com', /has a host with characters that no host has/],
  ['letters that DNS does not have', 'b\u00fccher.example', /write it in its `xn--` form/],
  ['a character that turns the text around', 'web\u202e1', /^`web\\u\{202e\}1` has a control character/],
  ['a terminal\u2019s command', 'web\x1b[2J', /^`web\\u\{1b\}\[2J` has a control character/],
  ['a dot at the end', 'example.com.', /ends with a dot: write it without/],
  ['a part that ends with -', 'web-.example', /has no name of a host/],
  ['a part that is too long', `${'a'.repeat(64)}.example`, /has no name of a host/],
  ['a name that is too long', Array(60).fill('abcd').join('.'), /has no name of a host/],
  ['half an IPv4 address', '10.0.1', /looks like an IPv4 address, but is none/],
  ['an octal one', '010.0.0.1', /looks like an IPv4 address, but is none/],
  ['one that is too large', '10.0.0.256', /looks like an IPv4 address, but is none/],
  ['one as a number', '0x7f000001', /looks like an IPv4 address, but is none/],
  ['brackets around a name', '[web1]:2222', /has brackets, which are for IPv6 .*: write the host without\.$/],
  ['brackets without an end', '[::1', /has brackets, .*, but no such address in them\.$/],
  ['two zones', 'fe80::1%a%b', /no IPv6 address/],
  ['a zone that is an option', 'fe80::1%-x', /no IPv6 address/],
  ['an alias with a slash in it', 'a@b=web1', /has an alias that cannot be one/],
  ['an empty alias', '=web1', /has an alias that cannot be one/],
  ['an alias that is too long', `${'a'.repeat(64)}=web1`, /has an alias that cannot be one/],
])('%s is refused', (_, line, problem) => {
  expect(read(line)).toEqual([expect.stringMatching(problem)])
})

test('a password is not repeated, wherever it stands', () => {
  for (const line of [
    'root:hunter2@web1',
    'ssh://root:hunter2@web1:2222/',
    'root:hun=hunter2@web1',
    'root:p@hunter2@web1',
    `root:hunter2${'x'.repeat(500)}@web1`,
    'root:hunter2 @web1',
    'root:hunter2/@web1',
  ]) {
    const [problem, ...more] = read(line)
    expect(more).toEqual([])
    expect(problem).toMatch(/\.$/)
    expect(problem).not.toContain('hunter2')
  }
  expect(read('root:hunter2@web1:2222')).toEqual([
    '`root:***@web1:2222` has a password in it, which is no way to log in: write `root@web1:2222`, and give a key.',
  ])
})

test('everything that is wrong with any entry is told at once, and once', () => {
  expect(read('-x@web1:0', 'good', 'web2:', '-a=@[x', 'web2:')).toEqual([
    expect.stringMatching(/^`-x@web1:0` has a user/),
    expect.stringMatching(/^`-x@web1:0` has a port/),
    expect.stringMatching(/^`web2:` has a colon/),
    expect.stringMatching(/^`-a=@\[x` has an alias/),
    expect.stringMatching(/^`-a=@\[x` has no user before the `@`: name one, or write the host alone/),
    expect.stringMatching(/^`-a=@\[x` has brackets/),
  ])
  expect(() => readAddresses(['web1', 'web2'], '-x')).toThrow(/^`web1` is for the user `-x`, who cannot be one/)
})

test('servers are told apart by their aliases, and none is named twice', () => {
  expect(read('web1', 'b=root@web1', 'c=web1:2222')).toHaveLength(3)
  expect(read('web1', 'web2', 'b=deploy@WEB1:22')).toEqual(['`deploy@WEB1` is named twice: name each server once.'])
  expect(read('web1', 'root@web1:2222')).toEqual([
    'Two servers are called `web1`: give `root@web1:2222` an alias of its own, as in `other=root@web1:2222`.',
  ])
  expect(read('a=web1', 'a=web2')).toEqual([expect.stringMatching(/^Two servers are called `a`/)])
  expect(read('::1', '[::1]')).toEqual(['`deploy@::1` is named twice: name each server once.'])
  expect(read('[::1]:2222', 'me@[::1]:2222')).toEqual([expect.stringContaining('`other=me@[::1]:2222`')])
})

/** Parts that entries are made of, right and wrong ones. */
const pieces = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '=',
        '@',
        ':',
        '[',
        ']',
        '/',
        '-',
        '.',
        '%',
        '::',
        '://',
        'web1',
        '22',
        'fe80',
        '\n',
        '\0',
        '*',
        ',',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 12 },
  )
  .map((all) => all.join(''))

test('whatever is written: an address of which no part can be an option or hold anything else, or sentences', () => {
  fc.assert(
    fc.property(pieces, (line) => {
      for (const each of read(line)) {
        if (typeof each === 'string') {
          expect(each).toMatch(/^[^\p{C}]+\.$/u)
        } else {
          expect(each.host).toMatch(/^[A-Za-z0-9_:][A-Za-z0-9._:%-]*$/)
          expect(each.user).toMatch(/^[A-Za-z0-9._][A-Za-z0-9._-]*$/)
          expect(each.alias).toMatch(/^[A-Za-z0-9_:][A-Za-z0-9._:%-]*$/)
          expect(each.port).toSatisfy((port) => Number.isInteger(port) && port > 0 && port < 65_536)
        }
      }
    }),
    { numRuns: 3000 },
  )
})

test('an address that is written out is read again as it was', () => {
  const label = fc.stringMatching(/^[a-z_][a-z0-9_]{0,9}$/)
  const host = fc.oneof(
    fc.array(label, { minLength: 1, maxLength: 4 }).map((all) => all.join('.')),
    fc.ipV4(),
    fc.ipV6(),
  )
  const port = fc.integer({ min: 1, max: 65_535 })
  const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/)
  fc.assert(
    fc.property(word, word, host, port, (alias, user, host, port) => {
      const written = `${alias}=${user}@${host.includes(':') ? `[${host}]` : host}:${port}`
      expect(read(written)).toEqual([{ alias, user, host, port }])
    }),
    { numRuns: 500 },
  )
})

test('text without end is refused at once', () => {
  for (const piece of [':', '@', '/', '=', '[', 'a', '.', '-', '://', 'a@:', '%']) {
    expect(read(piece.repeat(1_000_000))).toEqual([expect.stringMatching(/^An entry of \d+ characters is too long/)])
  }
})
