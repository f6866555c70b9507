import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Binary } from '../report/binary.ts'
import { Failed, Refused } from '../report/ending.ts'
import type { Log } from '../report/log.ts'
import { downloadArtifact } from './artifact.ts'
import { sha256Of } from './digest.ts'
import type { From } from './from.ts'
import { type Opened, openParcel } from './parcel.ts'
import { checkRun, type GithubAccess, type WorkflowRun } from './workflow-run.ts'

/** What the run is about: anything else that arrives is refused. */
type Wanted = { name: string; version: string; binaries: readonly string[] }

export type TakeOptions = {
  from: From
  directory: string
  chosen: readonly Wanted[]
  commit: string | undefined
  /** The names that this run would give to its artifacts: what `run:<id>` without a name takes. */
  artifacts: readonly string[]
  /** Undefined where no repository of GitHub is known. */
  github: GithubAccess | undefined
  scratch: string
  serverUrl: string
  log: Log
  signal: AbortSignal
}

/** Takes what was built elsewhere, and proves that it is what this run is about. */
export async function takeBinaries(options: TakeOptions): Promise<readonly Binary[]> {
  const { from, directory } = options
  if (from.kind === 'artifact') return proven([await openArtifact(from.name, undefined, options)], options)
  if (from.kind === 'run') return proven(await openRun(from, options), options)
  const { path, found } = await pathToTake(from, directory)
  if (found.isDirectory()) return proven([await openParcel(path)], options)
  const file = await fileOf(path, found.size, options)
  return proven([{ binaries: [file], beside: [], commit: undefined }], options)
}

/** A file or a folder, or the refusal that names what is there instead. */
export async function pathToTake(
  from: From & { kind: 'path' },
  directory: string,
): Promise<{ path: string; found: Stats }> {
  const path = resolve(directory, from.path)
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) {
    throw new Refused(
      `\`from\` names ${path}, but there is nothing: check the path, which is seen from the working directory.`,
    )
  }
  if (!found.isFile() && !found.isDirectory()) {
    throw new Refused(`\`from\` names ${path}, which is neither a file nor a folder.`)
  }
  return { path, found }
}

async function openRun(from: From & { kind: 'run' }, options: TakeOptions): Promise<Opened[]> {
  const { github, artifacts, log, signal } = options
  if (github === undefined) {
    throw new Refused('`from` names a run of GitHub Actions, but the repository is not known here: give a path.')
  }
  if (github.token === '') {
    throw new Refused(
      '`from` names another run, and only `github-token` can read its artifacts: give it, with `permissions: actions: read`.',
    )
  }
  const names = from.name === undefined ? artifacts : [from.name]
  if (names.length === 0) {
    throw new Refused('`from` names a run, but `artifact` is `none`, so it says not what to take: run:<id>/<artifact>.')
  }
  const run: WorkflowRun = { ...github, id: from.run }
  await checkRun({ run, log, signal })
  const opened: Opened[] = []
  for (const name of names) opened.push(await openArtifact(name, run, options))
  return opened
}

async function openArtifact(name: string, run: WorkflowRun | undefined, options: TakeOptions): Promise<Opened> {
  const { scratch, serverUrl, signal } = options
  return openParcel(await downloadArtifact({ name, run, scratch, serverUrl, signal }))
}

function proven(opened: readonly Opened[], options: TakeOptions): readonly Binary[] {
  const { from, chosen } = options
  const binaries = opened.flatMap((each) => each.binaries)
  for (const { package: owner, version, name } of binaries) {
    const wanted = chosen.find((candidate) => candidate.name === owner)
    if (wanted === undefined) {
      const about = chosen.map((candidate) => `\`${candidate.name}\``).join(', ')
      throw new Failed(`\`from\` brought the package \`${owner}\`, but this run is about ${about}: check \`package\`.`)
    }
    if (version !== wanted.version) {
      throw new Failed(
        `\`from\` brought ${owner} ${version}, but the Cargo.toml here says ${wanted.version}: check out the commit that was built.`,
      )
    }
    if (!wanted.binaries.includes(name)) {
      throw new Failed(
        `\`from\` brought the binary \`${name}\` of \`${owner}\`, which this run does not name: check \`bin\`.`,
      )
    }
  }
  // A path can hold what was built at any time; an artifact is of the commit that is released.
  const other = opened.find(({ commit }) => from.kind !== 'path' && commit !== undefined && commit !== options.commit)
  if (other?.commit !== undefined && options.commit !== undefined) {
    throw new Failed(
      `The artifact was built from the commit ${other.commit}, but ${options.commit} is checked out: check out the commit that was built.`,
    )
  }
  if (from.sha256 !== undefined) provePin(binaries, from.sha256)
  return binaries
}

function provePin(binaries: readonly Binary[], sha256: string): void {
  const [only, ...others] = binaries
  if (only === undefined || others.length > 0) {
    throw new Failed(`\`from\` pins one digest, but there are ${binaries.length} binaries.`)
  }
  if (only.sha256 !== sha256) {
    throw new Failed(
      `The binary \`${only.name}\` is not the one that \`from\` pins: its SHA-256 is ${only.sha256}, and ${sha256} was expected.`,
    )
  }
}

/** A file says nothing of itself: it is the one binary that this run is about, or there is a question. */
async function fileOf(path: string, size: number, { chosen, signal }: TakeOptions): Promise<Binary> {
  const [only, ...others] = chosen.flatMap(({ name, version, binaries }) =>
    binaries.map((binary) => ({ package: name, version, name: binary })),
  )
  if (only === undefined || others.length > 0) {
    throw new Refused(
      '`from` names one file, but this run is about several binaries: name one with `package` and `bin`.',
    )
  }
  return { ...only, path, size, sha256: await sha256Of(path, signal) }
}
