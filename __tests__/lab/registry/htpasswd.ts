import { randomBytes } from 'node:crypto'
import { run } from '../ground/command.ts'

/** The registry takes bcrypt only. Node has none, but Debian's C library has, and every Debian has perl to ask it. */
const PERL = 'print crypt(scalar(<STDIN>), $ARGV[0])'
/** The least that bcrypt allows: each request checks the password again. */
const COST = '05'

export async function htpasswdLine(username: string, password: string): Promise<string> {
  // 22 characters of its own base64; the last one carries two bits only.
  const salt = randomBytes(16).toString('base64').replaceAll('+', '.').slice(0, 21)
  return `${username}:${await run(['perl', '-e', PERL, `$2y$${COST}$${salt}u`], { input: password })}\n`
}
