import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EventReader, type HostEvent } from '../../../src/servers/protocol/events.ts'
import { COMMAND } from '../../../src/servers/protocol/loader.ts'
import { type ChannelEnd, type Outcome, outcomeOf } from '../../../src/servers/protocol/outcome.ts'
import { headOf, type Parameters } from '../../../src/servers/protocol/stdin.ts'

const FOLDER = join(import.meta.dirname, '../../../src/servers/host')
export const MARK = '0123456789abcdef'

export function hostScript(name: string, ...more: readonly string[]): string {
  return ['call', 'world', ...more, name].map((each) => readFileSync(join(FOLDER, `${each}.sh`), 'utf8')).join('\n')
}

/** A script that runs here as sshd would run it there, and can be talked to. */
export class Called implements AsyncDisposable {
  readonly events: HostEvent[] = []
  readonly #child: ChildProcessWithoutNullStreams
  readonly #ended: Promise<Outcome>
  #heard: () => void = () => {}

  constructor(script: string, parameters: Parameters, shell = '/bin/sh') {
    this.#child = spawn('/bin/sh', ['-c', COMMAND.replace('/bin/sh', shell)], { env: { HOME: '/' } })
    const reader = new EventReader(MARK, (event) => {
      this.events.push(event)
      this.#heard()
    })
    let complaints = ''
    this.#child.stdout.on('data', (chunk) => reader.take(chunk))
    this.#child.stderr.on('data', (chunk) => {
      complaints += chunk
    })
    // Who has ended does not read any more.
    this.#child.stdin.on('error', () => {})
    this.#ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        reader.end()
        const end: ChannelEnd =
          signal === null ? { kind: 'exited', code: code ?? 0 } : { kind: 'signalled', signal: signal }
        resolve(outcomeOf(end, this.events, reader.said + complaints))
        this.#heard()
      })
    })
    this.#child.stdin.write(headOf(script, { mark: MARK, app: 'hello', ...parameters }))
  }

  say(text: string | Uint8Array): void {
    this.#child.stdin.write(text)
  }

  hangUp(): void {
    this.#child.stdin.end()
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** The first event of this kind after the others of it that were waited for, or how the call ended without one. */
  async heard(name: string, count = 1): Promise<HostEvent | Outcome> {
    let outcome: Outcome | undefined
    void this.#ended.then((end) => {
      outcome = end
    })
    for (;;) {
      const found = this.events.filter(({ event }) => event === name)[count - 1]
      if (found !== undefined) return found
      if (outcome !== undefined) return outcome
      await new Promise<void>((resolve) => {
        this.#heard = resolve
      })
    }
  }

  end(): Promise<Outcome> {
    this.hangUp()
    return this.#ended
  }

  get ended(): Promise<Outcome> {
    return this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}
