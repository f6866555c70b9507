import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { removeFolder } from '../../remove-folder.ts'
import { keyValues } from './key-values.ts'
import type { Masks } from './masks.ts'
import type { Names } from './names.ts'
import type { StepLog } from './step-log.ts'

/** A larger summary is not shown at all. */
const SUMMARY_LIMIT = 1024 * 1024

const PREFIXES = {
  GITHUB_PATH: 'add_path_',
  GITHUB_ENV: 'set_env_',
  GITHUB_STEP_SUMMARY: 'step_summary_',
  GITHUB_STATE: 'save_state_',
  GITHUB_OUTPUT: 'set_output_',
  GITHUB_ARTIFACTS: 'artifacts_',
} as const
type FileVariable = keyof typeof PREFIXES

/** What a phase wrote into its files. */
export type Written = {
  path: readonly string[]
  env: ReadonlyMap<string, string>
  /** As GitHub shows it: masked; empty when it was too large. */
  summary: string
  /** The lines of GITHUB_ARTIFACTS: what actions/attest finds later. On github.com a flag turns them on. */
  artifacts: readonly string[]
  errors: readonly string[]
}

/** The files of one phase: made empty before it, read when its process has ended, however it ended. */
export class FileCommands {
  readonly variables: Readonly<Record<FileVariable, string>>

  constructor(temp: string) {
    const folder = join(temp, '_runner_file_commands')
    mkdirSync(folder, { recursive: true })
    const suffix = randomUUID()
    const names = Object.keys(PREFIXES) as FileVariable[]
    const paths = names.map((name) => [name, join(folder, `${PREFIXES[name]}${suffix}`)] as const)
    for (const [, path] of paths) writeFileSync(path, '')
    this.variables = Object.fromEntries(paths) as Record<FileVariable, string>
  }

  /** In the runner's order. A file that cannot be understood fails the step, but not the other files. */
  read(log: StepLog, masks: Masks, state: Names, outputs: Names): Written {
    const errors: string[] = []
    const path: string[] = []
    const env = new Map<string, string>()
    let summary = ''
    let artifacts: string[] = []
    const attempt = (variable: FileVariable, work: (file: string) => void) => {
      try {
        if (existsSync(this.variables[variable])) work(this.variables[variable])
      } catch (cause) {
        const message = cause instanceof Error ? cause.message : String(cause)
        errors.push(message)
        log.error(`Unable to process file command '${variable.slice('GITHUB_'.length).toLowerCase()}' successfully.`)
        log.error(message)
      }
    }
    attempt('GITHUB_PATH', (file) => path.push(...lines(decoded(file)).filter((line) => line !== '')))
    attempt('GITHUB_ENV', (file) => {
      for (const [name, value] of keyValues(decoded(file))) {
        if (name.toUpperCase() === 'NODE_OPTIONS') {
          log.error(`Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.`)
        } else {
          env.set(named(name), value)
        }
      }
    })
    attempt('GITHUB_STEP_SUMMARY', (file) => {
      summary = summaryIn(file, log, masks)
    })
    attempt('GITHUB_STATE', (file) => {
      for (const [name, value] of keyValues(decoded(file))) state.set(name, value)
    })
    attempt('GITHUB_OUTPUT', (file) => {
      for (const [name, value] of keyValues(decoded(file))) outputs.set(named(name), value)
    })
    attempt('GITHUB_ARTIFACTS', (file) => {
      const written = lines(decoded(file)).map((line) => line.trim())
      artifacts = written.filter((line) => line !== '' && !line.startsWith('#'))
    })
    for (const file of Object.values(this.variables)) removeFolder(file)
    return { path, env, summary, artifacts, errors }
  }
}

function named(name: string): string {
  if (name === '') throw new Error("Value cannot be null. (Parameter 'name')")
  return name
}

/** Masked line by line, so a secret that spans lines is hidden only because each of its lines is a mask too. */
function summaryIn(file: string, log: StepLog, masks: Masks): string {
  const { size } = statSync(file)
  if (size === 0) return ''
  if (size > SUMMARY_LIMIT) {
    const [limit, got] = [SUMMARY_LIMIT, size].map((bytes) => Math.floor(bytes / 1024))
    log.error(`$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of ${limit}k, got ${got}k.`)
    return ''
  }
  return lines(decoded(file))
    .map((line) => `${masks.apply(line)}\n`)
    .join('')
}

function lines(text: string): string[] {
  const all = text.split(/\r\n|\n|\r/)
  if (all.at(-1) === '') all.pop()
  return all
}

/** A byte order mark decides the encoding and is no part of the text; PowerShell writes UTF-16. */
function decoded(file: string): string {
  const bytes = readFileSync(file)
  const mark = bytes.subarray(0, 2).toString('hex')
  const encoding = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8'
  return new TextDecoder(encoding).decode(bytes)
}
