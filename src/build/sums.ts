/** The lines that `sha256sum --check` reads. */
export function sumsOf(files: readonly { name: string; sha256: string }[]): string {
  return files.map(({ name, sha256 }) => `${marker(name)}${sha256}  ${escaped(name)}\n`).join('')
}

/** A line with an escaped name begins with a backslash, so that a plain backslash can be told from an escape. */
function marker(name: string): string {
  return escaped(name) === name ? '' : '\\'
}

function escaped(name: string): string {
  return name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
}
