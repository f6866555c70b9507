import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'smol-toml'
import { isRecord, textOf } from '../json/narrow.ts'
import type { Environment } from '../process/environment.ts'
import { runTool } from '../process/tool.ts'
import { Failed } from '../report/ending.ts'
import type { Finding } from '../report/finding.ts'
import { cargoEnvironment, targetArguments } from './compile.ts'
import type { CompilingOptions } from './gate.ts'
import { type JunitCase, type JunitReport, readJunit } from './junit.ts'
import { plainLine } from './lines.ts'
import { panicIn } from './panic.ts'
import { failureOf } from './test-failure.ts'
import type { Told } from './told.ts'
import type { Workspace } from './workspace.ts'

export type NextestOptions = CompilingOptions & {
  /** A folder of ours, for its configuration. */
  scratch: string
}

const CONFIG = '.config/nextest.toml'

/** Whether the project is tested with nextest when nobody says anything about it. */
export function wantsNextest(workspaceRoot: string): boolean {
  return existsSync(join(workspaceRoot, CONFIG))
}

/** nextest's own exit codes. */
const NO_TESTS = 4
const TESTS_FAILED = 100

const NOTHING: Told = { passed: true, tests: { passed: 0, failed: 0, ignored: 0 }, died: 0, findings: [] }

/** What nextest told, and where its report in JUnit's format is for whoever reads such ones. */
export type NextestTold = Told & { junit: string | undefined }

/** Runs the tests with nextest. It runs no examples in documentation; those are `cargo test --doc`'s. */
export async function runNextest(options: NextestOptions): Promise<NextestTold> {
  const { directory, workspace, scratch, environment, log, signal } = options
  const ours = join(workspace.targetDirectory, 'rust-deploy', 'junit.xml')
  const config = join(scratch, 'nextest.toml')
  for (const folder of [scratch, dirname(ours)]) await mkdir(folder, { recursive: true })
  await writeFile(config, toolConfig(ours))
  const junit = await junitPath(workspace, options.extraArguments, environment, ours)
  // One that is left from an earlier run must not speak for this one.
  for (const path of [junit, ours]) await rm(path, { force: true }).catch(() => {})

  const { code, stderr } = await runTool({
    file: 'cargo',
    args: nextestArguments(options, config),
    cwd: directory,
    env: cargoEnvironment(options),
    signal,
    onLine: (line) => log.output(line),
  })
  if (![0, NO_TESTS, TESTS_FAILED].includes(code)) throw new Failed(await whyNot(options, stderr))
  const kept = await keep(junit, ours)
  if (kept !== undefined) log.info(`The report of the tests is in ${kept}.`)
  const told = code === NO_TESTS ? NOTHING : toldBy(await reportAt(junit), code === 0, workspace)
  return { ...told, junit: kept }
}

/** Always at the same place, wherever the project's own profile has put it. */
async function keep(junit: string, ours: string): Promise<string | undefined> {
  if (junit !== ours) await copyFile(junit, ours).catch(() => {})
  return existsSync(ours) ? ours : undefined
}

export function nextestArguments(
  { target, featureArguments, extraArguments }: Pick<NextestOptions, 'target' | 'featureArguments' | 'extraArguments'>,
  config: string,
): string[] {
  return [
    ...['nextest', 'run', '--workspace', '--no-fail-fast', '--locked', '--offline'],
    ...['--tool-config-file', `rust-deploy:${config}`],
    ...targetArguments(target),
    ...featureArguments,
    ...extraArguments,
  ]
}

/** The weakest configuration that there is: whatever the project says about the same profile is stronger. */
function toolConfig(junit: string): string {
  return `[profile.default.junit]\npath = ${JSON.stringify(junit)}\n`
}

/** Where the report will be: the project's own profile may already ask for one. */
async function junitPath(
  workspace: Workspace,
  args: readonly string[],
  environment: Environment,
  ours: string,
): Promise<string> {
  const text = await readFile(join(workspace.root, CONFIG), 'utf8').catch(() => '')
  const profile = profileOf(args) ?? (environment['NEXTEST_PROFILE'] || 'default')
  return junitOf(text, profile, workspace.root) ?? ours
}

export function profileOf(args: readonly string[]): string | undefined {
  for (const [index, arg] of args.entries()) {
    if (arg === '--') return undefined
    if (arg === '--profile' || arg === '-P') return args[index + 1]
    const joined = /^(?:--profile=|-P=?)(.+)$/.exec(arg)?.[1]
    if (joined !== undefined) return joined
  }
  return undefined
}

/** The report's path in nextest.toml for a profile, or for one that it inherits from. What is wrong in there nextest says. */
export function junitOf(text: string, profile: string, root: string): string | undefined {
  const config = parsed(text)
  const profiles = isRecord(config['profile']) ? config['profile'] : {}
  const store = isRecord(config['store']) ? textOf(config['store']['dir']) : ''
  const seen = new Set<string>()
  for (let name = profile; !seen.has(name); ) {
    seen.add(name)
    const settings = profiles[name]
    const junit = isRecord(settings) && isRecord(settings['junit']) ? textOf(settings['junit']['path']) : ''
    // Not in cargo's target folder, wherever that is.
    if (junit !== '') return resolve(root, store || 'target/nextest', profile, junit)
    name = (isRecord(settings) && textOf(settings['inherits'])) || 'default'
  }
  return undefined
}

function parsed(text: string): Record<string, unknown> {
  try {
    return parse(text)
  } catch {
    return {}
  }
}

/** A report past this size is not read: the tests print too much into it. */
const LARGEST_REPORT = 64 * 1024 * 1024

async function reportAt(path: string): Promise<JunitReport | undefined> {
  try {
    const { size } = await stat(path)
    return size > LARGEST_REPORT ? undefined : readJunit(await readFile(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** nextest's exit code decides; the report says which tests failed, and why. */
function toldBy(report: JunitReport | undefined, passed: boolean, workspace: Workspace): Told {
  const { counts = { passed: 0, failed: 0, ignored: 0 }, cases = [] } = report ?? {}
  const findings: Finding[] = cases
    .filter(({ how }) => !passed || how === 'flaky')
    .map((each) => findingOf(each, workspace))
  if (report === undefined) {
    findings.push({
      level: passed ? 'warning' : 'error',
      title: 'No report of the tests',
      message: 'nextest left no JUnit report that can be read, so only its own output tells of the tests.',
    })
  }
  return { passed, tests: passed ? { ...counts, failed: 0 } : counts, died: 0, findings }
}

function findingOf({ name, how, said, output }: JunitCase, workspace: Workspace): Finding {
  // Only for a wrong panic is the reason not in what nextest picked out, but in what the test printed.
  const panicked = panicIn(said, workspace) !== undefined
  const failure = failureOf(name, [...said, ...(panicked ? output : [])].map(plainLine), workspace)
  if (how === 'failed') return failure
  return {
    ...failure,
    level: 'warning',
    title: `Test ${name} is flaky`,
    message: `It failed first:\n${failure.message}`,
  }
}

async function whyNot({ explain }: NextestOptions, stderr: string): Promise<string> {
  if (/no such command: `nextest`/.test(stderr)) {
    return 'The tests are to be run with nextest, but cargo-nextest is not installed: install it, or let cargo run them.'
  }
  return explain({ said: 'cargo nextest', stderr })
}
