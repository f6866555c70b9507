import { readFileSync } from 'node:fs'
import { mkdtemp, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CookPlan } from '../../../src/cache/cook.ts'
import { findLocalPackages } from '../../../src/cache/local-packages.ts'
import { builtOnProject, parseLock } from '../../../src/cache/lock-file.ts'
import { recipeHash } from '../../../src/cache/recipe.ts'
import { type Cooked, runCook } from '../../../src/cache/run-cook.ts'
import { type CacheUnit, readCacheUnit } from '../../../src/cache/units.ts'
import { runCommand } from '../../../src/process/command.ts'

/** A part of what a run compiles, in the words of its own cargo call. */
export type Counts = { thirdParty: number; compiledThirdParty: string[]; local: number; freshLocal: string[] }

export const signal = new AbortController().signal

/** The machine's own cargo home, which all these tests share, and its own configuration of nothing else. */
export const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^CARGO_(TARGET_DIR|BUILD_|ENCODED|PROFILE|INCREMENTAL)|RUSTFLAGS/.test(name),
  ),
)

export async function cargo(cwd: string, args: readonly string[], more: Record<string, string> = {}): Promise<string> {
  const outcome = await runCommand({ file: 'cargo', args, cwd, env: { ...environment, ...more }, signal })
  if (outcome.kind !== 'exited' || outcome.code !== 0) {
    throw new Error(`cargo ${args.join(' ')}: ${'stderr' in outcome ? outcome.stderr : outcome.kind}`)
  }
  return outcome.stdout
}

export async function hostTriple(): Promise<string> {
  const outcome = await runCommand({ file: 'rustc', args: ['-vV'], env: environment, signal })
  return outcome.kind === 'exited' ? (/^host: (.*)$/m.exec(outcome.stdout)?.[1] ?? '') : ''
}

export type CookCase = {
  /** Where cargo is run. */
  directory: string
  plan: CookPlan
  cargoVersion?: string
  signal?: AbortSignal
  onOutput?: (line: string) => void
}

/** Everything that a run would do to have its dependencies compiled, from the files of the project alone. */
export async function cooking({ directory, plan, cargoVersion, onOutput, ...more }: CookCase) {
  await cargo(directory, ['generate-lockfile'])
  await cargo(directory, ['fetch', '--locked'])
  const local = await findLocalPackages({ directory, environment, signal })
  const lockText = readFileSync(join(local.workspaceRoot, 'Cargo.lock'), 'utf8')
  const lock = parseLock(lockText)
  const metadata = JSON.parse(await cargo(directory, ['metadata', '--no-deps', '--format-version', '1']))
  // Cargo before 1.91 has no build directory of its own.
  const buildDirectory: string = metadata.build_directory ?? metadata.target_directory
  const scratch = await mkdtemp(join(tmpdir(), 'rust-deploy-cook-'))
  const said: string[] = []
  const output = (line: string) => {
    said.push(line)
    onOutput?.(line)
  }
  try {
    const cooked: Cooked = await runCook({
      directory,
      local,
      lock,
      plan,
      cargoVersion: cargoVersion ?? '1.95.0',
      buildDirectory,
      scratch,
      environments: { gates: environment, builds: {} },
      log: { info: (text) => said.push(text), output, finding: () => {} },
      signal: more.signal ?? signal,
    })
    return { ...cooked, said, tied: builtOnProject(lock), recipe: recipeHash({ ...local, lock, built: [] }) }
  } finally {
    // It must be empty, however the cook ended.
    await rmdir(scratch)
  }
}

export async function recipeOf(directory: string): Promise<string> {
  const local = await findLocalPackages({ directory, environment, signal })
  return recipeHash({
    ...local,
    lock: parseLock(readFileSync(join(local.workspaceRoot, 'Cargo.lock'), 'utf8')),
    built: [],
  })
}

/** What the run does afterwards in the checkout itself, with the real programs. */
export async function realCalls(directory: string, plan: CookPlan, tied: ReadonlySet<string>): Promise<Counts> {
  const { clippy, test, testTarget, featureArguments } = plan.gates
  const gate = ['--workspace', ...featureArguments, ...(testTarget === undefined ? [] : ['--target', testTarget])]
  const units: CacheUnit[] = []
  const call = async (args: readonly string[]) => {
    const stdout = await cargo(directory, [...args, '--locked', '--offline', '--message-format', 'json'])
    for (const line of stdout.split('\n')) {
      const unit = readCacheUnit(line, tied)
      if (unit !== undefined && unit.files.length > 0) units.push(unit)
    }
  }
  if (clippy) await call(['clippy', '--all-targets', ...gate])
  if (test) await call(['test', '--no-run', ...gate])
  for (const { packages, binaries, featureArguments: features, profile, target } of plan.builds) {
    await call([
      ...['build', '--profile', profile, '--target', target.triple, ...features],
      ...packages.flatMap(({ name, version }) => ['--package', `${name}@${version}`]),
      ...binaries.flatMap((binary) => ['--bin', binary]),
    ])
  }
  return countsOf(units)
}

export function countsOf(units: readonly CacheUnit[]): Counts {
  const thirdParty = units.filter(({ isLocal }) => !isLocal)
  const local = units.filter(({ isLocal }) => isLocal)
  return {
    thirdParty: thirdParty.length,
    compiledThirdParty: thirdParty.filter(({ fresh }) => !fresh).map(({ packageId }) => packageId),
    local: local.length,
    freshLocal: local.filter(({ fresh, files }) => fresh && !isOutFolder(files)).map(({ packageId }) => packageId),
  }
}

/** Of a build script that ran cargo does not say whether it did so now. */
function isOutFolder(files: readonly string[]): boolean {
  return files.every((file) => file.endsWith('/out'))
}
