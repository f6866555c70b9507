import { expect, test } from 'vitest'
import { Refused } from '../../../src/report/ending.ts'
import { type BootstrapPlan, checkPlan } from '../../../src/servers/bootstrap/plan.ts'
import { KEY, madePlan } from './made-plan.ts'

function problemsOf(more: Partial<BootstrapPlan>, base = madePlan()): readonly string[] {
  try {
    checkPlan({ ...base, ...more })
  } catch (error) {
    if (error instanceof Refused) return error.problems
    throw error
  }
  return []
}

function withoutPort({ port: _, ...rest }: BootstrapPlan): BootstrapPlan {
  return rest
}

test('an ordinary plan has no problem', () => {
  expect(problemsOf({})).toEqual([])
  const { health: _, ...least } = withoutPort(madePlan({ authorize: [], hardening: [] }))
  expect(problemsOf({}, least)).toEqual([])
})

const HOSTILE_NAMES = [
  '',
  'Hello',
  '1st',
  '-x',
  'a.b',
  'a b',
  'a/b',
  '../etc',
  'a\nb',
  'a%n',
  'a@b',
  'a"b',
  "a'b",
  'a\\b',
  'a,b',
  'ALL',
  'a=b',
  '*',
  '#1000',
  '%wheel',
  'é',
  'a'.repeat(32),
]

test.each(HOSTILE_NAMES)('the name %j is refused wherever a name stands', (name) => {
  for (const more of [
    { app: name },
    { deployUser: name },
    { serviceUser: name },
    { units: [{ name, arguments: [] }] },
  ]) {
    expect(problemsOf(more)).toEqual([expect.stringContaining(JSON.stringify(name))])
  }
})

test.each(['', '-x', 'a b', 'a/b', '..', '%n', '$x', 'a\nb'])('the program %j is refused', (bin) => {
  expect(problemsOf({ bin })).toEqual([expect.stringContaining('cannot be the name of the program')])
})

test.each(['a\nb', 'a\rb', 'a\0b', '\x1b[1m', '\ud800', '\ufffe'])('the argument %j is refused', (argument) => {
  expect(problemsOf({ units: [{ name: 'hello', arguments: ['serve', argument] }] })).toEqual([
    expect.stringContaining('pass it in the environment'),
  ])
})

test.each([0, -1, 65536, 1.5, Number.NaN])('the port %j is refused', (port) => {
  expect(problemsOf({ port })).toEqual([expect.stringContaining('is no port')])
})

test.each(['health', '/a b', '/a\nb', '/"', "/'", '/$(id)', '/`', '/\\', '/#', '/*', '/é'])(
  'the path %j is refused',
  (health) => {
    expect(problemsOf({ health })).toEqual([expect.stringContaining('cannot be asked for health')])
  },
)

test.each([
  'PrivateTmp',
  'PrivateTmp=yes\nUser=root',
  '[Service]',
  '# PrivateTmp=yes',
  ' PrivateTmp=yes',
  'PrivateTmp=\x00',
])('the line %j is no hardening', (line) => {
  expect(problemsOf({ hardening: [line] })).toEqual([expect.stringContaining('is no setting of a unit')])
})

test.each([
  '',
  'ssh-ed25519',
  `command="sh" ${KEY}`,
  `${KEY}\n${KEY}`,
  KEY.replace('ssh-ed25519', 'ssh-dss'),
  `@cert-authority ${KEY}`,
  `cert-authority ${KEY}`,
  '# a comment',
])('%j is no public key', (line) => {
  expect(problemsOf({ authorize: [line] })).toEqual([expect.stringContaining('is no public key')])
})

test('a private key is refused without a word of it', () => {
  expect(problemsOf({ authorize: ['-----BEGIN OPENSSH PRIVATE KEY-----secret'] })).toEqual([
    'A private key was given where public ones belong: use the `.pub` file.',
  ])
})

test('users and units that stand in each other’s way are refused, all at once', () => {
  const wrong: Partial<BootstrapPlan> = {
    deployUser: 'root',
    serviceUser: 'root',
    strategy: 'socket',
    units: ['web', 'web', 'hello-smoke', 'hello-migrate'].map((name) => ({ name, arguments: [] })),
  }
  expect(problemsOf(wrong, withoutPort(madePlan()))).toEqual([
    expect.stringContaining('run as root'),
    expect.stringContaining('could replace its own program'),
    expect.stringContaining('two units `web`'),
    expect.stringContaining('`hello-smoke`'),
    expect.stringContaining('`hello-migrate`'),
    expect.stringContaining('`socket` needs a port'),
    expect.stringContaining('no port is known'),
  ])
  expect(problemsOf({ units: [] })).toEqual(['There is no unit: name at least one.'])
})
