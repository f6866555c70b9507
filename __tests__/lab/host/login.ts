import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../ground/command.ts'
import type { Host } from './host.ts'

export type Login = {
  /** The ordinary ssh client as a command line; what is added to it runs in the host's shell. */
  ssh: readonly [string, ...string[]]
  privateKey: string
  publicKey: string
  knownHosts: string
}

export type LoginOptions = {
  user?: string
  /** Where to connect instead: a relay, say. The host key is pinned for that address. */
  via?: { address: string; port: number }
}

/** A new key that may log in, and the host's key pinned. The files are the host's and go with it. */
export async function sshLogin(host: Host, { user = 'root', via }: LoginOptions = {}): Promise<Login> {
  const { address, port } = via ?? { address: host.address, port: host.sshPort }
  const folder = mkdtempSync(join(host.folder, 'login-'))
  const privateKey = join(folder, 'key')
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'lab', '-f', privateKey])
  const publicKey = readFileSync(`${privateKey}.pub`, 'utf8').trim()
  await host.authorize(user, publicKey)
  const knownHosts = join(folder, 'known_hosts')
  writeFileSync(knownHosts, `${port === 22 ? address : `[${address}]:${port}`} ${host.hostKey}\n`)
  // Nothing of the person's own configuration, agent or known hosts takes part.
  const options = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'StrictHostKeyChecking=yes',
    // ssh takes the value apart at spaces.
    `UserKnownHostsFile="${knownHosts}"`,
    'GlobalKnownHostsFile=none',
  ].flatMap((option) => ['-o', option])
  const ssh = ['ssh', '-F', 'none', '-i', privateKey, ...options, '-p', String(port), `${user}@${address}`] as const
  return { ssh, privateKey, publicKey, knownHosts }
}
