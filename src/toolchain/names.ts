import { isAbsolute } from 'node:path'
import { Refused } from '../report/ending.ts'

/** The name of a toolchain, or the absolute path of one; what it is written in is named when it is neither. */
export function checkToolchainName(name: unknown, where: string): string {
  if (typeof name === 'string' && name.length <= 4096 && !/\p{C}/u.test(name)) {
    // rustup would take a dash for an option, and refuses a plus.
    if (isAbsolute(name) || (/^[^\s/\\+-][^\s/\\]*$/.test(name) && name.length <= 200)) return name
  }
  throw new Refused(
    `${where} names the toolchain ${JSON.stringify(name)?.slice(0, 200)}, which is neither a channel nor an absolute path: write one such as \`stable\`, \`1.96.0\` or \`nightly-2026-05-01\`.`,
  )
}

/** Components and targets: no option, no path, nothing that a terminal would obey. */
export function isPartName(name: unknown): name is string {
  return typeof name === 'string' && name.length <= 200 && /^[A-Za-z0-9][\w.-]*$/.test(name)
}

/** A toolchain that rustup can download, and so add parts to. Every other name is one that somebody linked. */
export function isOfficial(toolchain: string): boolean {
  return /^(stable|beta|nightly|\d\.\d+(\.\d+)?(-beta(\.\d+)?)?)(-\d{4}-\d{2}-\d{2})?(-[\w.-]+)?$/.test(toolchain)
}
