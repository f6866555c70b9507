import { mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeFolder } from '../../remove-folder.ts'

export type Places = Disposable & { home: string; databases: string }

/** A home of cargo and a place for databases that nobody has used before, gone at the end of the test. */
export function freshPlaces(): Places {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rust-deploy-audit-')))
  return {
    home: join(folder, 'home'),
    databases: join(folder, 'databases'),
    [Symbol.dispose]: () => removeFolder(folder),
  }
}
