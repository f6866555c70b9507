const NAMED = 3

/** What is built is not what the commit says: the paths, while they are few. Undefined when nothing differs. */
export function differenceFrom(
  { sha, dirty }: { sha: string; dirty: readonly string[] },
  shown = (text: string) => text.replace(/[\x00-\x1f\x7f-\x9f\s]+/g, ' '),
): string | undefined {
  if (dirty.length === 0) return undefined
  const paths = dirty.slice(0, NAMED).map(shown)
  const more = dirty.length - paths.length
  const named = more > 0 ? [...paths, `${more} more path${more === 1 ? '' : 's'}`] : paths
  const listed = named.length === 1 ? named[0] : `${named.slice(0, -1).join(', ')} and ${named.at(-1)}`
  return `The working tree differs from the commit ${shown(sha.slice(0, 12))}: ${listed}.`
}
