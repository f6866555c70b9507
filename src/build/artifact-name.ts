import { Refused } from '../report/ending.ts'

/** What GitHub refuses in the name of an artifact, known before a build is spent on it; a name becomes a folder too. */
export function checkArtifactName(name: string, where: string): string {
  const wrong = /[":<>|*?\\/\r\n]/.exec(name)?.[0]
  if (wrong !== undefined) {
    throw new Refused(
      `${where} names the artifact \`${name}\`, but ${JSON.stringify(wrong)} cannot stand in such a name.`,
    )
  }
  if (name === '.' || name === '..') throw new Refused(`${where} names the artifact \`${name}\`, which is no name.`)
  return name
}
