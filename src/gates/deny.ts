import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failed } from '../report/ending.ts'
import type { Finding } from '../report/finding.ts'
import { findDenyConfig } from './deny-config.ts'
import { type DenyConfig, denyFinding } from './deny-findings.ts'
import { DenyOutput } from './deny-output.ts'
import { countOf, type GateOptions } from './gate.ts'
import { type LockedPackage, readLock } from './lock-file.ts'
import { LockWays } from './lock-ways.ts'
import { Tally } from './tally.ts'
import type { Verdict } from './verdict.ts'
import { runWithin } from './within.ts'
import { ownFile } from './workspace.ts'

export type DenyOptions = GateOptions & {
  /** Has cargo-deny, and gives its path. It may have to be compiled. */
  bringProgram: () => Promise<string>
  /** `warn` tells everything, whatever levels deny.toml gives it, and lets it through. */
  mode: 'deny' | 'warn'
  /** An advisory database that cannot be had is no reason to fail: this change does not touch Cargo.lock. */
  lenient: boolean
  /** What could show that it is so, where nobody knows: it is told when the database cannot be had. */
  hint?: string | undefined
  /** How long the servers of the databases may take, in milliseconds. */
  patienceMs?: number
}

const PATIENCE_MS = 120_000
/** The judging itself may have to bring packages of other platforms, which nothing else needs. */
const JUDGING_MS = 600_000

/** Judges the packages by the project's deny.toml: advisories, bans, licences and sources. */
export async function denyGate(options: DenyOptions): Promise<Verdict> {
  const { workspace, mode } = options
  const path = findDenyConfig(workspace)
  const lockFile = join(workspace.root, 'Cargo.lock')
  const packages = readLock(await readFile(lockFile, 'utf8').catch(() => ''))
  const lock = { file: ownFile(workspace, lockFile), ways: new LockWays(packages) }
  const config: DenyConfig = {
    file: ownFile(workspace, path),
    lines: (await readFile(path, 'utf8')).split('\n').map((line) => line.replace(/\r$/, '')),
  }

  const program = await options.bringProgram()
  const call = (patienceMs: number, ...args: readonly string[]) =>
    run({ ...options, program }, patienceMs, ['--config', path, ...args])
  const fetched = await call(options.patienceMs ?? PATIENCE_MS, 'fetch', 'db')
  const unreachable = fetched.whyNoDatabase
  const checks = unreachable === undefined ? ['all'] : ['bans', 'licenses', 'sources']
  // Everything was fetched before, but cargo-deny judges the packages of every platform.
  const offline = await call(JUDGING_MS, '--offline', '--locked', 'check', ...checks)
  const output = offline.lacksPackages ? await call(JUDGING_MS, '--locked', 'check', ...checks) : offline
  if (output.failed && !output.diagnostics.some(({ level }) => level === 'error')) {
    throw new Failed(`cargo-deny could not judge the packages: ${output.complaint}.`)
  }

  const tally = new Tally()
  const add = (finding: Finding) => tally.addOnce(mode === 'warn' ? { ...finding, level: 'warning' } : finding)
  if (unreachable !== undefined) add(withoutAdvisories(unreachable, options))
  if (output.unknownYanked > 0) add(unknownYanked(output))
  for (const diagnostic of output.diagnostics) add(denyFinding(diagnostic, lock, config))
  const { counts, findings } = tally
  return {
    gate: 'deny',
    passed: mode === 'warn' || (counts.errors === 0 && !output.failed),
    counts,
    said: saidOf(counts, packages, mode),
    findings,
  }
}

async function run(
  options: GateOptions & { program: string },
  patienceMs: number,
  args: readonly string[],
): Promise<DenyOutput> {
  const { root } = options.workspace
  const output = new DenyOutput()
  const exited = await runWithin(patienceMs, {
    file: options.program,
    // All members, wherever it is started, as the other gates judge them.
    args: ['--format', 'json', '--color', 'never', '--manifest-path', join(root, 'Cargo.toml'), '--workspace', ...args],
    cwd: root,
    // It calls git, which must not ask for a password that nobody can type.
    env: { ...options.environment, GIT_TERMINAL_PROMPT: '0' },
    signal: options.signal,
    onLine: (line, stream) => {
      if (stream === 'stderr') output.take(line)
    },
  })
  output.end(exited === 'overdue' ? `it did not end in ${Math.ceil(patienceMs / 1000)} s` : exited.code)
  return output
}

function withoutAdvisories(why: string, { mode, lenient, hint }: DenyOptions): Finding {
  const passes = lenient || mode === 'warn'
  const next = passes
    ? 'It is not known whether an advisory concerns Cargo.lock.'
    : `Check that this machine reaches the databases that deny.toml names under \`db-urls\`, or else the one of RustSec on GitHub, and run it again.${hint === undefined ? '' : ` ${hint}`}`
  return {
    level: passes ? 'warning' : 'error',
    title: 'Advisories were not checked',
    message: `The advisory database cannot be had: ${why}.\n${next}`,
  }
}

function unknownYanked({ unknownYanked: count, whyUnknown }: DenyOutput): Finding {
  const message = `It is not known of ${countOf(count, 'package')} whether they were yanked: ${whyUnknown}.`
  return { level: 'warning', title: 'Yanked packages', message }
}

function saidOf(
  { errors, warnings }: Verdict['counts'],
  packages: readonly LockedPackage[],
  mode: DenyOptions['mode'],
): string {
  if (errors + warnings === 0) return `cargo-deny has nothing against the ${countOf(packages.length, 'package')}.`
  const counted = [errors > 0 && countOf(errors, 'error'), warnings > 0 && countOf(warnings, 'warning')]
  const all = counted.filter((each) => each !== false).join(' and ')
  return mode === 'warn' ? `cargo-deny gives ${all}, and \`deny:warn\` only reports them.` : `cargo-deny gives ${all}.`
}
