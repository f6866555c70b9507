import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Binary } from '../report/binary.ts'
import { Failed, Refused } from '../report/ending.ts'
import { downloadArtifact } from './artifact.ts'
import { sha256Of } from './digest.ts'
import type { From } from './from.ts'
import { type Opened, openParcel } from './parcel.ts'

/** What the run is about: anything else that arrives is refused. */
type Wanted = { name: string; version: string; binaries: readonly string[] }

export type TakeOptions = {
  from: From
  directory: string
  chosen: readonly Wanted[]
  commit: string | undefined
  scratch: string
  serverUrl: string
  signal: AbortSignal
}

/** Takes what was built elsewhere, and proves that it is what this run is about. */
export async function takeBinaries(options: TakeOptions): Promise<readonly Binary[]> {
  const { from, directory, scratch, serverUrl, signal } = options
  if (from.kind === 'artifact') {
    const folder = await downloadArtifact({ name: from.name, scratch, serverUrl, signal })
    return proven(await openParcel(folder), options)
  }
  const path = resolve(directory, from.path)
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw new Refused(`\`from\` names ${path}, but there is nothing.`)
  if (found.isDirectory()) return proven(await openParcel(path), options)
  if (!found.isFile()) throw new Refused(`\`from\` names ${path}, which is neither a file nor a folder.`)
  return proven({ binaries: [await fileOf(path, found.size, options)], commit: undefined }, options)
}

function proven({ binaries, commit }: Opened, options: TakeOptions): readonly Binary[] {
  const { from, chosen } = options
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
  // Within one run there is one commit; a path can hold what was built at any time.
  if (from.kind === 'artifact' && commit !== undefined && options.commit !== undefined && commit !== options.commit) {
    throw new Failed(
      `The artifact ${from.name} was built from the commit ${commit}, but ${options.commit} is checked out.`,
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
