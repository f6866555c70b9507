import { Refused } from '../report/ending.ts'

/** One pattern of `files`, read: names of folders and files, or `**` for any number of folders. */
export type Glob = { text: string; segments: readonly ('**' | readonly Token[])[] }

/** `*`, or a test of one character. */
type Token = '*' | ((character: string) => boolean)

/** Where in a pattern a path stands. Positions, since `**` can stand for nothing or go on. */
export type Reached = readonly number[]

/** `*` and `?` within a name, `[a-z]` and `[!a-z]` for one character, `**` for folders. */
export function parseGlob(text: string): Glob {
  const wrong = reasonAgainst(text)
  if (wrong !== undefined) throw new Refused(`\`files\` has the pattern ${JSON.stringify(text)}, ${wrong}.`)
  const names = text.split('/').filter((name) => name !== '' && name !== '.')
  return { text, segments: names.map((name) => (name === '**' ? name : tokensOf(name))) }
}

function reasonAgainst(text: string): string | undefined {
  if (/^([/~]|[A-Za-z]:)/.test(text)) return 'but patterns are relative to the project: write it as seen from there'
  if (text.includes('\\')) return 'but folders are parted by /, and [*] stands for a star itself'
  if (text.split('/').includes('..'))
    return 'but nothing outside the project can be taken: copy it into the project first'
  if (text.split('/').every((name) => name === '' || name === '.')) return 'which names nothing: `**` means everything'
  return undefined
}

export function begin({ segments }: Glob): Reached {
  return closed(segments, [0])
}

/** One name further down. What is complete stays so: everything in a folder that matches comes with it. */
export function advance({ segments }: Glob, reached: Reached, name: string): Reached {
  const next = reached.flatMap((at) => {
    const segment = segments[at]
    if (segment === undefined || segment === '**') return [at]
    return matches(segment, name) ? [at + 1] : []
  })
  return closed(segments, next)
}

export function isComplete({ segments }: Glob, reached: Reached): boolean {
  return reached.includes(segments.length)
}

function closed(segments: Glob['segments'], reached: readonly number[]): Reached {
  const all = new Set(reached)
  for (const at of all) if (segments[at] === '**') all.add(at + 1)
  return [...all]
}

/** Goes back to the last star only, so that no pattern takes long, whatever the names are. */
function matches(tokens: readonly Token[], name: string): boolean {
  const characters = [...name]
  let [token, at] = [0, 0]
  let star: { token: number; at: number } | undefined
  while (at < characters.length) {
    const test = tokens[token]
    if (test === '*') {
      star = { token, at }
      token += 1
    } else if (test?.(characters[at] ?? '')) {
      token += 1
      at += 1
    } else if (star === undefined) {
      return false
    } else {
      star.at += 1
      token = star.token + 1
      at = star.at
    }
  }
  return tokens.slice(token).every((rest) => rest === '*')
}

function tokensOf(name: string): Token[] {
  // A bracket without its end is an ordinary character.
  return [...name.matchAll(/\[(!?)(\]?[^\]]*)\]|\*+|./gsu)].map(([text, not, set]) => {
    if (set !== undefined && set !== '') return classOf(set, not === '!')
    if (text.startsWith('*')) return '*'
    if (text === '?') return () => true
    return (character) => character === text
  })
}

function classOf(set: string, not: boolean): (character: string) => boolean {
  const ranges = [...set.matchAll(/(.)-(.)|./gsu)].map(([one, from = one, to = one]) => [from, to] as const)
  return (character) => ranges.some(([from, to]) => from <= character && character <= to) !== not
}
