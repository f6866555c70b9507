import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import type { Server } from 'node:net'
import { parseRecord, textOf } from '../../../src/json/narrow.ts'
import { OutputLines } from '../../../src/process/lines.ts'
import { Ownership, processId } from '../../lab/ground/owner.ts'
import { giveBack, sweep } from '../../lab/ground/release.ts'

export type LogLine = { message: string; fields: Record<string, unknown> }

export type End = { code: number | null; signal: NodeJS.Signals | null }

export type Start = {
  env: Record<string, string>
  /** Passed as descriptor 3. Closed here as soon as the child has it, so that only the child accepts from it. */
  passed?: Server
}

/** The example as a running process, seen only from outside. Every line that it logs has to be JSON. */
export class Service implements AsyncDisposable {
  static async start(binary: string, { env, passed }: Start): Promise<Service> {
    await sweep()
    // Nothing of ours but the PATH: what the tests' own environment holds must not configure it.
    const options = { env: { PATH: process.env['PATH'], ...env } }
    // A program is passed a socket under its own process id: a shell knows it, and then becomes the program.
    const argv: [string, string[]] = passed === undefined ? [binary, []] : ['sh', ['-c', BECOME, binary]]
    const child = spawn(...argv, { ...options, stdio: ['ignore', 'pipe', 'pipe', ...descriptor(passed)] })
    const service = new Service(child)
    await once(child, 'spawn')
    passed?.close()
    return service
  }

  readonly lines: LogLine[] = []
  readonly ended: Promise<End>
  stderr = ''
  readonly #child: ChildProcess
  readonly #ownership = new Ownership('hello')
  readonly #changes = new EventEmitter()
  #isOver = false

  private constructor(child: ChildProcess) {
    this.#child = child
    const process = child.pid === undefined ? undefined : processId(child.pid)
    if (process !== undefined) this.#ownership.holds({ kind: 'process', process, group: false })
    const lines = new OutputLines((line) => this.#take(line))
    child.stdout?.on('data', (chunk: Buffer) => lines.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString()
    })
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        lines.end()
        this.#isOver = true
        this.#changes.emit('change')
        resolve({ code, signal })
      })
    })
  }

  /** The first line with this message, as soon as it is there. */
  async line(message: string): Promise<LogLine> {
    for (;;) {
      const found = this.lines.find((line) => line.message === message)
      if (found !== undefined) return found
      if (this.#isOver) throw new Error(`it ended without logging "${message}"\n${this.stderr}${this.messages}`)
      await once(this.#changes, 'change')
    }
  }

  get messages(): string[] {
    return this.lines.map((line) => line.message)
  }

  /** Where it listens, as soon as it does. */
  async port(): Promise<number> {
    const { fields } = await this.line('ready')
    return Number(textOf(fields['address']).split(':').at(-1))
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) this.#child.kill('SIGKILL')
    await this.ended
    await this.#ownership.release(giveBack)
  }

  #take(line: string): void {
    const record = parseRecord(line)
    const fields = parseRecord(JSON.stringify(record?.['fields'] ?? null))
    if (
      record === undefined ||
      fields === undefined ||
      !['timestamp', 'level', 'target'].every((key) => key in record)
    ) {
      this.stderr += `a line of its log is not what it should be: ${line}\n`
      return
    }
    this.lines.push({ message: textOf(fields['message']), fields })
    this.#changes.emit('change')
  }
}

const BECOME = 'LISTEN_PID=$$ exec "$0"'

function descriptor(server: Server | undefined): number[] {
  // Node.js passes on what has a number, and gives away that of a server only here.
  const { _handle } = (server ?? {}) as { _handle?: { fd: number } }
  return _handle === undefined ? [] : [_handle.fd]
}
