import { isAbsolute } from 'node:path'
import { Refused } from '../report/ending.ts'
import { missingFromSysroot } from './found-parts.ts'
import { isOfficial } from './names.ts'
import { askRustup, letRustup, type RustupOptions } from './rustup.ts'

/** What a toolchain can have beside its compiler. */
export type Parts = { components: readonly string[]; targets: readonly string[] }

export type PartsOptions = RustupOptions &
  Parts & {
    /** Both as they came out of installing the toolchain. */
    hasRustup: boolean
  }

/** Adds what the toolchain lacks, and names it. Where rustup is not in charge nothing can be added, only missed. */
export async function addParts(options: PartsOptions): Promise<string[]> {
  const { components, targets } = await missingParts(options)
  const toolchain = options.environment['RUSTUP_TOOLCHAIN'] ?? ''
  if (components.length > 0) await letRustup(options, ['component', 'add', '--toolchain', toolchain, ...components])
  if (targets.length > 0) await letRustup(options, ['target', 'add', '--toolchain', toolchain, ...targets])
  return [...components, ...targets]
}

async function missingParts(options: PartsOptions): Promise<Parts> {
  if (options.components.length === 0 && options.targets.length === 0) return options
  const toolchain = options.environment['RUSTUP_TOOLCHAIN'] ?? ''
  const managed = options.hasRustup && isOfficial(toolchain)
  if (!managed) {
    const missing = await missingFromSysroot(options)
    if (missing !== undefined) throw new Refused(missing)
    return { components: [], targets: [] }
  }
  const installed = await installedParts(options, toolchain)
  return installed === undefined ? options : lacking(options, installed)
}

/** What rustup has installed of a toolchain, or undefined where that is nothing, or only the half of it. */
export async function installedParts(options: RustupOptions, toolchain: string): Promise<string[] | undefined> {
  const rustc = await askRustup(options, ['which', 'rustc', '--toolchain', toolchain])
  if (rustc.code !== 0) return undefined
  // Toolchains that were linked have no list, and cannot be incomplete either.
  if (!isOfficial(toolchain) || isAbsolute(toolchain)) return []
  const list = await askRustup(options, ['component', 'list', '--installed', '--toolchain', toolchain])
  return list.code === 0 ? list.stdout.split('\n').map((line) => line.trim()) : undefined
}

/** What of these does not stand in rustup's list, which names what is for one machine only with its triple. */
export function lacking({ components, targets }: Parts, installed: readonly string[]): Parts {
  const host = installed.find((name) => name.startsWith('cargo-'))?.slice('cargo-'.length)
  const have = new Set(installed.map(plain))
  return {
    components: components.filter((name) => !have.has(plain(name)) && !have.has(`${plain(name)}-${host}`)),
    targets: targets.filter((target) => !have.has(`rust-std-${target}`)),
  }
}

/** The old names of components end in -preview, before the triple, and rustup still takes them. */
function plain(component: string): string {
  return component.replace(/-preview(?=-|$)/, '')
}
