import { fetchArguments } from '../build/arguments.ts'
import { cargoFetch } from '../build/cargo.ts'
import { gitTokenEnvironment } from '../build/git-token.ts'
import { fetchEnvironment } from '../process/environment.ts'
import type { Facts } from './facts.ts'
import { Step } from './step.ts'

/** cargo asks the compiler about the target even to fetch, and a project can name a program that stands in its way. */
const NO_WRAPPERS = { RUSTC: 'rustc', RUSTC_WRAPPER: '', RUSTC_WORKSPACE_WRAPPER: '' }

/** Everything that something is compiled for: gates and build scripts run on this machine. */
export function fetchedTriples({ settings, targets, rustc }: Facts): string[] {
  const built = settings.command === 'check' ? [] : targets.map(({ triple }) => triple)
  const tested = settings['test-target'] === '' ? [] : [settings['test-target']]
  return [...new Set([...built, rustc.host, ...tested])]
}

/** Brings in the dependencies of everything that is compiled later, which then runs offline and without any token. */
export function fetchStep(facts: Facts): Step<void> {
  const { settings, project, toolchain, surroundings } = facts
  const token = settings['cargo-git-token']
  const wanted = fetchedTriples(facts)
  return new Step<void>({
    name: 'fetch',
    title: 'Fetch dependencies',
    plan: () => [`cargo ${fetchArguments(wanted).join(' ')}`],
    run: ({ log, signal }) =>
      cargoFetch(
        {
          directory: project.directory,
          targetDirectory: project.targetDirectory,
          environment: {
            ...fetchEnvironment(surroundings.environment, [token, settings['github-token']]),
            ...toolchain.environment,
            ...gitTokenEnvironment({ token, server: surroundings.serverUrl, own: surroundings.environment }),
            ...NO_WRAPPERS,
          },
          hasGitToken: token !== '',
          log,
          signal,
        },
        wanted,
      ),
  })
}
