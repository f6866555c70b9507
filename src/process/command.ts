import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { OutputLines } from './lines.ts'

/** A program and its arguments as data. There is no shell anywhere on the way to it. */
export type Command = {
  file: string
  args: readonly string[]
  cwd?: string
  /** The whole environment of the child; nothing is inherited beside it. */
  env: Readonly<Record<string, string | undefined>>
  input?: string | Uint8Array
  /** Aborting ends the child and everything it started. */
  signal?: AbortSignal
  onLine?: (line: string, stream: 'stdout' | 'stderr') => void
}

/** How a child ended. Only `exited` says anything about its work; the caller must look at the code. */
export type Outcome =
  | { kind: 'exited'; code: number; stdout: string; stderr: string }
  | { kind: 'killed'; signal: NodeJS.Signals; stdout: string; stderr: string }
  | { kind: 'cancelled'; stdout: string; stderr: string }
  | { kind: 'missing'; file: string }
  | { kind: 'unstartable'; file: string; cause: Error }

/** A cancelled child has this long to end by itself before it is killed; the whole run has 5 seconds. */
const GRACE_MS = 2000
/** A grandchild that keeps our pipe open must not hold us after the child itself has ended. */
const DRAIN_MS = 1000

export function runCommand(command: Command): Promise<Outcome> {
  const { file, signal } = command
  if (signal?.aborted) return Promise.resolve({ kind: 'cancelled', stdout: '', stderr: '' })

  return new Promise((resolve) => {
    const child = start(command)
    if (child instanceof Error) return resolve({ kind: 'unstartable', file, cause: child })
    const stdout = new OutputLines((line) => command.onLine?.(line, 'stdout'))
    const stderr = new OutputLines((line) => command.onLine?.(line, 'stderr'))
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    // A child that ends without reading its input makes this pipe fail; its exit code tells the story.
    child.stdin.on('error', () => {})
    child.stdin.end(command.input ?? '')

    let ending: Promise<void> | undefined
    const cancel = () => {
      ending = endGroup(child)
    }
    signal?.addEventListener('abort', cancel, { once: true })

    const settle = (outcome: () => Outcome) => {
      signal?.removeEventListener('abort', cancel)
      stdout.end()
      stderr.end()
      resolve(outcome())
    }

    child.once('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return
      // A missing working directory is reported as ENOENT too, and then it is not the program that is missing.
      const missing = error.code === 'ENOENT' && (command.cwd === undefined || existsSync(command.cwd))
      settle(() => (missing ? { kind: 'missing', file } : { kind: 'unstartable', file, cause: error }))
    })

    child.once('exit', (code, killedBy) => {
      const drained = setTimeout(() => {
        child.stdout.destroy()
        child.stderr.destroy()
      }, DRAIN_MS)
      child.once('close', async () => {
        clearTimeout(drained)
        // The child itself may be gone while something that it started has not listened.
        await ending
        // One that was killed from outside leaves what it had started to nobody.
        if (killedBy !== null) signalGroup(child, 'SIGKILL')
        settle(() => {
          const said = { stdout: stdout.text, stderr: stderr.text }
          if (signal?.aborted) return { kind: 'cancelled', ...said }
          if (killedBy !== null) return { kind: 'killed', signal: killedBy, ...said }
          return { kind: 'exited', code: code ?? 0, ...said }
        })
      })
    })
  })
}

function start({ file, args, cwd, env }: Command): ChildProcessWithoutNullStreams | Error {
  try {
    return spawn(file, args, {
      cwd,
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own, so that cancelling reaches the compilers and linkers that cargo starts.
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
  } catch (error) {
    // Too long a list of arguments, or one with a zero byte in it, is refused before there is a child.
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** Asks the whole group to end, and ends what is left of it after its grace. */
async function endGroup(child: ChildProcess): Promise<void> {
  signalGroup(child, 'SIGTERM')
  for (let waited = 0; waited < GRACE_MS && groupLives(child); waited += 20) await sleep(20)
  signalGroup(child, 'SIGKILL')
}

function groupLives({ pid, exitCode, signalCode }: ChildProcess): boolean {
  if (pid === undefined) return false
  // Windows has no groups: there the child stands for all.
  if (process.platform === 'win32') return exitCode === null && signalCode === null
  try {
    process.kill(-pid, 0)
    return true
  } catch {
    return false
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') {
      // Windows has no groups and no SIGTERM: taskkill walks the tree of children.
      spawn('taskkill', ['/pid', String(child.pid), '/T', '/F'], { windowsHide: true }).on('error', () => child.kill())
    } else {
      process.kill(-child.pid, signal)
    }
  } catch {
    // Gone already, which is what was wanted.
  }
}
