import { Refused } from '../report/ending.ts'
import { checkArtifactName } from './artifact-name.ts'

/** Where a binary comes from that is not compiled here, and the digest that it must have, if one was named. */
export type From = (
  | { kind: 'path'; path: string }
  | { kind: 'artifact'; name: string }
  /** Another run of this repository; without a name it is the artifact that this run would have made itself. */
  | { kind: 'run'; run: number; name: string | undefined }
) & { sha256: string | undefined }

const ARTIFACT = 'artifact:'
const RUN = 'run:'
const PIN = '@sha256:'

export function parseFrom(text: string): From {
  const at = text.lastIndexOf(PIN)
  const place = at < 0 ? text : text.slice(0, at)
  const sha256 = at < 0 ? undefined : text.slice(at + PIN.length).toLowerCase()
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new Refused(`\`from\` ends in ${PIN}, but what follows is not a SHA-256 digest of 64 hexadecimal digits.`)
  }
  if (place.startsWith(RUN)) return { ...parseRun(place.slice(RUN.length)), sha256 }
  if (!place.startsWith(ARTIFACT)) {
    if (place === '') throw new Refused('`from` names a digest, but no path and no artifact.')
    return { kind: 'path', path: place, sha256 }
  }
  const name = place.slice(ARTIFACT.length)
  if (name === '') throw new Refused('`from` says artifact:, but not which: artifact:<name>.')
  return { kind: 'artifact', name: checkArtifactName(name, '`from`'), sha256 }
}

function parseRun(text: string): { kind: 'run'; run: number; name: string | undefined } {
  const [, digits = '', name] = /^(\d+)(?:\/(.*))?$/s.exec(text) ?? []
  const run = Number(digits)
  if (!Number.isSafeInteger(run) || run === 0 || name === '') {
    throw new Refused(
      `\`from\` says ${RUN}${text}, but a run is named by the number in its address: run:<id> or run:<id>/<artifact>.`,
    )
  }
  return { kind: 'run', run, name: name === undefined ? undefined : checkArtifactName(name, '`from`') }
}
