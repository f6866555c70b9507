import { createHash } from 'node:crypto'
import { Refused } from '../../report/ending.ts'
import type { Variable } from './dotenv.ts'

const MARK = '# rust-deploy, do not change. Salt: '
const SALT = /^[0-9a-f]{32}$/

/**
 * The file that systemd reads (`EnvironmentFile=`), written so that it reads back exactly the same values. A shell and
 * our own reader read them too.
 *
 * Its first line is a salt, 16 random bytes as hexadecimal digits. The digest of the file stands where every user of the
 * server can read it; without a salt, which stands only here, short secrets could be guessed from that.
 */
export function writeEnvironmentFile(variables: readonly Variable[], salt: string): string {
  if (!SALT.test(salt)) throw new Error('the salt of an environment has 32 hexadecimal digits')
  const problems = untakeableBySystemd(variables)
  if (problems.length > 0) throw new Refused(problems)
  const lines = [...variables]
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, value }) => `${name}="${value.replaceAll(/["\\$`]/g, '\\$&')}"\n`)
  return `${MARK}${salt}\n${lines.join('')}`
}

/** From the first line of such a file. */
export function saltIn(firstLine: string): string | undefined {
  const line = firstLine.trimEnd()
  const salt = line.startsWith(MARK) ? line.slice(MARK.length) : ''
  return SALT.test(salt) ? salt : undefined
}

export function digestOfEnvironment(file: string): string {
  return createHash('sha256').update(file).digest('hex')
}

/** Whether a server has this environment already, of which its salt and the digest of its file are known. */
export function isSameEnvironment(variables: readonly Variable[], known: { salt: string; digest: string }): boolean {
  return digestOfEnvironment(writeEnvironmentFile(variables, known.salt)) === known.digest
}

/** Linux starts no program with a longer `NAME=value`, its end included. */
const LONGEST_VARIABLE = 128 * 1024 - 1
/** Half of what Linux takes in all by default, arguments and bookkeeping included. */
const MOST_BYTES = 1024 * 1024

/** What would not arrive, or would keep the service from starting, by name. */
export function untakeableBySystemd(variables: readonly Variable[]): string[] {
  const problems = variables.flatMap(({ name, value }) => {
    const why = whyUntakeable(name, value)
    return why === undefined ? [] : [`The value of \`${name}\` ${why}`]
  })
  const bytes = variables.reduce((sum, { name, value }) => sum + bytesOf(name, value) + 1, 0)
  if (bytes > MOST_BYTES) {
    problems.push(
      'The environment of the service has more than 1 MiB, with which no program may start: let the service read the largest of it from a file.',
    )
  }
  return problems
}

function whyUntakeable(name: string, value: string): string | undefined {
  if (/[\0-\x08\x0b-\x1f\x7f]/.test(value)) {
    return 'has a control character in it, and systemd before version 248 drops such a value: encode it, in base64 for example, and let the service decode it.'
  }
  // systemd takes the whole file for damaged then, and does not start the service.
  if (!value.isWellFormed() || /\p{Noncharacter_Code_Point}/u.test(value)) {
    return 'has a character in it that is none in Unicode, and systemd does not read it: encode it, in base64 for example, and let the service decode it.'
  }
  if (bytesOf(name, value) > LONGEST_VARIABLE) {
    return 'is longer than Linux takes (128 KiB): let the service read it from a file.'
  }
  return undefined
}

function bytesOf(name: string, value: string): number {
  return Buffer.byteLength(name) + 1 + Buffer.byteLength(value)
}
