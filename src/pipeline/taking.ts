import { parseFrom } from '../build/from.ts'
import { pathToTake, takeBinaries } from '../build/take.ts'
import { Refused } from '../report/ending.ts'
import { attestStep } from './attesting.ts'
import type { Facts } from './facts.ts'
import { artifactsOf } from './plan.ts'
import { proved } from './proving.ts'
import { Step } from './step.ts'
import { noResults, type Work } from './work.ts'

/** What can be known of `from` before anything is done. Artifacts are on a server, which only the run itself asks. */
export async function checkFrom({ settings, project }: Facts): Promise<void> {
  const from = settings.from === '' ? undefined : parseFrom(settings.from)
  if (from?.kind === 'path') await pathToTake(from, project.directory)
}

/** Nothing is compiled and no gate runs: what was built elsewhere is taken, and proved all the same. */
export function takingPipeline(facts: Facts): Work {
  const { settings, project, chosen, targets, git, surroundings } = facts
  const from = parseFrom(settings.from)
  if (from.kind === 'artifact' && !surroundings.hasArtifactService) {
    throw new Refused('`from` names an artifact, but there is no artifact service outside GitHub Actions: give a path.')
  }
  const { apiUrl, repository, scratch, serverUrl } = surroundings
  const take = new Step({
    name: 'take',
    title: `Take ${settings.from}`,
    plan: () => [`take ${settings.from}, prove its digest and read its headers`],
    run: async ({ log, signal }) => {
      const taken = await takeBinaries({
        from,
        directory: project.directory,
        chosen: chosen.map(({ package: { name, version }, binaries: wanted }) => ({ name, version, binaries: wanted })),
        commit: git?.sha,
        artifacts: artifactsOf(facts, targets).map(({ name }) => name),
        github: repository === '' ? undefined : { apiUrl, repository, token: settings['github-token'] },
        scratch,
        serverUrl,
        log,
        signal,
      })
      // A file says nothing of itself, so it must be what this run is about; a parcel names its own target.
      const promised = settings.target.length > 0 || from.kind === 'path' ? targets : []
      const binaries = []
      for (const binary of taken) {
        const proof = await proved(facts, { binary }, targetOf(binary, promised), { log, signal })
        log.info(`${binary.name}: ${binary.size} bytes, sha256 ${binary.sha256}`)
        binaries.push(proof)
      }
      return binaries
    },
  })
  const sign = attestStep(facts, () => ({ binaries: take.result, archives: [] }), from.kind !== 'artifact')
  return { pipeline: [take, sign], results: () => ({ ...noResults, binaries: take.hasRun ? take.result : [] }) }
}

/** What it was built for, if it says so; else the one target of the run, if that was named. */
function targetOf(binary: { target?: string }, promised: Facts['targets']): Facts['targets'][number] | undefined {
  const [only, ...others] = promised
  if (binary.target === undefined) return others.length === 0 ? only : undefined
  if (promised.length === 0) return { name: binary.target, triple: binary.target }
  const found = promised.find(({ triple }) => triple === binary.target)
  if (found !== undefined) return found
  throw new Refused(
    `\`from\` brought a binary for ${binary.target}, but \`target\` is ${promised.map(({ name }) => name).join(', ')}: name the target that was built.`,
  )
}
