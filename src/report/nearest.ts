/** The known name that was probably meant, or undefined when none is near enough to be worth saying. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const plain = name.toLowerCase().replaceAll('_', '-')
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(plain, candidate) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best !== undefined && best.distance <= Math.max(2, plain.length / 3) ? best.candidate : undefined
}

/** `did you mean …?` as the end of a sentence, or another end. */
export function didYouMean(
  name: string,
  known: readonly string[],
  shown = (near: string) => near,
  otherwise = '.',
): string {
  const near = nearest(name, known)
  return near === undefined ? otherwise : `; did you mean \`${shown(near)}\`?`
}

/** Insertions, deletions, replacements and swapped neighbours, each counted as one. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(at(row, j - 1) + 1, at(last, j) + 1, at(last, j - 1) + (same ? 0 : 1))
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, at(beforeLast, j - 2) + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
