import type { Parameters } from '../protocol/stdin.ts'

/** What preflight.sh is to ask sudo for: the command lines that deploys run by it, each as it stands in sudoers. */
export function preflightParameters(sudoLines: readonly string[]): Parameters {
  const lines = sudoLines.map((line, index) => [`line_${index + 1}`, line])
  return { lines: String(sudoLines.length), ...Object.fromEntries(lines) }
}
