import type { ElfFacts } from './read.ts'

/** What the headers of a program for a target must say. */
type Expected = Partial<Pick<ElfFacts, 'machine' | 'bits' | 'endian' | 'floatAbi'>>

/** The architectures of Rust's Linux targets, by the beginning of their names. */
const ARCHITECTURES: readonly { name: RegExp; expected: Expected }[] = [
  { name: /^x86_64$/, expected: { machine: 'x86_64', bits: 64 } },
  { name: /^i[3-6]86$/, expected: { machine: 'x86' } },
  { name: /^aarch64$/, expected: { machine: 'aarch64', bits: 64, endian: 'little' } },
  { name: /^aarch64_be$/, expected: { machine: 'aarch64', bits: 64, endian: 'big' } },
  { name: /^(armeb|thumbeb)/, expected: { machine: 'arm', endian: 'big' } },
  { name: /^(arm|thumb)/, expected: { machine: 'arm', endian: 'little' } },
  { name: /^riscv64(gc|a23)$/, expected: { machine: 'riscv64', floatAbi: 'double' } },
  { name: /^riscv64/, expected: { machine: 'riscv64' } },
  { name: /^riscv32gc$/, expected: { machine: 'riscv32', floatAbi: 'double' } },
  { name: /^riscv32/, expected: { machine: 'riscv32' } },
  { name: /^powerpc64le$/, expected: { machine: 'powerpc64', endian: 'little' } },
  { name: /^powerpc64$/, expected: { machine: 'powerpc64', endian: 'big' } },
  { name: /^powerpc$/, expected: { machine: 'powerpc', endian: 'big' } },
  { name: /^s390x$/, expected: { machine: 's390x', bits: 64 } },
  { name: /^loongarch64$/, expected: { machine: 'loongarch64' } },
  { name: /^mips64.*el$/, expected: { machine: 'mips64', endian: 'little' } },
  { name: /^mips64/, expected: { machine: 'mips64', endian: 'big' } },
  { name: /^mips.*el$/, expected: { machine: 'mips', endian: 'little' } },
  { name: /^mips/, expected: { machine: 'mips', endian: 'big' } },
  { name: /^sparc64$/, expected: { machine: 'sparc64' } },
]

/** Nothing of an architecture that is not known here is expected. */
function expectedOf(triple: string): Expected {
  const [architecture = '', ...rest] = triple.split('-')
  const expected = ARCHITECTURES.find(({ name }) => name.test(architecture))?.expected ?? {}
  const abi = rest.at(-1) ?? ''
  if (abi === 'gnux32') return { ...expected, bits: 32 }
  if (expected.machine !== 'arm') return expected
  return { ...expected, floatAbi: abi.endsWith('hf') ? 'hard' : 'soft' }
}

/** How a program differs from what its target needs, as what it is and what it should be; undefined when it does not. */
export function machineMismatch(facts: ElfFacts, triple: string): { is: string; promised: string } | undefined {
  const expected = expectedOf(triple)
  const differs = (fact: keyof Expected) => expected[fact] !== undefined && facts[fact] !== expected[fact]
  if (differs('machine')) return { is: facts.machine, promised: expected.machine ?? triple }
  if (differs('bits')) return { is: `${facts.bits} bits`, promised: `${expected.bits} bits` }
  if (differs('endian')) return { is: `${facts.endian}-endian`, promised: `${expected.endian}-endian` }
  // Some linkers do not say it.
  if (differs('floatAbi') && facts.floatAbi !== undefined) {
    return { is: `${facts.floatAbi} float`, promised: `${expected.floatAbi} float` }
  }
  return undefined
}

const NAMES: Readonly<Record<string, string>> = {
  x86: 'i686',
  'riscv64 little': 'riscv64gc',
  'riscv32 little': 'riscv32gc',
  'powerpc64 little': 'powerpc64le',
  'aarch64 big': 'aarch64_be',
  'mips little': 'mipsel',
  'mips64 little': 'mips64el',
}

/** The target that a program was most likely built for: one that runs on the same servers. */
export function guessTarget(facts: ElfFacts): string {
  const { machine, endian, interpreter } = facts
  const libc = interpreter === undefined || isMusl(facts) ? 'musl' : 'gnu'
  if (machine === 'arm') {
    return facts.floatAbi === 'soft' ? `arm-unknown-linux-${libc}eabi` : `armv7-unknown-linux-${libc}eabihf`
  }
  return `${NAMES[`${machine} ${endian}`] ?? NAMES[machine] ?? machine}-unknown-linux-${libc}`
}

/** musl's dynamic linker is its libc, and its name says so. */
export function isMusl({ interpreter, needed }: ElfFacts): boolean {
  return [interpreter ?? '', ...needed].some((name) => /(^|\/)(ld-musl-|libc\.musl-)/.test(name))
}
