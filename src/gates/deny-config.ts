import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Failed } from '../report/ending.ts'
import type { Workspace } from './workspace.ts'

/** Where cargo-deny looks for it, but not above the repository. */
export function findDenyConfig({ root, repository }: Pick<Workspace, 'root' | 'repository'>): string {
  for (let folder = root; ; folder = dirname(folder)) {
    const found = NAMES.map((name) => join(folder, name)).find((path) => existsSync(path))
    if (found !== undefined) return found
    if (folder === repository || folder === dirname(folder)) break
  }
  throw new Failed(
    'The gate `deny` needs a deny.toml, which says what is allowed: write one with `cargo deny init`, or take `deny` out of `gates`.',
  )
}

const NAMES = ['deny.toml', '.deny.toml', '.cargo/deny.toml']
