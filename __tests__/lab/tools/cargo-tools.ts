import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from '../ground/cached.ts'
import { compiledTools } from './compiled.ts'
import { TOOL_CRATES } from './crates.ts'
import { ZIG, ZIGBUILD, zigbuildProgram, zigProgram } from './wheels.ts'

export type CargoTools = {
  /** To be put on a PATH: it holds all of them and nothing else. */
  folder: string
  /** All of them as GitHub's runners keep tools: for RUNNER_TOOL_CACHE. */
  toolCache: string
  /** Where each really stands, by its name. */
  programs: ReadonlyMap<string, string>
}

export const TOOL_VERSIONS: ReadonlyMap<string, string> = new Map([
  ...TOOL_CRATES.map(({ name, version }) => [name, version] as const),
  ['cargo-zigbuild', ZIGBUILD.version],
  ['zig', ZIG.version],
])

/** The real cargo-audit, cargo-deny, cargo-nextest, cargo-auditable, cargo-zigbuild and zig. */
export async function cargoTools(): Promise<CargoTools> {
  const [compiled, zigbuild, zig] = await Promise.all([compiledTools(), zigbuildProgram(), zigProgram()])
  const programs = new Map([...compiled, ['cargo-zigbuild', zigbuild], ['zig', zig]])
  const [folder, toolCache] = await Promise.all([
    cached('cargo-tools', [...programs], async (links) => linkAll(programs, links)),
    cached('tool-cache', [...programs, process.arch], async (kept) => keepAll(programs, kept)),
  ])
  return { folder, toolCache, programs }
}

function linkAll(programs: ReadonlyMap<string, string>, folder: string): void {
  for (const [name, program] of programs) symlinkSync(program, join(folder, name))
}

function keepAll(programs: ReadonlyMap<string, string>, folder: string): void {
  for (const [name, version] of TOOL_VERSIONS) {
    const kept = join(folder, name, version, process.arch)
    mkdirSync(kept, { recursive: true })
    symlinkSync(programs.get(name) ?? '', join(kept, name))
    writeFileSync(`${kept}.complete`, '')
  }
}
