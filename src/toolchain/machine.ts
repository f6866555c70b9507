import { open } from 'node:fs/promises'

/** What decides which programs run here: as Node names it, and on Linux the C library. */
export type Machine = { platform: string; architecture: string; libc: 'gnu' | 'musl' }

export async function thisMachine(): Promise<Machine> {
  return { platform: process.platform, architecture: process.arch, libc: await libcOf(process.execPath) }
}

/**
 * The triple of the rustup for a machine. On Linux the static build for musl would run everywhere, but a rustup
 * installs the toolchains of the C library that it was itself built for, and those for musl do not start on others.
 */
export function rustupTriple({ platform, architecture, libc }: Machine): string | undefined {
  const cpu = { x64: 'x86_64', arm64: 'aarch64' }[architecture]
  const system = { linux: `unknown-linux-${libc}`, darwin: 'apple-darwin', win32: 'pc-windows-msvc' }[platform]
  return cpu === undefined || system === undefined ? undefined : `${cpu}-${system}`
}

/** Node itself runs with the C library of the machine, and its file begins with the name of that one's loader. */
export async function libcOf(program: string): Promise<'gnu' | 'musl'> {
  const file = await open(program)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0)
    return buffer.subarray(0, bytesRead).includes('/ld-musl-') ? 'musl' : 'gnu'
  } finally {
    await file.close()
  }
}
