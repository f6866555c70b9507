import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { matchFiles, parseFilePatterns } from '../../src/build/files.ts'
import { advance, begin, isComplete, parseGlob } from '../../src/build/glob.ts'
import { Refused } from '../../src/report/ending.ts'
import { removeFolder } from '../remove-folder.ts'

let place = ''
let project = ''

beforeEach(() => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'rust-deploy-files-')))
  project = join(place, 'the [project]')
  write('README.md', 'LICENCE', 'migrations/1.sql', 'migrations/deep/2.sql', 'migrations/note.txt', 'assets/.hidden')
  write('assets/logo.svg', 'target/release/hello', 'target/x.sql', '.git/config.sql', 'vendored/.git', 'src/main.rs')
})

afterEach(() => removeFolder(place))

function write(...names: string[]) {
  for (const name of names) {
    mkdirSync(dirname(join(project, name)), { recursive: true })
    writeFileSync(join(project, name), name)
  }
}

const match = (patterns: readonly string[], signal = new AbortController().signal) =>
  matchFiles({ patterns, directory: project, targetDirectory: join(project, 'target'), signal })

const namesOf = async (...patterns: string[]) => (await match(patterns)).map(({ name }) => name)

test.each<[string[], string[]]>([
  [['README.md'], ['README.md']],
  [['./README.md', '*.md'], ['README.md']],
  [['migrations/*.sql'], ['migrations/1.sql']],
  [['migrations/**/*.sql'], ['migrations/1.sql', 'migrations/deep/2.sql']],
  [['migrations/'], ['migrations/1.sql', 'migrations/deep/2.sql', 'migrations/note.txt']],
  [
    ['migrations/**', '!**/*.txt'],
    ['migrations/1.sql', 'migrations/deep/2.sql'],
  ],
  [
    ['!migrations/deep', 'migrations'],
    ['migrations/1.sql', 'migrations/note.txt'],
  ],
  [['**/*.sql'], ['migrations/1.sql', 'migrations/deep/2.sql']],
  [['assets'], ['assets/.hidden', 'assets/logo.svg']],
  [['[L-R]*'], ['LICENCE', 'README.md']],
  [['[!R]*E'], ['LICENCE']],
  [['?igrations/?.sql'], ['migrations/1.sql']],
  [[], []],
])('%j matches %j', async (patterns, names) => {
  expect(await namesOf(...patterns)).toEqual(names)
})

test('everything means everything but target and .git', async () => {
  const names = await namesOf('**')
  expect(names).toContain('src/main.rs')
  expect(names.filter((name) => /target|\.git/.test(name))).toEqual([])
})

test('a file is told with its true path, and may be executed if its owner may', async () => {
  writeFileSync(join(project, 'run.sh'), '')
  chmodSync(join(project, 'run.sh'), 0o700)
  symlinkSync('../README.md', join(project, 'assets/readme'))
  symlinkSync('../migrations', join(project, 'assets/sql'))
  expect(await match(['run.sh', 'assets/readme', 'assets/sql/*.sql'])).toEqual(
    [
      { path: join(project, 'migrations/1.sql'), name: 'assets/sql/1.sql', mode: 0o644 },
      { path: join(project, 'README.md'), name: 'assets/readme', mode: 0o644 },
      { path: join(project, 'run.sh'), name: 'run.sh', mode: 0o755 },
    ].sort((one, other) => (one.name < other.name ? -1 : 1)),
  )
})

test('folders that contain themselves come to an end', async () => {
  symlinkSync('..', join(project, 'assets/up'))
  symlinkSync('.', join(project, 'assets/self'))
  expect(await namesOf('**/*.svg')).toEqual(['assets/logo.svg'])
})

