import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What ssh itself takes by default and can be used here, the best kind first. */
const NAMES = ['id_ed25519', 'id_ecdsa', 'id_rsa']

/** The paths of the private keys that ssh takes by default, as far as they exist and can be read. */
export async function defaultIdentities(home: string): Promise<readonly string[]> {
  const paths = NAMES.map((name) => join(home, '.ssh', name))
  const readable = await Promise.all(paths.map(canBeRead))
  return paths.filter((_, index) => readable[index])
}

async function canBeRead(path: string): Promise<boolean> {
  try {
    // Opening a pipe would wait for its writer.
    if (!(await stat(path)).isFile()) return false
    const file = await open(path)
    await file.close()
    return true
  } catch {
    return false
  }
}
