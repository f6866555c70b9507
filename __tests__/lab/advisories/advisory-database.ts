import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeFolder } from '../../remove-folder.ts'
import { startGitServer } from '../git/git-server.ts'
import { type Advisory, advisoryFile } from './advisory.ts'
import { localCertificate } from './certificate.ts'

export type AdvisoryDatabase = AsyncDisposable & {
  /** A checkout of it, as `database.path` in audit.toml wants it. */
  folder: string
  /** Where it is served. cargo-audit accepts https and nothing else. */
  url: string
  /** For the programs that are to trust that server. */
  environment: Readonly<Record<string, string>>
  /** How many requests came. */
  asked(): number
  publish(...advisories: readonly Advisory[]): void
  /** Nobody has changed it for years. */
  abandon(): void
  answer(how: Answer): void
}

/** How its server answers from now on. `half` tells what there is, and then never sends it. */
export type Answer = 'well' | 'half' | 'never' | 'with an error'

const TOKEN = 'the front knows it'

/** A database in RustSec's own form, in a git repository that a real git server serves over https. */
export async function madeAdvisoryDatabase(...advisories: readonly Advisory[]): Promise<AdvisoryDatabase> {
  const root = mkdtempSync(join(tmpdir(), 'rust-deploy-advisories-'))
  const folder = join(root, 'advisory-db')
  mkdirSync(join(folder, 'crates'), { recursive: true })
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, env: GIT_ENVIRONMENT })
  // Git keeps no empty folder, and a database without this one is none.
  writeFileSync(join(folder, 'crates', '.gitkeep'), '')
  git('init', '--quiet', '--initial-branch=main')
  const publish = (...more: readonly Advisory[]) => {
    for (const advisory of more) {
      const place = join(folder, 'crates', advisory.package)
      mkdirSync(place, { recursive: true })
      writeFileSync(join(place, `${advisory.id}.md`), advisoryFile(advisory))
    }
    git('add', '--all')
    git('commit', '--quiet', '--allow-empty', '--message', 'advisories')
  }
  publish(...advisories)
  const abandon = () => {
    const env = { ...GIT_ENVIRONMENT, GIT_COMMITTER_DATE: '2020-01-01T00:00:00Z' }
    execFileSync('git', ['commit', '--quiet', '--amend', '--no-edit'], { cwd: folder, env })
  }

  const certificate = await localCertificate(root)
  const behind = await startGitServer({ root, token: TOKEN })
  let how: Answer = 'well'
  let asked = 0
  // Git posts twice: for the list of branches, and for what they hold.
  let posts = 0
  const front = createServer(certificate, (incoming, outgoing) => {
    asked += 1
    if (incoming.method === 'POST') posts += 1
    if (how === 'never' || (how === 'half' && posts > 1)) return
    if (how === 'with an error') {
      outgoing.writeHead(503).end()
      return
    }
    const { url = '/', method, headers } = incoming
    const authorization = `Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString('base64')}`
    const onward = request(new URL(url, behind.url), { method, headers: { ...headers, authorization } }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))

  return {
    folder,
    url: `https://localhost:${(front.address() as AddressInfo).port}/advisory-db`,
    environment: certificate.environment,
    asked: () => asked,
    publish,
    abandon,
    answer: (next) => {
      how = next
      posts = 0
    },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => front.close(() => resolve()))
      front.closeAllConnections()
      await closed
      await behind[Symbol.asyncDispose]()
      removeFolder(root)
    },
  }
}

/** The machine's own configuration of git must not decide how a test ends. */
const GIT_ENVIRONMENT = {
  PATH: process.env['PATH'],
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'test',
  GIT_AUTHOR_EMAIL: 'test@localhost',
  GIT_COMMITTER_NAME: 'test',
  GIT_COMMITTER_EMAIL: 'test@localhost',
}