// Other systems do not have all of these names.
test.skipIf(process.platform !== 'linux').each([
  [
    'a link to a file outside',
    'assets/**',
    () => symlinkSync('/etc/passwd', join(project, 'assets/users')),
    '"assets/users", a link that leads out of the project',
  ],
  [
    'a link to a folder outside',
    '**/*.sql',
    () => symlinkSync(place, join(project, 'assets/out')),
    'or add `!assets/out`',
  ],
  [
    'a link to nowhere',
    'assets/*',
    () => symlinkSync('gone', join(project, 'assets/gone')),
    'a link that leads nowhere',
  ],
  ['a pipe', 'assets/*', () => execFileSync('mkfifo', [join(project, 'assets/pipe')]), 'no ordinary file'],
  [
    'names that differ in case',
    '*',
    () => write('readme.MD'),
    '"README.md" and "readme.MD", which are one file where case does not matter',
  ],
  [
    'a name that is no UTF-8',
    'assets/*',
    () => writeFileSync(Buffer.concat([Buffer.from(join(project, 'assets/')), Buffer.from([0xff, 0xfe])]), ''),
    'no valid UTF-8',
  ],
])('refused: %s', async (_, pattern, make, message) => {
  make()
  await expect(match([pattern])).rejects.toThrow(Refused)
  await expect(match([pattern])).rejects.toThrow(message)
})

test('what no pattern reaches may be as it likes', async () => {
  symlinkSync('/etc/passwd', join(project, 'users'))
  symlinkSync('gone', join(project, 'gone'))
  symlinkSync(place, join(project, 'out'))
  execFileSync('mkfifo', [join(project, 'pipe')])
  expect(await namesOf('**/*.svg', '!out')).toEqual(['assets/logo.svg'])
  expect(await namesOf('assets/*.svg')).toEqual(['assets/logo.svg'])
})

test('every pattern that matches nothing is named', async () => {
  const refused = await match(['README.md', '*.{sql,md}', 'target/**', '.git', 'nothing/\n::error::']).catch(
    (error) => error,
  )
  expect(refused).toBeInstanceOf(Refused)
  expect(refused.problems).toEqual([
    expect.stringContaining('the pattern "*.{sql,md}", and no file matches it: patterns know'),
    expect.stringContaining('the pattern "target/**"'),
    expect.stringContaining('the pattern ".git"'),
    expect.stringContaining(String.raw`the pattern "nothing/\n::error::"`),
  ])
  await expect(match(['assets', '!assets/*'])).rejects.toThrow('the pattern "assets"')
})

test('wrong patterns are refused all at once, without a look at the disk', () => {
  const patterns = ['/etc/passwd', '~/x', 'C:\\x', '../x', 'a/../../b', 'a\\b', './', '!../x', 'fine']
  const refused = () => parseFilePatterns(patterns)
  expect(refused).toThrow(Refused)
  for (const pattern of patterns.slice(0, -1)) expect(refused).toThrow(JSON.stringify(pattern.replace(/^!/, '')))
  expect(refused).not.toThrow('"fine"')
  expect(() => parseFilePatterns(['!a'])).toThrow('only takes away')
})

test('a cargo folder elsewhere in the project is left out too, and a stop is heard', async () => {
  const options = { patterns: ['**'], directory: project, signal: new AbortController().signal }
  const found = await matchFiles({ ...options, targetDirectory: join(project, 'migrations/deep') })
  expect(found.map(({ name }) => name)).not.toContain('migrations/deep/2.sql')
  expect(found.map(({ name }) => name)).toContain('target/x.sql')
  expect(await matchFiles({ ...options, targetDirectory: place })).toContainEqual(
    expect.objectContaining({ name: 'src/main.rs' }),
  )
  await expect(match(['**'], AbortSignal.abort())).rejects.toThrow('was stopped')
})

test('a pattern of names without wildcards matches that path and no other, and none takes long', () => {
  const name = fc.stringMatching(/^[^/\\*?[\]!~:]{1,12}$/).filter((text) => text !== '.' && text !== '..')
  const reach = (pattern: string, path: readonly string[]) => {
    const glob = parseGlob(pattern)
    return isComplete(
      glob,
      path.reduce((reached, each) => advance(glob, reached, each), begin(glob)),
    )
  }
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), fc.array(name, { maxLength: 5 }), (path, other) => {
      expect(reach(path.join('/'), path)).toBe(true)
      expect(reach(path.join('/'), [...path, ...other])).toBe(true)
      expect(reach(`**/${path.at(-1)}`, path)).toBe(true)
      expect(reach(path.join('/'), other)).toBe(path.every((each, index) => each === other[index]))
    }),
  )
  expect(reach(`${'*a'.repeat(100)}b`, ['a'.repeat(255)])).toBe(false)
  expect(
    reach(
      `${'**/a/'.repeat(30)}b`,
      Array.from({ length: 500 }, () => 'a'),
    ),
  ).toBe(false)
})
