/**
 * The one table of settings. action.yml, the reusable workflow, the tables in the README and `--help` are written from
 * it, and every door reads by it. A setting stands here only when it works.
 */
export const table = {
  command: {
    kind: 'choice',
    choices: ['plan', 'check', 'build'],
    default: 'build',
    group: 'command',
    about:
      'What to do. `plan` says what a run would do, as JSON; `check` runs the gates; `build` runs them, compiles, proves the binary (or takes what `from` names) and uploads it.',
  },
  'dry-run': {
    kind: 'flag',
    default: false,
    group: 'command',
    about:
      'Check everything and print what would be done, changing nothing (but a toolchain that is missing is installed: without it the project cannot be read).',
    commands: ['check', 'build'],
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
    commands: ['plan', 'build'],
  },
  toolchain: {
    kind: 'text',
    default: '',
    group: 'project',
    about:
      'The Rust toolchain: a channel or version, or the path of one; by default what `rust-toolchain.toml` says, else the one that is there.',
    doorOnly: 'it chooses the cargo that reads that Cargo.toml; rust-toolchain.toml is the place for it',
  },
  target: {
    kind: 'list',
    default: [],
    group: 'project',
    about:
      'The target triples of the build; `*-linux-gnu.2.28` sets the oldest glibc that it must run on. By default musl, static, for the machine type of the runner.',
    commands: ['plan', 'build'],
  },
  files: {
    kind: 'list',
    default: [],
    group: 'project',
    about: 'Files that go with the binary, as patterns below the working directory; `!` leaves out.',
    commands: ['plan', 'build'],
  },
  gates: {
    kind: 'list',
    choices: ['fmt', 'clippy', 'clippy:warn', 'test', 'test:nextest', 'audit', 'audit:warn', 'deny', 'deny:warn'],
    default: ['fmt', 'clippy', 'test', 'audit'],
    group: 'gates',
    about:
      'What must pass before anything is given out: `fmt`, `clippy`, `test`, `audit`, `deny`. `:warn` after clippy, audit or deny reports without failing; `test:nextest` runs the tests with nextest, as `test` does where the project has `.config/nextest.toml`; `none` runs no gate.',
  },
  'clippy-args': {
    kind: 'words',
    default: [],
    group: 'gates',
    about: 'More arguments of `cargo clippy`, in quotes where they hold spaces.',
  },
  'test-args': {
    kind: 'words',
    default: [],
    group: 'gates',
    about: 'More arguments of `cargo test` (or nextest); after `--` those of the test programs.',
  },
  'test-target': {
    kind: 'text',
    default: '',
    group: 'gates',
    about: 'The target triple for clippy and tests; by default that of the runner. A foreign one needs an emulator.',
  },
  cache: {
    kind: 'choice',
    choices: ['auto', 'read-write', 'read', 'off'],
    default: 'auto',
    group: 'cache',
    about:
      'Compiled dependencies of earlier runs: `auto` reads and writes on the default branch, reads on others, and is off for tags and releases.',
  },
  artifact: {
    kind: 'text',
    default: '',
    group: 'artifact',
    about: 'The name of the uploaded artifact, by default `<package>-<target>`; `none` uploads nothing.',
    commands: ['plan', 'build'],
  },
  from: {
    kind: 'text',
    default: '',
    group: 'artifact',
    about:
      'Take a binary instead of compiling it: a path, `artifact:<name>` of this run, or `run:<id>` of another one; `@sha256:<digest>` at the end pins its bytes.',
    commands: ['plan', 'build'],
  },
  attest: {
    kind: 'choice',
    choices: ['auto', 'required', 'off'],
    default: 'auto',
    group: 'artifact',
    about:
      'Sign with GitHub that this workflow built the binary: `auto` where the job has the right (`id-token: write`, `attestations: write`), `required` fails without it.',
    commands: ['plan', 'build'],
  },
  auditable: {
    kind: 'flag',
    default: false,
    group: 'artifact',
    about: 'Write the list of dependencies into the binary (cargo-auditable), for scanners to read later.',
    commands: ['plan', 'build'],
  },
  'cargo-git-token': {
    kind: 'text',
    default: '',
    group: 'artifact',
    about:
      'A token that reads private git dependencies. Only `cargo fetch` gets it; what compiles and runs after that is offline.',
    secret: true,
  },
  'github-token': {
    kind: 'text',
    default: '',
    group: 'artifact',
    about: "The token of GitHub's API, which `from: run:<id>` needs (`actions: read`).",
    secret: true,
    stepDefault: 'github.token',
  },
  'tools-mirror': {
    kind: 'text',
    default: '',
    group: 'artifact',
    about: 'A server of your own for the pinned tools (docs/tools-mirror.md says what it must hold).',
  },
} as const satisfies Record<string, Setting>

/** The groups in the order in which people read them. */
export const groups = {
  command: 'What to do',
  project: 'The project',
  gates: 'The gates',
  cache: 'The cache',
  artifact: 'Sources, tools and artifacts',
} as const

export type Name = keyof typeof table
export type CommandName = (typeof table)['command']['choices'][number]

/** Every setting with its value, under the name that stands in the workflow. */
export type Settings = { readonly [N in Name]: ValueOf<(typeof table)[N]> }

export type Setting = {
  kind: 'text' | 'path' | 'list' | 'words' | 'flag' | 'choice'
  /** Of a choice, or of each item of a list. */
  choices?: readonly string[]
  default: string | boolean | readonly string[]
  group: keyof typeof groups
  about: string
  /** It comes only from an input or the environment, is masked before anything prints, and is refused in Cargo.toml. */
  secret?: true
  /** The expression that action.yml gives to every step; for all others an input that is not set must stay so. */
  stepDefault?: string
  /** Why it cannot stand in Cargo.toml. */
  doorOnly?: string
  /** It chooses between packages, so no package can say it of itself. */
  workspaceOnly?: true
  /** The commands that use it; all, when this is absent. Given with another one it is an error, never ignored. */
  commands?: readonly string[]
}

type ValueOf<S> = S extends { kind: 'choice'; choices: readonly (infer C)[] }
  ? C
  : S extends { kind: 'list' | 'words' }
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
