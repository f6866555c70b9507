import type { Environment } from '../../process/environment.ts'
import type { Finding } from '../../report/finding.ts'
import type { LinkingQuestion } from './choose.ts'
import { isGnu, isMusl } from './compilers.ts'
import { type CompilerVariable, variableFor } from './variables.ts'

export type UntargetedOptions = Pick<LinkingQuestion, 'target' | 'host' | 'needs' | 'given'> & {
  environment: Environment
}

/**
 * Whoever sets a bare `CC` or `CFLAGS` means one compiler, and this run has two: the machine's, for build scripts, and
 * the target's. The first is left to the machine, but flags reach both.
 */
export function untargeted({ target, host, needs, given, environment }: UntargetedOptions): Finding | undefined {
  const { triple } = target
  if (triple === host || needs.length === 0 || !(isMusl(triple) || isGnu(triple))) return undefined
  const isCpp = needs.some(({ language }) => language === 'C++')
  const isSet = (name: CompilerVariable) => Boolean(environment[name])
  const unused = [...(given.c ? [] : ['CC' as const]), ...(given.cpp || !isCpp ? [] : ['CXX' as const])].filter(isSet)
  const reaching = ['CFLAGS' as const, ...(isCpp ? ['CXXFLAGS' as const] : [])].filter(isSet)
  const all = [...unused, ...reaching]
  if (all.length === 0) return undefined
  const said = [
    ...unused.map(
      (name) => `${name} names a compiler for no target in particular, and is not used for ${target.name}.`,
    ),
    ...reaching.map(
      (name) => `${name} is set for no target in particular, and reaches what is compiled for ${target.name} as well.`,
    ),
  ]
  const forTarget = all.map((name) => variableFor(name, triple)).join(' and ')
  const forMachine = all.map((name) => `HOST_${name}`).join(' and ')
  return {
    level: 'warning',
    title: `${all.join(' and ')} without a target`,
    message: `${said.join(' ')} Set ${forTarget} for the target, or ${forMachine} for this machine.`,
  }
}
