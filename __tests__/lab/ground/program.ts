import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { type Ownership, type ProcessId, processId } from './owner.ts'

type Start = {
  argv: readonly [string, ...string[]]
  /** The whole environment; nothing is inherited beside it. */
  env: Readonly<Record<string, string | undefined>>
  cwd?: string
  onLine?: (line: string) => void
}

export type Ended = { code: number | null; signal: NodeJS.Signals | null }

/** A program that runs beside the test, in a group of its own, and is written down as owned before anything else happens. */
export class Program {
  readonly id: ProcessId
  /** All that it has written, to stdout and stderr. */
  readonly lines: string[] = []
  /** When it has ended and its last line was read. */
  readonly ended: Promise<Ended>
  readonly #file: string
  readonly #listeners = new Set<(line: string) => void>()

  private constructor(child: ChildProcess, id: ProcessId, { argv, onLine }: Start) {
    this.id = id
    this.#file = argv[0]
    if (onLine !== undefined) this.#listeners.add(onLine)
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.#take(line))
    }
    this.ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })))
  }

  static start(ownership: Ownership, start: Start): Program {
    const [file, ...args] = start.argv
    const child = spawn(file, args, {
      env: start.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(start.cwd !== undefined && { cwd: start.cwd }),
    })
    // A missing program has no id; its error would otherwise end this process.
    child.on('error', () => {})
    const id = child.pid === undefined ? undefined : processId(child.pid)
    if (id === undefined) throw new Error(`${file} could not be started`)
    ownership.holds({ kind: 'process', process: id, group: true })
    return new Program(child, id, start)
  }

  /** What it says when it is ready. Throws, with all it has said, when it ends or takes too long before that. */
  said(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        clearTimeout(timer)
        this.#listeners.delete(look)
        reject(new Error(`${this.#file} ${why}:\n${this.lines.join('\n')}`))
      }
      const look = (line: string) => {
        const match = pattern.exec(line)
        if (match === null) return
        clearTimeout(timer)
        this.#listeners.delete(look)
        resolve(match)
      }
      const timer = setTimeout(() => fail(`did not say ${pattern} within ${timeoutMs} ms`), timeoutMs)
      this.#listeners.add(look)
      for (const line of this.lines) look(line)
      this.ended.then(({ code, signal }) => fail(`ended (${signal ?? code}) without saying ${pattern}`))
    })
  }

  #take(line: string): void {
    this.lines.push(line)
    for (const listener of this.#listeners) listener(line)
  }
}
