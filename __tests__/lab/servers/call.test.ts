import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { EventReader, type HostEvent } from '../../../src/servers/protocol/events.ts'
import { COMMAND } from '../../../src/servers/protocol/loader.ts'
import { headOf, type Parameters } from '../../../src/servers/protocol/stdin.ts'
import { removeFolder } from '../../remove-folder.ts'
import { need } from '../ground/need.ts'
import { debianPackages, whyNoDebianRoot } from '../ground/packages.ts'

beforeEach((context) => need(context, 'shells', whyNoDebianRoot()))
beforeAll(async () => {
  if (whyNoDebianRoot() === undefined) await debianPackages('busybox', 'dash', 'fish', 'ksh93u+m', 'tcsh', 'zsh')
})

const MARK = '0123456789abcdef'
const home = mkdtempSync(join(tmpdir(), 'rust-deploy-shells-'))
afterAll(() => removeFolder(home))
const LIBRARY = ['call', 'world']
  .map((name) => readFileSync(join(import.meta.dirname, `../../../src/servers/host/${name}.sh`), 'utf8'))
  .join('\n')

type Call = { shell?: readonly string[]; command?: string; parameters?: Parameters; payload?: string }

/** As sshd runs a command: by the login shell of the user, with the call on its standard input. */
function call(script: string, { shell = ['/bin/sh'], command = COMMAND, parameters = {}, payload = '' }: Call = {}) {
  const events: HostEvent[] = []
  const reader = new EventReader(MARK, (event) => events.push(event))
  const [program = '', ...args] = shell
  const input = headOf(LIBRARY + script, { mark: MARK, app: 'hello', ...parameters }) + payload
  // Nobody promises a script any environment. bash reads its owner's profile, if it takes its input for a network's.
  const { status, stdout, stderr } = spawnSync(program, [...args, '-c', command], { input, env: { HOME: home } })
  reader.take(stdout)
  reader.end()
  return { status, events, said: reader.said, stderr: stderr.toString() }
}

const END = { event: 'end' }
const VALUES = { plain: 'a=b', hostile: `'; touch /x; "$(id)" \`id\` \\n !! $HOME *`, blank: ' a  b ', empty: '' }

test.each(['sh', 'bash', 'dash', 'zsh', 'fish', 'csh', 'ksh'])(
  'a login shell %s passes everything on to the letter',
  (shell) => {
    const script =
      'event got plain "$p_plain" hostile "$p_hostile" blank "$p_blank" empty "$p_empty"\nevent payload text "$(cat)"\nfinish\n'
    const payload = 'first\n#rust-deploy-parameters\n\n"last" \\ $x'
    const got = call(script, { shell: [shell], parameters: VALUES, payload })
    expect(got).toEqual({
      status: 0,
      events: [{ event: 'got', ...VALUES }, { event: 'payload', text: payload }, END],
      said: '',
      stderr: '',
    })
  },
)

/** /bin/sh of other systems. */
const SHELLS = [['dash'], ['bash', '--posix'], ['busybox', 'sh'], ['ksh']]

test.each(SHELLS)('whatever text is told comes as it is, by %s', (...shell) => {
  const command = COMMAND.replace('/bin/sh', shell.join(' '))
  const character = fc.oneof(
    fc.constantFrom('"', '\\', '\t', "'", '$', '`', '%', 'ü', '😀', ' '),
    fc.string({ maxLength: 1 }),
  )
  const text = fc
    .string({ unit: character, maxLength: 40 })
    .map((each) => each.replace(/[\x00-\x08\x0a-\x1f\x7f]/g, ''))
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), (values) => {
      const parameters = Object.fromEntries(values.map((value, index) => [`v${index}`, value]))
      const script = values.map((_, index) => `event told value "$p_v${index}"\n`).join('')
      const { events } = call(`${script}finish\n`, { command, parameters })
      expect(events).toEqual([...values.map((value) => ({ event: 'told', value })), END])
    }),
    { numRuns: 15 },
  )
})

test.each(SHELLS)('lines stay lines, and what nobody can read is left out, by %s', (...shell) => {
  const command = COMMAND.replace('/bin/sh', shell.join(' '))
  const script = `event told text "$(printf 'one\\ntwo\\r\\tthree\\001\\033[2J\\177')"\nfinish\n`
  expect(call(script, { command }).events).toEqual([{ event: 'told', text: 'one\ntwo\tthree[2J' }, END])
})

test('what a profile prints without a line end hides no event', () => {
  expect(call('printf "no end"\nevent a\nfinish\n')).toMatchObject({ events: [{ event: 'a' }, END], said: 'no end\n' })
})

test('input that ends before the script is whole runs nothing of it', () => {
  const { status, stdout } = spawnSync('/bin/sh', ['-c', COMMAND], { input: 'echo ran\n' })
  expect([status, stdout.toString()]).toEqual([65, ''])
})

test('a name that is none ends the script, and no value is ever a command', () => {
  const { status, stdout } = spawnSync('/bin/sh', ['-c', COMMAND], {
    input: `${LIBRARY}echo ran\n#rust-deploy-parameters\na;id=1\n\n`,
  })
  expect([status, stdout.toString()]).toEqual([64, ''])
  expect(() => headOf('', { a: 'x\ny' })).toThrow('several lines')
  expect(() => headOf('', { 'a;b': '' })).toThrow('no name')
})

test('a script whose reader is gone goes on to its end', () => {
  const script = 'sleep 0.3\nevent a\nevent b\necho done >&2\nfinish\n'
  const input = headOf(LIBRARY + script, { mark: MARK, app: 'hello' })
  const shell = 'sh -c "$1" 2>"$2" | :; cat "$2"; rm "$2"'
  const { stdout } = spawnSync('bash', ['-c', shell, 'bash', COMMAND, `/tmp/rust-deploy-call-${process.pid}`], {
    input,
  })
  expect(stdout.toString()).toContain('done')
})
