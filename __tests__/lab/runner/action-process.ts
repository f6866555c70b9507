import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { RunnerLines } from './lines.ts'
import type { Stream } from './step-log.ts'

export type Times = {
  /** After SIGINT, in milliseconds. */
  interrupt: number
  /** After SIGTERM; then comes SIGKILL. */
  terminate: number
  /** How long a child that keeps the pipes open may hold up a step whose own process has ended. */
  drain: number
}

export const RUNNER_TIMES: Times = { interrupt: 7500, terminate: 2500, drain: 5000 }

export type Ending =
  | { kind: 'exited'; code: number }
  | { kind: 'killed'; signal: NodeJS.Signals }
  | { kind: 'unstartable'; cause: Error }

export type Start = {
  node: string
  script: string
  cwd: string
  env: Readonly<Record<string, string>>
  times: Times
  onLine: (line: string, stream: Stream) => void
}

/** The process of one phase of a step, with pipes for its output and nothing to read. */
export class ActionProcess {
  readonly ended: Promise<Ending>
  readonly #child: ChildProcess
  readonly #times: Times

  constructor({ node, script, cwd, env, times, onLine }: Start) {
    const child = spawn(node, [script], { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child = child
    this.#times = times
    const stdout = new RunnerLines((line) => onLine(line, 'stdout'))
    const stderr = new RunnerLines((line) => onLine(line, 'stderr'))
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.stdin.on('error', () => {})
    child.stdin.end()
    this.ended = new Promise((resolve) => {
      child.once('error', (cause) => {
        if (child.pid === undefined) resolve({ kind: 'unstartable', cause })
      })
      child.once('exit', (code, signal) => {
        const drained = setTimeout(() => {
          child.stdout.destroy()
          child.stderr.destroy()
        }, times.drain)
        child.once('close', () => {
          clearTimeout(drained)
          stdout.end()
          stderr.end()
          resolve(signal === null ? { kind: 'exited', code: code ?? 0 } : { kind: 'killed', signal })
        })
      })
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Asks, asks again, then ends it. Only this one process is signalled, never its children. */
  async cancel(): Promise<void> {
    if (this.#child.kill('SIGINT') && (await this.#endsWithin(this.#times.interrupt))) return
    if (this.#child.kill('SIGTERM') && (await this.#endsWithin(this.#times.terminate))) return
    this.kill()
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  async #endsWithin(milliseconds: number): Promise<boolean> {
    const patience = new AbortController()
    const ended = this.ended.then(() => true)
    const late = sleep(milliseconds, false, { signal: patience.signal }).catch(() => false)
    return Promise.race([ended, late]).finally(() => patience.abort())
  }
}
