import { foreignText } from '../transport/foreign-text.ts'
import type { HostFacts, SudoFacts } from './facts.ts'
import { error, type Problem, type Wanted } from './wanted.ts'

export function judgeSudo({ sudo }: HostFacts, { app, user }: Wanted): Problem[] {
  if (sudo === undefined) {
    const remedy = 'Install it (`apt-get install sudo`), and run `rust-deploy bootstrap` again'
    return [error('sudo-missing', `This host has no sudo, by which ${user} restarts the units. ${remedy}.`)]
  }
  const file = `/etc/sudoers.d/rust-deploy-${app}`
  if (!sudo.answers) return [judgeRefusal(sudo, file, user)]
  const problems: Problem[] = []
  const missing = sudo.lines.filter(({ isAllowed }) => !isAllowed).map(({ line }) => line)
  if (missing.length > 0) {
    const cause = `${user} may not run ${quoted(missing)} as root`
    problems.push(error('sudo-line', `${cause}. ${pasted(file, ruleFor(user, missing))}`))
  }
  const rules = rulesIn(sudo.said)
  const secret = sudo.lines.filter(({ line, isAllowed }) => isAllowed && needsPassword(rules, line))
  if (secret.length > 0) {
    const lines = secret.map(({ line }) => line)
    const cause = `sudo wants a password of ${user} for ${quoted(lines)}`
    problems.push(error('sudo-password', `${cause}. ${pasted(file, ruleFor(user, lines))}`))
  }
  return problems
}

function judgeRefusal({ said }: SudoFacts, file: string, user: string): Problem {
  if (/must have a tty/.test(said)) {
    const cause = `sudo wants a terminal of ${user} (requiretty), and deploys have none`
    return error('sudo-tty', `${cause}. ${pasted(file, `Defaults:${user} !requiretty`)}`)
  }
  if (/password is required/.test(said)) {
    const cause = `sudo wants a password of ${user}: no line of sudoers lets that user run anything without one, or \`listpw\` forbids to look`
    return error('sudo-password', `${cause}. Run \`rust-deploy bootstrap\` again: it writes ${file}.`)
  }
  const cause = `sudo tells ${user} nothing of what may be run: "${foreignText(said)}"`
  return error(
    'sudo-refuses',
    `${cause}. Check ${file} as root with \`visudo -c\`, or run \`rust-deploy bootstrap\` again.`,
  )
}

function ruleFor(user: string, lines: readonly string[]): string {
  return `${user} ALL=(root) NOPASSWD: NOSETENV: ${lines.join(', ')}`
}

function pasted(file: string, line: string): string {
  return `Add this line to ${file} with \`visudo -f ${file}\`, or run \`rust-deploy bootstrap\` again: \`${line}\`.`
}

function quoted(lines: readonly string[]): string {
  return lines.map((line) => `\`${line}\``).join(', ')
}

type Rule = { command: string; isFree: boolean }

/**
 * What stands in sudo's own list, since it answers "allowed" also of what it would want a password for:
 * `    (root) NOSETENV: NOPASSWD: /usr/bin/systemctl start app.service, /usr/bin/systemctl stop app.service`.
 */
function rulesIn(said: string): Rule[] {
  return said.split('\n').flatMap((line) => {
    const [, commands] = /^\s+\((?:root|ALL)\b[^)]*\)\s+(.*)$/.exec(line) ?? []
    let isFree = false
    return (commands ?? '').split(/(?<!\\),\s*/).flatMap((item) => {
      // A tag holds for what comes after it, too.
      const [, tags = '', command = ''] = /^((?:[A-Z_]+:\s*)*)(.*)$/.exec(item) ?? []
      if (/\bNOPASSWD:/.test(tags)) isFree = true
      else if (/\bPASSWD:/.test(tags)) isFree = false
      return command === '' ? [] : [{ command, isFree }]
    })
  })
}

/** The last rule that fits decides. One with a pattern may fit or not: it is left to sudo. */
function needsPassword(rules: readonly Rule[], line: string): boolean {
  const last = rules.findLast(({ command }) => command === line || command === 'ALL' || command === line.split(' ')[0])
  return last?.isFree === false
}
