import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { removeFolder } from '../remove-folder.ts'

export type MadeTree = Disposable & { folder: string }

/** Files by their paths; `-> x` as the content makes a link to x. Gone at the end of the test. */
export function madeTree(files: Readonly<Record<string, string | Uint8Array>> = {}): MadeTree {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rust-deploy-tree-')))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    if (typeof content === 'string' && content.startsWith('-> ')) symlinkSync(content.slice(3), join(folder, path))
    else writeFileSync(join(folder, path), content)
  }
  return { folder, [Symbol.dispose]: () => removeFolder(folder) }
}
