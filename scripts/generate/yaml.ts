/** A text as a YAML scalar: plain where that is safe, else in single quotes. */
export function scalar(text: string): string {
  const plain = /^[A-Za-z0-9][^:#\n]*$/.test(text) && !/^(true|false|null|yes|no|on|off|[\d.]+)$/i.test(text)
  return plain ? text : `'${text.replaceAll("'", "''")}'`
}

export function indented(spaces: number, lines: readonly string[]): string {
  return lines.map((line) => `${' '.repeat(spaces)}${line}`).join('\n')
}
