import { randomUUID } from 'node:crypto'

/**
 * Lines that the runner would take for a workflow command, shown without being obeyed. Names of packages and the output
 * of build scripts can hold anything, and the runner reads commands from every line of our output: `::name::` at its
 * beginning, `##[name]` anywhere. It also ends a line at a lone carriage return.
 */
export function inert(text: string): string {
  const lines = text.split(/\r\n|\r|\n/)
  const dangerous = lines.some((line) => /^\s*::/.test(line) || line.includes('##['))
  if (!dangerous) return lines.join('\n')
  // GitHub's own way to print such text unchanged. One write, so that nothing of ours comes between.
  const token = randomUUID()
  return [`::stop-commands::${token}`, ...lines, `::${token}::`].join('\n')
}
