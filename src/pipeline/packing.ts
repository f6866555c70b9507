import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { adviceOn } from '../build/advice.ts'
import { type Apart, putBack } from '../build/apart.ts'
import { packArchive } from '../build/archive.ts'
import { ingredientsOf } from '../build/ingredients.ts'
import type { Beside } from '../build/parcel.ts'
import { readProfile } from '../build/profile.ts'
import { writeSbom } from '../build/sbom-file.ts'
import { writeSums } from '../build/sums-file.ts'
import { readCargoConfigs } from '../cache/cargo-config.ts'
import type { Binary } from '../report/binary.ts'
import type { CompiledTarget } from './compiling.ts'
import type { Facts } from './facts.ts'
import { homesOf } from './homes.ts'
import type { Linked } from './linking.ts'
import { Step, type StepContext } from './step.ts'

/** What was made of the binaries for one target. */
export type Packed = { triple: string; beside: readonly Beside[]; advice: readonly string[] }

type Needs = { link: Step<readonly Linked[]>; compile: readonly Step<CompiledTarget>[] }

/** What goes out with each binary: the list of what it is made of, and an archive for people. */
export function packStep(facts: Facts, { link, compile }: Needs): Step<readonly Packed[]> {
  return new Step<readonly Packed[]>({
    name: 'pack',
    title: 'Write SBOM and archive',
    plan: () => ['write an SBOM (CycloneDX) and an archive for each binary'],
    run: async (context) => {
      const packed: Packed[] = []
      for (const { result } of compile) {
        const { triple } = result
        // What goes out is taken from the target folder, and nothing builds there any more.
        for (const each of result.apart) await secure(each, context)
        const graph = link.result.find(({ target }) => target.triple === triple)?.graph ?? []
        const packs = []
        for (const binary of result.binaries) packs.push(await pack(facts, binary, { ...result, graph }, context))
        packed.push({ triple, beside: packs.flatMap((one) => one.beside), advice: packs.flatMap((one) => one.advice) })
      }
      return packed
    },
  })
}

async function secure(apart: Apart, { log, signal }: StepContext): Promise<void> {
  if (!(await putBack(apart, signal))) return
  const { name, path } = apart.binary
  log.finding({
    level: 'warning',
    title: 'Binary built twice',
    message: `Something else built ${name} after us and put it at ${path}: most likely a test that runs cargo. What was built and proved is back in its place.`,
  })
}

type Made = Pick<CompiledTarget, 'triple' | 'ingredients'> & Pick<Linked, 'graph'>

async function pack(
  facts: Facts,
  binary: Binary,
  { triple, ingredients: compiled, graph }: Made,
  { log, signal }: StepContext,
) {
  const { settings, project, chosen, git, files, environment, surroundings } = facts
  const root = chosen.find((each) => each.package.name === binary.package)?.package.id ?? ''
  const ingredients = ingredientsOf(root, graph, compiled)
  const manifest = await readFile(join(project.workspaceRoot, 'Cargo.toml'), 'utf8')
  const configs = await readCargoConfigs({ directory: project.directory, cargoHome: homesOf(facts).CARGO_HOME })
  const profile = readProfile({ name: settings.profile, manifest, configs, environment })
  const advice = adviceOn({ profile, size: sizeOf(binary), target: triple, ingredients })

  const folder = join(project.targetDirectory, 'rust-deploy', triple)
  const about = { ...binary, target: triple }
  const { serverUrl, repository } = surroundings
  const sbom = await writeSbom(folder, {
    ...{ root, ingredients, binary: about, time: git?.committedAt, toolVersion: surroundings.version },
    repository: repository && git ? { url: `${serverUrl}/${repository}`, commit: git.sha } : undefined,
  })
  // Without a commit there is no time that anybody else could know.
  const archive = await packArchive({ folder, binary: about, files, time: git?.committedAt ?? 0, signal })
  log.info(`${ingredients.length} packages in ${sbom}`)
  log.info(`archive ${archive}`)
  await writeSums(folder, [binary.path, sbom, archive], signal)
  const beside: Beside[] = [
    { kind: 'sbom', binary: binary.name, path: sbom },
    { kind: 'archive', binary: binary.name, path: archive },
  ]
  return { beside, advice }
}

/** How much of a binary are symbols and debug information, by its ten largest sections. */
function sizeOf({ size, proof }: Binary): { total: number; symbols: number } | undefined {
  if (proof?.sections === undefined) return undefined
  const symbols = proof.sections.filter(({ name }) => /^\.(symtab|strtab|debug_)/.test(name))
  return { total: size, symbols: symbols.reduce((sum, section) => sum + section.size, 0) }
}
