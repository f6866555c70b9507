import { existsSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { type Annotation, type AnnotationType, LONGEST_MESSAGE, place, SHOWN_OF_A_TYPE } from './annotation.ts'
import type { Masks } from './masks.ts'
import { type Matcher, MatcherRun, type Matchers, parseMatchers, severityOf } from './matchers.ts'
import type { Names } from './names.ts'
import { parseCommand, type WorkflowCommand } from './workflow-command.ts'

export type Stream = 'stdout' | 'stderr'

const COMMANDS = new Set([
  'stop-commands',
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'warning',
])

const DEPRECATED =
  'command is deprecated and will be disabled soon. Please upgrade to using Environment Files. For more information see: https://github.blog/changelog/2022-10-11-github-actions-deprecating-save-state-and-set-output-commands/'
const DISABLED = 'command is disabled. Please upgrade to using Environment Files.'
const BAD_STOP_TOKEN =
  "You cannot use a endToken that is an empty string, the string 'pause-logging', or another workflow command."

/** What the steps of a job share, and where a phase of one of them puts what its commands say. */
export type LogOptions = {
  masks: Masks
  matchers: Matchers
  workspace: string
  /** What the secret ACTIONS_STEP_DEBUG does on GitHub. */
  debug: boolean
  outputs: Names
  state: Names
}

/** The log of one phase (main or post) of a step: reads its output line by line and obeys the commands in it. */
export class StepLog {
  /** What a person can read on GitHub: masked, commands carried out and gone. */
  readonly lines: string[] = []
  readonly annotations: Annotation[] = []
  readonly groups: string[] = []
  /** How many of each type went over the ten that are shown. */
  readonly notShown: Record<AnnotationType, number> = { error: 0, warning: 0, notice: 0 }
  /** A command that the runner refuses fails the step, whatever the exit code. */
  refusedCommand = false

  readonly #options: LogOptions
  readonly #listeners = new Set<(line: string) => void>()
  readonly #runs = { stdout: new WeakMap<Matcher, MatcherRun>(), stderr: new WeakMap<Matcher, MatcherRun>() }
  #stopToken: string | undefined
  #echo: boolean

  constructor(options: LogOptions) {
    this.#options = options
    this.#echo = options.debug
  }

  onLine(listener: (line: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  take(line: string, stream: Stream): void {
    const command = parseCommand(line, (name) => this.#isRegistered(name))
    if (command !== undefined && this.#obey(command, line)) return
    // The runner frames nested actions with these two marks, so nobody else may print them.
    const shown = line.replaceAll(/##\[(start|end)-action/g, '##[\\$1-action')
    if (!this.#matchProblem(shown, stream)) this.write(shown)
  }

  write(message: string): void {
    for (const line of this.#options.masks.apply(message).split(/\r?\n/)) {
      this.lines.push(line)
      for (const listener of this.#listeners) listener(line)
    }
  }

  debug(message: string): void {
    if (!this.#options.debug) return
    for (const line of message.split(/\r?\n/)) this.write(`##[debug]${line}`)
  }

  annotate(annotation: Annotation, logged?: string): void {
    const message = this.#options.masks.apply(annotation.message).slice(0, LONGEST_MESSAGE)
    const ofThisType = this.annotations.filter((other) => other.type === annotation.type)
    if (ofThisType.length < SHOWN_OF_A_TYPE) this.annotations.push({ ...annotation, message })
    else this.notShown[annotation.type] += 1
    const text = logged ?? message
    if (text !== '') this.write(`##[${annotation.type}]${text}`)
  }

  error(message: string): void {
    this.annotate({ type: 'error', message })
  }

  #isRegistered(name: string): boolean {
    const folded = name.toLowerCase()
    return COMMANDS.has(folded) || folded === this.#stopToken?.toLowerCase()
  }

  /** False when it is only text after all, because commands are stopped. */
  #obey(command: WorkflowCommand, line: string): boolean {
    const name = command.name.toLowerCase()
    if (this.#stopToken !== undefined) {
      if (name !== this.#stopToken.toLowerCase()) return false
      this.write(line)
      this.#stopToken = undefined
      return true
    }
    try {
      this.#carryOut(name, command, line)
    } catch (cause) {
      const shown = ['add-mask', 'debug', 'error', 'warning', 'notice'].includes(name) ? name : line
      this.error(`Unable to process command '${shown}' successfully.`)
      this.error(cause instanceof Error ? cause.message : String(cause))
      this.refusedCommand = true
    }
    return true
  }

  #carryOut(name: string, command: WorkflowCommand, line: string): void {
    switch (name) {
      case 'add-mask':
        this.#addMask(command.data)
        return
      case 'debug':
        this.debug(command.data)
        return
      case 'error':
      case 'warning':
      case 'notice':
        this.annotate({ type: name, message: command.data, ...place(command.properties, this.#options.workspace) })
        return
      case 'stop-commands':
        this.#stop(command.data)
        this.write(line)
        return
    }
    if (this.#echo) this.write(line)
    switch (name) {
      case 'add-matcher':
        this.#addMatcher(command.data)
        return
      case 'remove-matcher':
        this.#removeMatcher(command)
        return
      case 'echo':
        this.#echo = onOrOff(command.data)
        return
      case 'group':
        this.groups.push(this.#options.masks.apply(command.data))
        this.write(`##[group]${command.data}`)
        return
      case 'endgroup':
        this.write('##[endgroup]')
        return
      case 'save-state':
        this.#deprecated(name)
        this.#options.state.set(nameOf(command), command.data)
        return
      case 'set-output':
        this.#deprecated(name)
        this.#options.outputs.set(nameOf(command), command.data)
        return
      case 'add-path':
      case 'set-env':
        throw new Error(`The \`${name}\` ${DISABLED}`)
    }
  }

  #addMask(value: string): void {
    if (value.trim() === '') {
      this.annotate({ type: 'warning', message: "Can't add secret mask for empty string in ##[add-mask] command." })
      return
    }
    if (this.#echo) this.write('::add-mask::***')
    this.#options.masks.addWithLines(value)
  }

  #stop(token: string): void {
    if (token === '' || token.toLowerCase() === 'pause-logging' || this.#isRegistered(token)) {
      throw new Error(BAD_STOP_TOKEN)
    }
    this.#stopToken = token
    // Whoever knows the token can start the commands again; a short one is not masked, to keep the log readable.
    if (token.length > 6) this.#options.masks.add(token)
  }

  #deprecated(name: string): void {
    this.annotate({ type: 'warning', message: `The \`${name}\` ${DEPRECATED}` })
  }

  #addMatcher(file: string): void {
    if (file === '') this.annotate({ type: 'warning', message: 'File path must be specified.' })
    else this.#options.matchers.add(this.#readMatchers(file))
  }

  #removeMatcher({ properties, data: file }: WorkflowCommand): void {
    const owner = properties.get('owner') ?? ''
    if ((owner === '') === (file === '')) {
      const wrong = owner === '' ? 'Either must be specified' : 'Both values cannot be set'
      this.annotate({ type: 'warning', message: `##[remove-matcher] takes an owner name or a file path. ${wrong}.` })
      return
    }
    this.#options.matchers.remove(owner === '' ? this.#readMatchers(file).map((matcher) => matcher.owner) : [owner])
  }

  #readMatchers(file: string): Matcher[] {
    return parseMatchers(JSON.parse(readFileSync(resolve(this.#options.workspace, file), 'utf8')))
  }

  #matchProblem(line: string, stream: Stream): boolean {
    const runs = this.#options.matchers.all.map((matcher) => this.#run(matcher, stream))
    // Matchers see the text without its colours.
    const plain = line.replaceAll(/\x1b\[[0-9;]*m?/g, '')
    for (const run of runs) {
      const problem = run.match(plain)
      if (problem === undefined) continue
      for (const other of runs) if (other !== run) other.reset()
      const type = severityOf(problem.severity ?? '')
      if (type === undefined || problem.message === undefined || problem.message.trim() === '') continue
      const file = this.#source(problem)
      const annotation: Annotation = {
        type,
        message: problem.message,
        ...(file !== undefined && { file }),
        ...(isNumber(problem.line) && { line: Number(problem.line) }),
        ...(isNumber(problem.column) && { col: Number(problem.column) }),
      }
      this.annotate(annotation, plain)
      return true
    }
    return false
  }

  #run(matcher: Matcher, stream: Stream): MatcherRun {
    const run = this.#runs[stream].get(matcher) ?? new MatcherRun(matcher)
    this.#runs[stream].set(matcher, run)
    return run
  }

  /** A file that is not in the checkout, which here is the workspace, is dropped from the annotation. */
  #source({ file, fromPath }: { file?: string; fromPath?: string }): string | undefined {
    const { workspace } = this.#options
    if (file === undefined || file.trim() === '') return undefined
    const rooted = fromPath !== undefined && fromPath !== '' && !isAbsolute(file) ? join(dirname(fromPath), file) : file
    const full = resolve(workspace, rooted)
    return full.startsWith(`${workspace}/`) && existsSync(full) ? full.slice(workspace.length + 1) : undefined
  }
}

function nameOf(command: WorkflowCommand): string {
  const name = command.properties.get('name')
  if (name === undefined) throw new Error(`Required field 'name' is missing in ##[${command.name}] command.`)
  return name
}

function onOrOff(value: string): boolean {
  const word = value.trim().toLowerCase()
  if (word === 'on' || word === 'off') return word === 'on'
  throw new Error(`Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: '${value}'.`)
}

function isNumber(text: string | undefined): boolean {
  return text !== undefined && /^\d+$/.test(text)
}
