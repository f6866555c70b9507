import { Lacking } from '../../report/ending.ts'
import type { LinkingQuestion } from './choose.ts'
import { archOf, compilersOf, isGnu, isMusl } from './compilers.ts'
import { linkerVariable, variableFor } from './variables.ts'

/** Why nothing of the table could be done, in the words of who must act: each way out once, the simplest first. */
export function cannotLink(question: LinkingQuestion, cause: Error): string {
  const { target } = question
  if (target.glibc !== undefined) {
    const others = ['build for musl', `build in a container whose glibc is that old (\`target: ${target.triple}\`)`]
    const ways = waysOut([...others, ...bringing(cause)])
    return `Only zig links for a glibc as old as that of ${target.name}, and it could not be used: ${whyOf(cause)}. ${ways}`
  }
  const ways = waysOut([...remedies(question), ...bringing(cause)])
  return `${whatIsMissing(question)}. ${ways} (zig could not be used: ${whyOf(cause)}.)`
}

function waysOut(ways: readonly string[]): string {
  const sentence = ways.join(', or ')
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`
}

function whyOf(cause: Error): string {
  return cause instanceof Lacking ? cause.why : cause.message.replace(/\.$/, '')
}

function bringing(cause: Error): string[] {
  return cause instanceof Lacking ? [cause.remedy] : []
}

function whatIsMissing({ target, host, needs }: LinkingQuestion): string {
  if (needs.length === 0) return `${target.name} cannot be linked on ${host}`
  const who = needs.map(({ name, version, language }) => `${name} ${version} compiles ${language}`)
  return `${who.join(', ')}, and there is no ${languageOf(needs)} compiler for ${target.name}`
}

function remedies({ target: { triple }, host, needs }: LinkingQuestion): string[] {
  const isForeign = archOf(host) !== archOf(triple)
  const known = compilersOf(archOf(triple))
  const isCpp = languageOf(needs) === 'C++'
  const runner = known?.runner
  // Debian's musl-gcc compiles no C++.
  const hasMuslTools = isMusl(triple) && !isForeign && host.includes('-linux-') && !isCpp
  const gnuPackage = isCpp ? known?.gnuPackage.replace(/^gcc-/, 'g++-') : known?.gnuPackage
  const variables = [variableFor('CC', triple), ...(isCpp ? [variableFor('CXX', triple)] : []), linkerVariable(triple)]
  return [
    ...(hasMuslTools ? ['install musl-tools (`apt-get install musl-tools`)'] : []),
    ...(isGnu(triple) && isForeign && gnuPackage ? [`install ${gnuPackage} (\`apt-get install ${gnuPackage}\`)`] : []),
    ...(isMusl(triple) && known ? [`put ${known.muslCompilers[0]} on the PATH`] : []),
    ...(isForeign && runner ? [`run on a machine of that type (\`runs-on: ${runner}\`)`] : []),
    `set ${variables.slice(0, -1).join(', ')} and ${variables.at(-1)}`,
  ]
}

function languageOf(needs: LinkingQuestion['needs']): 'C' | 'C++' {
  return needs.some(({ language }) => language === 'C++') ? 'C++' : 'C'
}
