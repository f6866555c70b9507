import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from '../ground/cached.ts'
import { run } from '../ground/command.ts'
import { goProgram, whyNoGo } from './go.ts'

const ACT = 'github.com/nektos/act@v0.2.89'

export function whyNoAct(): string | undefined {
  return process.platform === 'linux' ? whyNoGo() : `it needs Linux, and this is ${process.platform}`
}

/** nektos/act, which runs workflows on this machine: compiled once, kept, and nothing of the making left. */
export async function actProgram(): Promise<string> {
  const folder = await cached('act', ACT, async (folder) => {
    const making = join(folder, 'making')
    mkdirSync(making)
    const env = {
      ...process.env,
      GOPATH: making,
      GOMODCACHE: join(making, 'modules'),
      GOCACHE: join(making, 'cache'),
      GOBIN: folder,
      GOTOOLCHAIN: 'local',
      // Otherwise the modules are read-only and cannot be removed.
      GOFLAGS: '-modcacherw',
      // Needs no C compiler then.
      CGO_ENABLED: '0',
    }
    const go = await goProgram(env)
    await run([go, 'install', '-trimpath', '-ldflags=-s -w', ACT], { cwd: making, env, timeoutMs: 540_000 })
    rmSync(making, { recursive: true })
  })
  return join(folder, 'act')
}
