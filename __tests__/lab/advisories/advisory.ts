/** One advisory, of which only what a test is about has to be said. */
export type Advisory = {
  id: string
  package: string
  title?: string
  /** None makes it a vulnerability. */
  informational?: 'unsound' | 'unmaintained' | 'notice'
  patched?: readonly string[]
  description?: string
}

/** The file in RustSec's own form: TOML in a fence, then the title and the text in Markdown. */
export function advisoryFile({ id, package: name, informational, patched, title, description }: Advisory): string {
  const kind = informational === undefined ? '' : `informational = "${informational}"\n`
  const requirements = (patched ?? []).map((requirement) => JSON.stringify(requirement)).join(', ')
  return `\`\`\`toml
[advisory]
id = "${id}"
package = "${name}"
date = "2025-01-02"
url = "https://example.org/${name}"
${kind}
[versions]
patched = [${requirements}]
\`\`\`

# ${title ?? `A problem in ${name}`}

${description ?? 'More of it.'}
`
}
