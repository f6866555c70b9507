import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '../../src/servers/host')

/** What each script is made of, in this order. */
const PARTS = {
  bootstrap: ['call', 'world', 'bootstrap'],
  preflight: ['call', 'world', 'health', 'preflight'],
  hold: ['call', 'world', 'hold'],
  upload: ['call', 'world', 'upload'],
  switch: ['call', 'world', 'health', 'switch'],
  confirm: ['call', 'world', 'health', 'confirm'],
  guard: ['world', 'health', 'guard'],
} as const

/** What runs on servers, as text in the bundle, without comments. */
export function hostScripts(): string {
  const entries = Object.entries(PARTS).map(([name, parts]) => {
    const text = parts.map((part) => bare(readFileSync(join(FOLDER, `${part}.sh`), 'utf8'))).join('')
    return `  ${name}: ${JSON.stringify(text)},\n`
  })
  return `// Written by \`npm run generate\` from the .sh files in this folder.\nexport const hostScripts = {\n${entries.join('')}} as const\n`
}

function bare(text: string): string {
  const lines = text.split('\n').map((line) => line.replace(/^\s*#.*/, '').replace(/\s+# [SCG]\d.*$/, ''))
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => `${line}\n`)
    .join('')
}
