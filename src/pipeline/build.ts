import { buildArguments, fetchArguments } from '../build/arguments.ts'
import { type Uploaded, uploadArtifact } from '../build/artifact.ts'
import { type CargoOptions, cargoBuild, cargoFetch } from '../build/cargo.ts'
import { parseFrom } from '../build/from.ts'
import { gitTokenEnvironment } from '../build/git-token.ts'
import { takeBinaries } from '../build/take.ts'
import { buildEnvironment, type Environment, fetchEnvironment } from '../process/environment.ts'
import type { Binary } from '../report/binary.ts'
import { Refused } from '../report/ending.ts'
import type { Facts } from './facts.ts'
import { artifactsOf } from './plan.ts'
import { type Pipeline, Step, type StepContext } from './step.ts'

export type BuildResults = { binaries: readonly Binary[]; uploaded: readonly Uploaded[] }

/** The way from source to a binary that other jobs can take. */
export function buildPipeline(facts: Facts): { pipeline: Pipeline; results: () => BuildResults } {
  return facts.settings.from === '' ? compiling(facts) : taking(facts)
}

/** cargo asks the compiler about the target even to fetch, and a project can name a program that stands in its way. */
const NO_WRAPPERS = { RUSTC: 'rustc', RUSTC_WRAPPER: '', RUSTC_WORKSPACE_WRAPPER: '' }

function compiling(facts: Facts) {
  const { settings, project, chosen, rustc, git, surroundings } = facts
  const token = settings['cargo-git-token']
  const compilation = {
    packages: chosen.map(({ package: { name, version } }) => ({ name, version })),
    binaries: chosen.flatMap(({ binaries }) => binaries),
    features: settings.features,
    profile: settings.profile,
    target: rustc.host,
  }
  const options = ({ log, signal }: StepContext, environment: Environment): CargoOptions => ({
    ...compilation,
    chosen: chosen.map(({ package: { id, name, version }, binaries }) => ({ id, name, version, binaries })),
    directory: project.directory,
    targetDirectory: project.targetDirectory,
    environment,
    hasGitToken: token !== '',
    log,
    signal,
  })
  const what = compilation.binaries.join(', ')

  const fetch = new Step({
    name: 'fetch',
    title: 'Fetch dependencies',
    plan: () => [`cargo ${fetchArguments(compilation).join(' ')}`],
    run: (context) =>
      cargoFetch(
        options(context, {
          ...fetchEnvironment(surroundings.environment, [token]),
          ...gitTokenEnvironment({ token, server: surroundings.serverUrl, own: surroundings.environment }),
          ...NO_WRAPPERS,
        }),
      ),
  })

  const build = new Step({
    name: 'build',
    title: `Build ${what} for ${rustc.host}`,
    plan: () => [`cargo ${buildArguments(compilation).join(' ')}`],
    run: async (context) => {
      const [version, ...others] = new Set(compilation.packages.map((each) => each.version))
      const built = await cargoBuild(
        options(context, {
          ...buildEnvironment(surroundings.environment, [token]),
          RUST_DEPLOY_VERSION: others.length === 0 ? version : undefined,
          RUST_DEPLOY_SHA: git?.sha,
        }),
      )
      context.log.info(`${built.compiled} compiled, ${built.fresh} fresh`)
      return built
    },
  })

  const wanted = artifactsOf(facts, [rustc.host])
  const upload = new Step({
    name: 'artifact',
    title: `Upload ${wanted.map(({ name }) => name).join(', ') || 'the artifact'}`,
    applies: () => {
      if (wanted.length === 0) return '`artifact` is `none`'
      return surroundings.hasArtifactService || 'not in GitHub Actions'
    },
    plan: () => wanted.map(({ name, package: owner }) => `upload the binaries of ${owner} as the artifact ${name}`),
    run: async ({ log, signal }) => {
      const uploaded: Uploaded[] = []
      for (const { name, package: owner } of wanted) {
        const binaries = build.result.binaries.filter((binary) => binary.package === owner)
        const one = await uploadArtifact({
          name,
          binaries,
          commit: git?.sha,
          scratch: surroundings.scratch,
          serverUrl: surroundings.serverUrl,
          log,
          signal,
        })
        if (one !== undefined) uploaded.push(one)
      }
      return uploaded
    },
  })

  return {
    pipeline: [fetch, build, upload],
    results: () => ({
      binaries: build.hasRun ? build.result.binaries : [],
      uploaded: upload.hasRun ? upload.result : [],
    }),
  }
}

function taking({ settings, project, chosen, git, surroundings }: Facts) {
  const from = parseFrom(settings.from)
  if (from.kind === 'artifact' && !surroundings.hasArtifactService) {
    throw new Refused('`from` names an artifact, but there is no artifact service outside GitHub Actions: give a path.')
  }
  const take = new Step({
    name: 'take',
    title: `Take ${settings.from}`,
    plan: () => [`take ${settings.from} and prove its digest`],
    run: async ({ log, signal }) => {
      const binaries = await takeBinaries({
        from,
        directory: project.directory,
        chosen: chosen.map(({ package: { name, version }, binaries: wanted }) => ({ name, version, binaries: wanted })),
        commit: git?.sha,
        scratch: surroundings.scratch,
        serverUrl: surroundings.serverUrl,
        signal,
      })
      for (const { name, sha256, size } of binaries) log.info(`${name}: ${size} bytes, sha256 ${sha256}`)
      return binaries
    },
  })
  return {
    pipeline: [take],
    results: () => ({ binaries: take.hasRun ? take.result : [], uploaded: [] }),
  }
}
