/** A part of the lab as the command `npm run lab -- <name>` and the preparation of a test run see it. */
export type LabPart = {
  name: string
  about: string
  /** Why it cannot run on this machine; undefined when it can. */
  whyNot(): string | undefined
  /** Makes all that is slow and kept: packages, trees, programs. Doing it again costs almost nothing. */
  prepare(): Promise<void>
  /** Starts it for a developer at a terminal; `lines` say how to reach and use it. */
  show(args: readonly string[]): Promise<AsyncDisposable & { lines: readonly string[] }>
}
