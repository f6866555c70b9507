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
}
