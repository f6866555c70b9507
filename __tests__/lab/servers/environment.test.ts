import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import type { Variable } from '../../../src/servers/environment/dotenv.ts'
import { writeEnvironmentFile } from '../../../src/servers/environment/environment-file.ts'
import { environments } from '../../servers/environment/made-environment.ts'
import { need } from '../ground/need.ts'
import { type Host, startHost, whyNoHosts } from '../host/host.ts'

beforeEach((context) => need(context, 'host', whyNoHosts()))

const SALT = '00112233445566778899aabbccddeeff'

const EVIL: Record<string, string> = {
  EMPTY: '',
  PLAIN: 'value',
  BLANKS: '   ',
  BLANKS_AROUND: '  a b \t ',
  TAB: '\t',
  LINES: 'one\ntwo\n\n three \n',
  LINE_END: '\n',
  LINES_LIKE_VARIABLES: 'a\nOTHER=b\n# c\n; d\n[e]\n',
  QUOTES: `"a" 'b' "" '' "`,
  QUOTED: '"a"',
  SINGLE_QUOTED: "'a'",
  BACKSLASH: '\\',
  BACKSLASHES: 'C:\\new\\table\\\\x \\" \\$ \\`',
  BACKSLASH_AND_LINE_END: 'a\\\nb',
  BACKSLASH_AT_THE_END: 'a\\\\\\',
  DOLLARS: '$PLAIN \x24{PLAIN} $$ $(id) `id` $',
  COMMENT: '# a',
  COMMENTS: 'a # b ; c',
  SEMICOLON: '; a',
  PERCENT: '%i %% %n 100%',
  EQUALS: '=a=b==',
  GLOBS: '* ? [a] ~ !x',
  EXCLAMATION: '!!',
  UMLAUTS: 'b\u00fccher \u4e2d\u6587 \ud83e\udd80',
  BEYOND: '\u{10fffd}\ue000',
  MARKS: '\ufeff\u00a0\u0085\u2028\u202e\u200b\ufffd',
  KEY: '-----BEGIN PRIVATE KEY-----\nMIIEvQ+/==\n-----END PRIVATE KEY-----\n',
  JSON: '{"a": "b\\"c", "d": [1, null]}',
  LONGEST: 'x'.repeat(128 * 1024 - 'LONGEST='.length - 1),
  __proto__x: 'a',
  _: 'underscore',
}

/** Prints what it is given, byte by byte, into a file. */
const UNIT = `
[Service]
Type=oneshot
EnvironmentFile=/srv/%i.env
ExecStart=/usr/bin/env -0
StandardOutput=truncate:/srv/%i.out
`
/** What systemd gives to every service. */
const OWN = ['PATH', 'LANG', 'INVOCATION_ID', 'JOURNAL_STREAM', 'SYSTEMD_EXEC_PID']

/** What services get that are started with these files, or undefined for one that does not start. */
async function given(host: Host, files: readonly string[]): Promise<(string[] | undefined)[]> {
  await host.run(['tee', '/etc/systemd/system/given@.service'], { input: UNIT })
  for (const [index, file] of files.entries()) await host.run(['tee', `/srv/e${index}.env`], { input: file })
  const units = files.map((_, index) => `given@e${index}.service`)
  await host.exec(['systemctl', 'start', ...units])
  const results: (string[] | undefined)[] = []
  for (const [index, unit] of units.entries()) {
    const result = await host.run(['systemctl', 'show', '--property=Result', '--value', unit])
    const printed = await host.exec(['base64', '--wrap=0', `/srv/e${index}.out`])
    const all = Buffer.from(printed.stdout, 'base64').toString('latin1').split('\0')
    const isOwn = (line: string) => OWN.includes(line.split('=', 1)[0] ?? '')
    results.push(result.trim() === 'success' ? all.filter((line) => line !== '' && !isOwn(line)).sort() : undefined)
  }
  return results
}

/** The bytes that a service should get. */
function wanted(variables: readonly Variable[]): string[] {
  return variables.map(({ name, value }) => Buffer.from(`${name}=${value}`).toString('latin1')).sort()
}

test('systemd gives a service exactly what was written', async () => {
  await using host = await startHost()
  const evil = Object.entries(EVIL).map(([name, value]) => ({ name, value }))
  const sets = [evil, ...fc.sample(environments, 30)]
  const got = await given(
    host,
    sets.map((set) => writeEnvironmentFile(set, SALT)),
  )
  for (const [index, set] of sets.entries()) expect(got[index]).toEqual(wanted(set))
})

test('what is refused would keep the service from starting, or would not arrive', async () => {
  await using host = await startHost()
  const bad = ['\uffff', '\u{1ffff}', '\ufdd0', 'x'.repeat(128 * 1024 - 'A='.length)]
  for (const value of bad) expect(() => writeEnvironmentFile([{ name: 'A', value }], SALT)).toThrow('`A`')
  const got = await given(
    host,
    bad.map((value) => `A="${value}"\n`),
  )
  expect(got).toEqual(bad.map(() => undefined))
})
