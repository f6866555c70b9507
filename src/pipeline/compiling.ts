import { join } from 'node:path'
import type { Apart } from '../build/apart.ts'
import { buildCommand, type Compilation } from '../build/arguments.ts'
import { type Built, cargoBuild } from '../build/cargo.ts'
import { type Compiled, readCompiled } from '../build/compiled.ts'
import type { Binary } from '../report/binary.ts'
import type { CompiledUnits } from './compiled.ts'
import type { Facts } from './facts.ts'
import { tool } from './finding-tools.ts'
import type { Linked } from './linking.ts'
import { proved } from './proving.ts'
import { buildEnvironmentFor } from './reproducing.ts'
import { Step, type StepContext } from './step.ts'

/** What came out of compiling for one target, with everything that went in. */
export type CompiledTarget = Omit<Built, 'binaries'> & {
  triple: string
  binaries: readonly Binary[]
  /** The same, with the copies that nobody else can have touched. */
  apart: readonly Apart[]
  ingredients: readonly Compiled[]
}

type Needs = {
  link: Step<readonly Linked[]>
  compiled: CompiledUnits
  /** Whether cargo is to say why it compiles what it compiles. */
  explains: () => boolean
}

/** For each target a step that compiles the binaries and proves them, before anybody can take them. */
export function compileSteps(facts: Facts, needs: Needs): Step<CompiledTarget>[] {
  const what = facts.chosen.flatMap(({ binaries }) => binaries).join(', ')
  return facts.targets.map(
    (target, index) =>
      new Step<CompiledTarget>({
        name: index === 0 ? 'build' : `build-${target.triple}`,
        title: `Build ${what} for ${target.name}`,
        // Beside the gates, which find the same in the same code and say it better.
        failsLate: true,
        onlyIfAllGoesWell: true,
        plan: () => [
          `cargo ${buildCommand(compilationOf(facts, target)).args.join(' ')}`,
          'read its headers, and compare',
        ],
        run: async (context) => {
          const linked = needs.link.result.find((each) => each.target === target)
          if (linked === undefined) throw new Error(`nothing was linked for ${target.name}`)
          return compile(facts, linked, needs, context)
        },
      }),
  )
}

function compilationOf({ settings, chosen }: Facts, target: Facts['targets'][number]): Compilation {
  return {
    packages: chosen.map(({ package: { name, version } }) => ({ name, version })),
    binaries: chosen.flatMap(({ binaries }) => binaries),
    features: settings.features,
    profile: settings.profile,
    target,
    through: {},
    explains: false,
  }
}

async function compile(facts: Facts, linked: Linked, needs: Needs, context: StepContext): Promise<CompiledTarget> {
  const { settings, project, chosen, git } = facts
  const { log, signal } = context
  const ingredients: Compiled[] = []
  const [version, ...others] = new Set(chosen.map((each) => each.package.version))
  const auditable = settings.auditable ? (await tool(facts, 'cargo-auditable', context)).path : undefined
  const built = await cargoBuild({
    ...compilationOf(facts, linked.target),
    through: { zigbuild: linked.zigbuild, auditable },
    explains: needs.explains(),
    chosen: chosen.map(({ package: { id, name, version }, binaries }) => ({ id, name, version, binaries })),
    directory: project.directory,
    targetDirectory: project.targetDirectory,
    apart: join(project.targetDirectory, 'rust-deploy', 'built'),
    environment: {
      ...(await buildEnvironmentFor(facts, linked)),
      RUST_DEPLOY_VERSION: others.length === 0 ? version : undefined,
      RUST_DEPLOY_SHA: git?.sha,
    },
    hasGitToken: settings['cargo-git-token'] !== '',
    onMessage: (line) => {
      needs.compiled.takeMessage(line)
      const unit = readCompiled(line, linked.target.triple)
      if (unit !== undefined) ingredients.push(unit)
    },
    onReason: (line) => needs.compiled.takeReason(line),
    log,
    signal,
  })
  if (others.length > 0) log.info('The packages have several versions, so RUST_DEPLOY_VERSION was not set.')
  log.info(`${built.compiled} compiled, ${built.fresh} fresh`)
  const apart: Apart[] = []
  for (const { binary, copy } of built.binaries) {
    apart.push({ binary: await proved(facts, { binary, copy }, linked.target, context), copy })
  }
  return { ...built, binaries: apart.map(({ binary }) => binary), apart, triple: linked.target.triple, ingredients }
}
