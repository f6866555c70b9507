import { groups, names, settingOf } from './table.ts'
import { variableOf } from './variables.ts'

/** `--help`: every setting of the table, by group. */
export function helpText(columns: number): string {
  const width = Math.max(60, Math.min(columns, 100))
  const sections = Object.entries(groups).map(([group, title]) => {
    const entries = names.filter((name) => settingOf(name).group === group).map((name) => entryOf(name, width))
    return `${title}:\n${entries.join('')}`
  })
  return [
    'Prove, build and deploy Rust services.\n',
    `Usage: rust-deploy [${settingOf('command').choices?.join('|')}] [--<setting> <value> …]\n`,
    ...sections,
    wrapped(
      'Each setting is also read from RUST_DEPLOY_<NAME>, and all but secrets, working-directory, environment and toolchain from [package.metadata.rust-deploy] in Cargo.toml. A value @<path> is the content of that file. --help and --version print and end.',
      width,
      0,
    ),
    wrapped(
      'Exit codes: 0 done, 1 failed, 2 refused before anything changed; a run that is stopped by a signal ends by that signal.',
      width,
      0,
    ),
  ].join('\n')
}

function entryOf(name: (typeof names)[number], width: number): string {
  const { kind, about, secret, choices } = settingOf(name)
  const value = kind === 'flag' ? '' : kind === 'choice' ? ` ${choices?.join('|')}` : ` <${kind}>`
  const extra = [defaultOf(name), secret && `A secret: only by ${variableOf(name)} or @<file>.`].filter(Boolean)
  return `  --${name}${value}\n${wrapped([about, ...extra].join(' '), width, 6)}`
}

/** The default as a sentence; nothing where the meaning already says what happens. */
export function defaultOf(name: (typeof names)[number]): string {
  const { default: value } = settingOf(name)
  const shown = typeof value === 'boolean' ? '' : typeof value === 'string' ? value : value.join(', ')
  return shown === '' ? '' : `(default: \`${shown}\`)`
}

function wrapped(text: string, width: number, indent: number): string {
  const lines = ['']
  for (const word of text.replaceAll('`', '').split(' ')) {
    const last = lines.at(-1) ?? ''
    if (last !== '' && indent + last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines.map((line) => `${' '.repeat(indent)}${line}\n`).join('')
}
