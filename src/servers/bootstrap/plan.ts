import { Refused } from '../../report/ending.ts'

export type ServiceUnit = { name: string; arguments: readonly string[] }

/** All that is to stand on a server before the first release comes. */
export type BootstrapPlan = {
  app: string
  /** The program in every release. */
  bin: string
  /** Who logs in and deploys. */
  deployUser: string
  /** Who the program runs as. It can write no release. */
  serviceUser: string
  units: readonly ServiceUnit[]
  /** With `socket` the port belongs to systemd, which hands it to the first unit. */
  strategy: 'restart' | 'socket'
  port?: number
  /** A path that the first unit answers when it is well. */
  health?: string
  /** Public keys of those who may deploy, as they stand in a `.pub` file. */
  authorize: readonly string[]
  /** What the guard runs, without its first line. */
  guardScript: string
  /** Lines of a unit; the host leaves out what it cannot do. */
  hardening: readonly string[]
}

const NAME = /^[a-z][a-z0-9_-]{0,30}$/
const PROGRAM = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/
const PATH = /^\/[A-Za-z0-9._~/?&=:@!,+-]{0,200}$/
const SETTING = /^[A-Z][A-Za-z]{2,60}=[ -~]{0,400}$/
const PUBLIC_KEY =
  /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com) [A-Za-z0-9+/]{40,4000}={0,3}( [ -~]{0,200})?$/

/** Refuses a plan with every value that would become something else in a unit, in sudoers or in a file of lines. */
export function checkPlan(plan: BootstrapPlan): void {
  const problems = [
    ...namesOf(plan).flatMap(([what, name]) => problemOfName(what, name)),
    ...problemsOfUsers(plan),
    ...problemsOfUnits(plan),
    ...problemsOfPort(plan),
    ...plan.authorize.filter((line) => !PUBLIC_KEY.test(line)).map(problemOfKey),
    ...plan.hardening
      .filter((line) => !SETTING.test(line))
      .map((line) => `${shown(line)} is no setting of a unit: write \`Name=value\` in one line of printable ASCII.`),
  ]
  if (!PROGRAM.test(plan.bin)) {
    problems.push(`${shown(plan.bin)} cannot be the name of the program: use letters, digits, \`.\`, \`_\` and \`-\`.`)
  }
  if (problems.length > 0) throw new Refused(problems)
}

function namesOf(plan: BootstrapPlan): [string, string][] {
  const units = plan.units.map(({ name }): [string, string] => ['a unit', name])
  return [['the app', plan.app], ['the deploy user', plan.deployUser], ['the service user', plan.serviceUser], ...units]
}

function problemOfName(what: string, name: string): string[] {
  if (NAME.test(name)) return []
  return [
    `${shown(name)} cannot be the name of ${what}: use at most 31 lower-case letters, digits, \`_\` and \`-\`, a letter first.`,
  ]
}

function problemsOfUsers({ deployUser, serviceUser }: BootstrapPlan): string[] {
  const problems = []
  if (deployUser === 'root' || serviceUser === 'root') {
    problems.push('Nothing is deployed or run as root: name users of their own.')
  }
  if (deployUser === serviceUser) {
    problems.push(
      `The service would run as \`${serviceUser}\`, who deploys, and could replace its own program: name two users.`,
    )
  }
  return problems
}

function problemsOfUnits({ app, units }: BootstrapPlan): string[] {
  const problems = []
  if (units.length === 0) problems.push('There is no unit: name at least one.')
  const names = units.map(({ name }) => name)
  for (const name of new Set(names.filter((each, at) => names.indexOf(each) !== at))) {
    problems.push(`There are two units \`${name}\`: give each its own name.`)
  }
  for (const name of [`${app}-smoke`, `${app}-migrate`].filter((each) => names.includes(each))) {
    problems.push(`\`${name}\` is the name of a unit that every app has: give yours another.`)
  }
  for (const unit of units) {
    for (const argument of unit.arguments.filter(isUnwritable)) {
      problems.push(
        `The argument ${shown(argument)} of \`${unit.name}\` has a control character in it, which a unit cannot hold: pass it in the environment.`,
      )
    }
  }
  return problems
}

function problemsOfPort({ strategy, port, health }: BootstrapPlan): string[] {
  const problems = []
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65536)) {
    problems.push(`${port} is no port: use a number from 1 to 65535.`)
  }
  if (port === undefined && strategy === 'socket') {
    problems.push('The strategy `socket` needs a port to listen on: set `port`.')
  }
  if (port === undefined && health !== undefined) {
    problems.push('A path is to be asked for health, but no port is known: set `port`.')
  }
  if (health !== undefined && !PATH.test(health)) {
    problems.push(
      `${shown(health)} cannot be asked for health: use a path such as \`/health\`, without blanks or quotes.`,
    )
  }
  return problems
}

function problemOfKey(line: string): string {
  if (line.includes('PRIVATE KEY')) return 'A private key was given where public ones belong: use the `.pub` file.'
  return `${shown(line.slice(0, 60))} is no public key: give the line of a \`.pub\` file, without options before it.`
}

export function isUnwritable(argument: string): boolean {
  return /[\0-\x1f\x7f]/.test(argument) || !argument.isWellFormed() || /\p{Noncharacter_Code_Point}/u.test(argument)
}

function shown(text: string): string {
  return JSON.stringify(text)
}
