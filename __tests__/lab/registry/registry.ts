import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runningFolder } from '../ground/folders.ts'
import { Ownership } from '../ground/owner.ts'
import { debianPackages, whyNoDebianRoot } from '../ground/packages.ts'
import { Program } from '../ground/program.ts'
import { giveBack, sweep } from '../ground/release.ts'
import { unpackedPackages } from '../ground/unpacked.ts'
import { htpasswdLine } from './htpasswd.ts'

export type RegistryOptions = {
  /** Who may read and write: everybody (the default), or who knows the password. */
  auth?: 'none' | 'htpasswd'
}

export type Registry = AsyncDisposable & {
  /** As it stands before the first slash of a reference: 127.0.0.1 and a port. It speaks plain HTTP. */
  host: string
  url: string
  /** Both are empty in an open registry. */
  username: string
  password: string
  /** All that it has said so far, with one line for each request. */
  log: readonly string[]
}

/** The registry, and skopeo to look into it and to judge what others push. */
export async function prepareRegistry(): Promise<string> {
  await debianPackages('skopeo')
  return join(await unpackedPackages('docker-registry'), 'usr/bin/docker-registry')
}

export const whyNoRegistry = whyNoDebianRoot

/** Debian's docker-registry on a free port of loopback, with a storage of its own. */
export async function startRegistry({ auth = 'none' }: RegistryOptions = {}): Promise<Registry> {
  await sweep()
  const file = await prepareRegistry()
  const ownership = new Ownership('registry')
  try {
    const folder = join(runningFolder(), ownership.id)
    ownership.holds({ kind: 'folder', path: folder })
    mkdirSync(folder, { mode: 0o700 })

    const [username, password] = auth === 'none' ? ['', ''] : ['robot', randomBytes(12).toString('base64url')]
    const passwords = join(folder, 'htpasswd')
    if (auth === 'htpasswd') writeFileSync(passwords, await htpasswdLine(username, password), { mode: 0o600 })
    const config = join(folder, 'config.yml')
    // JSON is YAML too.
    writeFileSync(config, JSON.stringify(configuration(folder, auth === 'htpasswd' ? passwords : undefined)))

    // It would take its own settings from the environment as well.
    const program = Program.start(ownership, { argv: [file, 'serve', config], env: {}, cwd: folder })
    const [, host = ''] = await program.said(/listening on ([\d.]+:\d+)/, 30_000)
    return {
      host,
      url: `http://${host}`,
      username,
      password,
      log: program.lines,
      [Symbol.asyncDispose]: () => ownership.release(giveBack),
    }
  } catch (error) {
    await ownership.release(giveBack)
    throw error
  }
}

function configuration(folder: string, passwords: string | undefined): unknown {
  return {
    version: 0.1,
    log: { level: 'info' },
    storage: { filesystem: { rootdirectory: join(folder, 'storage') }, delete: { enabled: true } },
    // Port 0: the kernel gives a free one, so two registries can never want the same.
    http: { addr: '127.0.0.1:0', secret: randomBytes(16).toString('hex') },
    ...(passwords !== undefined && { auth: { htpasswd: { realm: 'lab', path: passwords } } }),
  }
}
