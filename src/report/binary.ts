/** A binary that exists, with everything that later steps and other jobs must know of it. */
export type Binary = {
  package: string
  version: string
  name: string
  /** Unknown for a file that somebody else built, until its headers are read. */
  target?: string
  path: string
  size: number
  sha256: string
  /** What its headers say; absent until they are read. */
  proof?: {
    /** In one line, for people. */
    said: string
    static?: boolean
    stripped?: boolean
    /** The oldest glibc that it starts with; absent when it needs none. */
    minGlibc?: string
    /** The libraries that it must find where it runs. */
    needed?: readonly string[]
    buildId?: string
    /** How many paths of the building machine stand in it. */
    leaks?: number
    /** The ten largest. */
    sections?: readonly { name: string; size: number }[]
  }
}
