import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { Failed, Refused } from '../report/ending.ts'
import { downloadArtifact } from './artifact.ts'
import type { Binary } from './binary.ts'
import { sha256Of } from './digest.ts'
import type { From } from './from.ts'
import { openParcel } from './parcel.ts'

export type TakeOptions = {
  from: From
  directory: string
  /** What the run is about; anything else that arrives is refused. */
  chosen: readonly { name: string; version: string; binaries: readonly string[] }[]
  scratch: string
  serverUrl: string
  signal: AbortSignal
}

/** Takes what was built elsewhere, and proves that it is what this run is about. */
export async function takeBinaries({
  from,
  directory,
  chosen,
  scratch,
  serverUrl,
  signal,
}: TakeOptions): Promise<Binary[]> {
  const binaries =
    from.kind === 'artifact'
      ? await openParcel(await downloadArtifact({ name: from.name, scratch, serverUrl, signal }))
      : await fromPath(resolve(directory, from.path), chosen)

  for (const binary of binaries) {
    if (!chosen.some(({ name }) => name === binary.package)) {
      throw new Failed(
        `\`from\` brought the package \`${binary.package}\`, but this run is about ${chosen.map(({ name }) => `\`${name}\``).join(', ')}: check \`package\`.`,
      )
    }
  }
  if (from.sha256 !== undefined) {
    const [only, ...others] = binaries
    if (only === undefined || others.length > 0) {
      throw new Failed(`\`from\` pins one digest, but there are ${binaries.length} binaries.`)
    }
    if (only.sha256 !== from.sha256) {
      throw new Failed(
        `The binary \`${only.name}\` is not the one that \`from\` pins: its SHA-256 is ${only.sha256}, and ${from.sha256} was expected.`,
      )
    }
  }
  return binaries
}

async function fromPath(path: string, chosen: TakeOptions['chosen']): Promise<Binary[]> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw new Refused(`\`from\` names ${path}, but there is nothing.`)
  if (found.isDirectory()) return openParcel(path)
  const [only, ...others] = chosen
  if (only === undefined || others.length > 0) {
    throw new Refused('`from` names one file, but this run is about several packages: name one with `package`.')
  }
  const { name, version } = only
  return [{ package: name, version, name: basename(path), path, size: found.size, sha256: await sha256Of(path) }]
}
