import type { MatchedFile } from '../build/files.ts'
import type { LockFile } from '../cache/lock-file.ts'
import type { Environment } from '../process/environment.ts'
import type { Chosen } from '../project/choice.ts'
import type { GitFacts } from '../project/git.ts'
import type { Project } from '../project/metadata.ts'
import type { Origins } from '../settings/settle.ts'
import type { Settings } from '../settings/table.ts'
import type { InstalledToolchain } from '../toolchain/install.ts'
import type { Rustc } from '../toolchain/rustc.ts'
import type { Target } from '../toolchain/target.ts'
import type { Gate } from './wanted-gates.ts'

/** What set the run off. */
export type Event = {
  /** Empty outside of a workflow. */
  name: string
  ref: string
  refType: 'branch' | 'tag' | undefined
  defaultBranch: string | undefined
  /** Whether it is a pull request whose code comes from another repository. */
  isFork: boolean
}

export type Machine = {
  /** As the runner calls them: `Linux`, `X64`. */
  os: string
  arch: string
  /** Which of GitHub's images this is. */
  imageOs: string | undefined
  /** Whether programs may be installed on it as on no machine of somebody's own. */
  isThrownAway: boolean
  isRoot: boolean
}

/** What the door knows of the place where we run. */
export type Surroundings = {
  /** The whole environment of our own process; what children get is always less. */
  environment: Environment
  /** Of the git server that private dependencies live on. */
  serverUrl: string
  apiUrl: string
  /** `owner/name`, where a workflow runs us. */
  repository: string
  event: Event
  machine: Machine
  hasArtifactService: boolean
  /** The runner offers tokens that say who we are. */
  hasIdToken: boolean
  inActions: boolean
  hasCacheService: boolean
  cacheMode: string | undefined
  /** Of this program. */
  version: string
  /** Whether the log shows colours. */
  colour: boolean
  /** For what one run needs and nobody after it. */
  scratch: string
  toolFolder: string
  transfer: readonly [string, ...string[]]
}

/** Everything that is settled before the first step: no step asks again. */
export type Facts = {
  settings: Settings
  origins: Origins
  project: Project
  chosen: readonly Chosen[]
  targets: readonly Target[]
  gates: readonly Gate[]
  /** What goes with every binary. */
  files: readonly MatchedFile[]
  rustc: Rustc
  /** Empty where nothing is compiled. */
  lock: LockFile
  git: GitFacts | undefined
  toolchain: InstalledToolchain
  /** Of everything that runs code of the project or of its dependencies. */
  environment: Environment
  surroundings: Surroundings
}

/** The top of the repository, from which places in the code are told. */
export function repositoryRoot({ git, project }: Facts): string {
  return git?.root ?? project.workspaceRoot
}
