/** What each target is linked and compiled with, by the names under which distributions install cross compilers. */
type Known = {
  /** C compilers for musl of this machine type, as their makers call them. */
  muslCompilers: readonly string[]
  /** Debian's cross compiler for glibc, and the package it comes in. */
  gnuCompiler: string
  gnuPackage: string
  /** GitHub's own machines of this type. */
  runner?: string
}

const KNOWN: Readonly<Record<string, Known>> = {
  x86_64: {
    muslCompilers: ['x86_64-linux-musl-gcc', 'x86_64-unknown-linux-musl-gcc'],
    gnuCompiler: 'x86_64-linux-gnu-gcc',
    gnuPackage: 'gcc-x86-64-linux-gnu',
    runner: 'ubuntu-latest',
  },
  aarch64: {
    muslCompilers: ['aarch64-linux-musl-gcc', 'aarch64-unknown-linux-musl-gcc'],
    gnuCompiler: 'aarch64-linux-gnu-gcc',
    gnuPackage: 'gcc-aarch64-linux-gnu',
    runner: 'ubuntu-24.04-arm',
  },
  armv7: {
    muslCompilers: ['arm-linux-musleabihf-gcc', 'armv7-linux-musleabihf-gcc', 'armv7-unknown-linux-musleabihf-gcc'],
    gnuCompiler: 'arm-linux-gnueabihf-gcc',
    gnuPackage: 'gcc-arm-linux-gnueabihf',
  },
  riscv64gc: {
    muslCompilers: ['riscv64-linux-musl-gcc', 'riscv64-unknown-linux-musl-gcc'],
    gnuCompiler: 'riscv64-linux-gnu-gcc',
    gnuPackage: 'gcc-riscv64-linux-gnu',
  },
}

export function compilersOf(arch: string): Known | undefined {
  return Object.hasOwn(KNOWN, arch) ? KNOWN[arch] : undefined
}

/** These link dynamically against musl unless they are told otherwise, and a dynamic musl runs almost nowhere. */
const NOT_STATIC_BY_THEMSELVES = ['riscv64gc', 'loongarch64', 'powerpc64']

export function needsCrtStatic(triple: string): boolean {
  return isMusl(triple) && NOT_STATIC_BY_THEMSELVES.includes(archOf(triple))
}

export function isMusl(triple: string): boolean {
  return /-linux-musl/.test(triple)
}

export function isGnu(triple: string): boolean {
  return /-linux-gnu/.test(triple)
}

export function archOf(triple: string): string {
  return triple.split('-')[0] ?? ''
}
