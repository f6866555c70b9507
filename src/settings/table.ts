/**
 * The one table of settings. action.yml, the reusable workflow, the tables in the README and `--help` are written from
 * it, and every door reads by it. A setting stands here only when it works.
 */
export const table = {
  command: {
    kind: 'choice',
    choices: ['plan', 'build'],
    default: 'build',
    group: 'command',
    about:
      'What to do. `plan` says what a run would do, as JSON; `build` compiles, or takes what `from` names, and uploads it.',
  },
  'dry-run': {
    kind: 'flag',
    default: false,
    group: 'command',
    about: 'Check everything and print what would be done, changing nothing.',
    commands: ['build'],
  },
  'working-directory': {
    kind: 'path',
    default: '.',
    group: 'project',
    about: 'The folder with the Cargo.toml of the project.',
    doorOnly: 'it says where that Cargo.toml is',
  },
  environment: {
    kind: 'text',
    default: '',
    group: 'project',
    about:
      'The deployment environment; its section `[package.metadata.rust-deploy.environments.<name>]` in Cargo.toml wins over the general one.',
    doorOnly: 'it chooses which of its sections are read',
  },
  package: {
    kind: 'list',
    default: [],
    group: 'project',
    about: 'The packages to build; by default the one that has binaries.',
    workspaceOnly: true,
  },
  bin: {
    kind: 'list',
    default: [],
    group: 'project',
    about: 'The binaries to build, or `all`; by default the only one, or the one that `default-run` names.',
  },
  features: {
    kind: 'list',
    default: [],
    group: 'project',
    about: 'Cargo features: names, `all`, and `-default` to leave out the default ones.',
  },
  profile: {
    kind: 'text',
    default: 'release',
    group: 'project',
    about: 'The Cargo profile of the build.',
  },
  artifact: {
    kind: 'text',
    default: '',
    group: 'artifact',
    about: 'The name of the uploaded artifact, by default `<package>-<target>`; `none` uploads nothing.',
  },
  from: {
    kind: 'text',
    default: '',
    group: 'artifact',
    about:
      'Take a binary instead of compiling it: a path, or `artifact:<name>` of this run; `@sha256:<digest>` at the end pins its bytes.',
  },
  'cargo-git-token': {
    kind: 'text',
    default: '',
    group: 'artifact',
    about: 'A token that reads private git dependencies. Only `cargo fetch` gets it; everything after runs offline.',
    secret: true,
  },
} as const satisfies Record<string, Setting>

/** The groups in the order in which people read them. */
export const groups = {
  command: 'What to do',
  project: 'The project',
  artifact: 'Sources and artifacts',
} as const

export type Name = keyof typeof table
export type CommandName = (typeof table)['command']['choices'][number]

/** Every setting with its value, under the name that stands in the workflow. */
export type Settings = { readonly [N in Name]: ValueOf<(typeof table)[N]> }

export type Setting = {
  kind: 'text' | 'path' | 'list' | 'flag' | 'choice'
  choices?: readonly string[]
  default: string | boolean | readonly string[]
  group: keyof typeof groups
  about: string
  /** It comes only from an input or the environment, is masked before anything prints, and is refused in Cargo.toml. */
  secret?: true
  /** Why it cannot stand in Cargo.toml. */
  doorOnly?: string
  /** It chooses between packages, so no package can say it of itself. */
  workspaceOnly?: true
  /** The commands that use it; all, when this is absent. Given with another one it is an error, never ignored. */
  commands?: readonly string[]
}

type ValueOf<S> = S extends { kind: 'choice'; choices: readonly (infer C)[] }
  ? C
  : S extends { kind: 'list' }
    ? readonly string[]
    : S extends { kind: 'flag' }
      ? boolean
      : string

export const names = Object.keys(table) as readonly Name[]

export function isName(name: string): name is Name {
  return Object.hasOwn(table, name)
}

/** The entry of a setting, with the optional fields that the literal types of the table leave out. */
export function settingOf(name: Name): Setting {
  return table[name]
}
