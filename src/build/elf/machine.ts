import type { Words } from './words.ts'

const MACHINES: Readonly<Record<number, string>> = {
  2: 'sparc',
  3: 'x86',
  8: 'mips',
  20: 'powerpc',
  21: 'powerpc64',
  22: 's390x',
  40: 'arm',
  43: 'sparc64',
  62: 'x86_64',
  183: 'aarch64',
  247: 'bpf',
  258: 'loongarch64',
}

/** The instructions that a program is made of, by the name that Rust's targets use. */
export function machineName(number: number, { bits }: Words): string {
  // One number stands for both sizes.
  if (number === 243) return `riscv${bits}`
  if (number === 8 && bits === 64) return 'mips64'
  return MACHINES[number] ?? `unknown(${number})`
}

const SYSTEMS: Readonly<Record<number, string>> = {
  // Both are what Linux runs; the first one says nothing, and almost every program has it.
  0: 'linux',
  3: 'linux',
  2: 'NetBSD',
  6: 'Solaris',
  9: 'FreeBSD',
  12: 'OpenBSD',
}

export function systemName(number: number): string {
  return SYSTEMS[number] ?? `system ${number}`
}

/** How numbers with a fraction are handed over. Two programs that differ in it do not run with the same libraries. */
export type FloatAbi = 'soft' | 'single' | 'double' | 'quad' | 'hard'

export function floatAbi(machine: string, flags: number): FloatAbi | undefined {
  if (machine === 'arm') {
    if ((flags & 0x400) !== 0) return 'hard'
    return (flags & 0x200) === 0 ? undefined : 'soft'
  }
  if (machine.startsWith('riscv')) return (['soft', 'single', 'double', 'quad'] as const)[(flags >> 1) & 3]
  return undefined
}
