import type { Environment } from '../process/environment.ts'
import type { Chosen } from '../project/choice.ts'
import type { GitFacts } from '../project/git.ts'
import type { Project } from '../project/metadata.ts'
import type { Origins } from '../settings/settle.ts'
import type { Settings } from '../settings/table.ts'
import type { Rustc } from '../toolchain/rustc.ts'

/** What the door knows of the place where we run. */
export type Surroundings = {
  /** The whole environment of our own process; what children get is always less. */
  environment: Environment
  /** Of the git server that private dependencies live on. */
  serverUrl: string
  hasArtifactService: boolean
  /** For what one run needs and nobody after it. */
  scratch: string
}

/** Everything that is settled before the first step: no step asks again. */
export type Facts = {
  settings: Settings
  origins: Origins
  project: Project
  chosen: readonly Chosen[]
  rustc: Rustc
  git: GitFacts | undefined
  surroundings: Surroundings
}
