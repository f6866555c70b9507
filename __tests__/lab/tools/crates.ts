/** A program that is compiled from its crate, whose home releases it in places that a test may not reach. */
export type ToolCrate = {
  name: string
  version: string
  /** What `cargo install` gets for it beside the version. */
  args: readonly string[]
}

/** The programs that the gates and the build run: the same versions that the product pins. */
export const TOOL_CRATES: readonly ToolCrate[] = [
  { name: 'cargo-auditable', version: '0.7.5', args: [] },
  { name: 'cargo-audit', version: '0.22.2', args: [] },
  { name: 'cargo-deny', version: '0.20.2', args: [] },
  // Its features are for replacing itself and for tracing probes.
  { name: 'cargo-nextest', version: '0.9.143', args: ['--no-default-features'] },
]
