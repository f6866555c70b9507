/**
 * Of what somebody adds to the arguments of a gate, all that decides which units of dependencies it needs, as cargo takes
 * it and always written in the same way. What only selects among the project's own targets is not: `cargo check`, which
 * stands in for all of them, would not know it.
 */
export function unitArguments(args: readonly string[], program: 'cargo' | 'nextest'): string[] {
  const profile = program === 'nextest' ? '--cargo-profile' : '--profile'
  const cargoPart = args.includes('--') ? args.slice(0, args.indexOf('--')) : args
  return cargoPart.flatMap((word, index) =>
    optionsIn(word).flatMap(({ name, value = cargoPart[index + 1] ?? '' }) => {
      if (DECIDING.includes(name)) return [name]
      if (name !== profile && !DECIDING_BY_VALUE.includes(name)) return []
      // Without its value the gate itself will be refused.
      return value === '' || value.startsWith('-') ? [] : [name === profile ? '--profile' : name, value]
    }),
  )
}

/** The profile that such arguments ask for. */
export function profileIn(args: readonly string[]): string | undefined {
  if (args.includes('--release')) return 'release'
  const asked = args.lastIndexOf('--profile')
  return asked < 0 ? undefined : args[asked + 1]
}

/** The last decides nothing but whether cargo compiles at all. */
const DECIDING = ['--release', '--all-features', '--no-default-features', '--ignore-rust-version']
/** The features of what is excluded are not unified with those of the rest. A package that is named is one of all. */
const DECIDING_BY_VALUE = ['--features', '--target', '--exclude', '--config', '-Z']

const LONG_FOR: Readonly<Record<string, string>> = { '-r': '--release', '-F': '--features' }
/** Of cargo and of nextest: the rest of the word, or the next word, is theirs. */
const SHORT_WITH_VALUE = /[FZpjPE]/

type Option = { name: string; value?: string | undefined }

/** What a word holds: `--features=x`, or several short ones, of which the last can have its value, as in `-vrFx`. */
function optionsIn(word: string): Option[] {
  const long = /^(--[^=]+)(?:=(.*))?$/s.exec(word)
  if (long !== null) return [{ name: long[1] ?? '', value: long[2] }]
  if (!/^-[^-]/.test(word)) return []
  const letters = word.slice(1)
  const end = letters.search(SHORT_WITH_VALUE)
  const named = (letter: string, value?: string): Option => ({ name: LONG_FOR[`-${letter}`] ?? `-${letter}`, value })
  if (end < 0) return [...letters].map((letter) => named(letter))
  const joined = letters.slice(end + 1).replace(/^=/, '')
  return [
    ...[...letters.slice(0, end)].map((letter) => named(letter)),
    named(letters.charAt(end), joined === '' ? undefined : joined),
  ]
}
