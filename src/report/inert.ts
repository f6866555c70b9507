import { randomUUID } from 'node:crypto'

/**
 * Lines that the runner would take for a workflow command, shown without being obeyed. Names of packages and the output
 * of build scripts can hold anything, and the runner reads commands from every line of our output: `::name::` at its
 * beginning, `##[name]` anywhere. It also ends a line at a lone carriage return, and takes U+0085 for white space, which
 * JavaScript does not.
 */
export function inert(text: string): string {
  const lines = text.split(/\r\n|\r|\n/)
  const dangerous = lines.some((line) => /^[\s\u0085]*::/.test(line) || line.includes('##['))
  if (!dangerous) return lines.join('\n')
  // GitHub's own way to print such text unchanged. One write, so that nothing of ours comes between.
  const token = randomUUID()
  return [`::stop-commands::${token}`, ...lines, `::${token}::`].join('\n')
}

/** The same for what programs read: JSON stays JSON, with one character written in its other form. */
export function inertResult(text: string): string {
  return text.startsWith('{') ? text.replaceAll('##[', '\\u0023#[') : `${inert(text.trimEnd())}\n`
}
