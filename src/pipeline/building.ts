import { type Uploaded, uploadArtifact } from '../build/artifact.ts'
import type { Binary } from '../report/binary.ts'
import { attestStep } from './attesting.ts'
import { cacheSteps } from './caching.ts'
import { clearStep } from './clearing.ts'
import { CompiledUnits, unitsRecord } from './compiled.ts'
import { compileSteps } from './compiling.ts'
import type { Facts } from './facts.ts'
import { fetchStep } from './fetching.ts'
import { gateSteps } from './gating.ts'
import { linkStep } from './linking.ts'
import { type Packed, packStep } from './packing.ts'
import { partsStep } from './parts.ts'
import { artifactsOf } from './plan.ts'
import { besideEachOther, inTurnUnless, Step } from './step.ts'
import type { Work } from './work.ts'

/** The way from source to a binary that other jobs can take. */
export function buildingPipeline(facts: Facts): Work {
  const compiled = new CompiledUnits(facts.lock)
  const parts = partsStep(facts)
  const fetch = fetchStep(facts)
  const link = linkStep(facts)
  const gates = gateSteps(facts, { compiled, explains: () => caches.isExact() })
  const caches = cacheSteps(facts, () => link.result)
  const compile = compileSteps(facts, { link, compiled, explains: () => caches.isExact() })
  const binaries = () => compile.flatMap((step) => (step.hasRun ? step.result.binaries : []))
  const pack = packStep(facts, { link, compile })
  const upload = uploadStep(facts, () => ({ binaries: binaries(), packed: pack.result }))
  return {
    pipeline: [
      clearStep(facts),
      besideEachOther([parts], caches.restoringHome),
      besideEachOther([fetch, link], caches.bringingDependencies),
      caches.restoreDependencies,
      besideEachOther(
        [...caches.saving, inTurnUnless(() => mayBuildBesideGates(facts, caches.isExact()), gates.compiling, compile)],
        ...gates.quick.map((gate) => [gate]),
      ),
      ...caches.verifying(compiled),
      pack,
      upload,
      attestStep(facts, () => ({ binaries: binaries(), archives: archivesOf(pack) })),
    ],
    results: () => ({
      gates: gates.records(),
      caches: caches.records(),
      units: unitsRecord(caches.cooked(), compiled.units),
      advice: pack.hasRun ? pack.result.flatMap(({ advice }) => advice) : [],
      // What was built while a gate found something is for nobody.
      binaries: pack.hasRun ? binaries() : [],
      uploaded: upload.hasRun ? upload.result : [],
    }),
  }
}

/**
 * When the dependencies are there, what is left is a few crates, and compiling one has long stretches on a single core.
 * Two cargos that compile everything would only fight for memory. And gates that write where the build writes must have
 * ended before: of two builds with different flags the later one would be delivered.
 */
function mayBuildBesideGates({ settings }: Facts, hasDependencies: boolean): boolean {
  const areGatesPlain = settings['test-args'].length === 0 && settings['clippy-args'].length === 0
  return hasDependencies && areGatesPlain && !['dev', 'test'].includes(settings.profile)
}

function archivesOf(pack: Step<readonly Packed[]>): string[] {
  if (!pack.hasRun) return []
  return pack.result.flatMap(({ beside }) => beside.flatMap(({ kind, path }) => (kind === 'archive' ? [path] : [])))
}

type ToUpload = { binaries: readonly Binary[]; packed: readonly Packed[] }

function uploadStep(facts: Facts, made: () => ToUpload): Step<readonly Uploaded[]> {
  const { targets, surroundings, git } = facts
  const wanted = artifactsOf(facts, targets)
  return new Step({
    name: 'artifact',
    title: `Upload ${wanted.map(({ name }) => name).join(', ') || 'the artifact'}`,
    applies: () => {
      if (wanted.length === 0) return '`artifact` is `none`'
      return surroundings.hasArtifactService || 'not in GitHub Actions'
    },
    plan: () => wanted.map(({ name, package: owner }) => `upload the binaries of ${owner} as the artifact ${name}`),
    run: async ({ log, signal }) => {
      const { binaries, packed } = made()
      const uploaded: Uploaded[] = []
      for (const { name, package: owner, target } of wanted) {
        const own = binaries.filter((binary) => binary.package === owner && binary.target === target)
        const names = own.map((binary) => binary.name)
        const beside = packed.find(({ triple }) => triple === target)?.beside ?? []
        const one = await uploadArtifact({
          name,
          binaries: own,
          beside: beside.filter((each) => names.includes(each.binary)),
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
}
