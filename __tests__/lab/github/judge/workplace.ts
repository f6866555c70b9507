import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, mkdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { runningFolder } from '../../ground/folders.ts'
import { Ownership } from '../../ground/owner.ts'
import { giveBack, sweep } from '../../ground/release.ts'

export const MIB = 1024 * 1024

/** The folders of one job. */
export class Workplace implements AsyncDisposable {
  readonly workspace: string
  readonly temp: string
  readonly #ownership: Ownership

  constructor(ownership: Ownership, folder: string) {
    this.#ownership = ownership
    this.workspace = join(folder, 'workspace')
    this.temp = join(folder, 'temp')
    for (const made of [this.workspace, this.temp]) mkdirSync(made, { recursive: true })
  }

  path(name: string): string {
    return join(this.workspace, name)
  }

  /** Writes bytes that no compression makes smaller, and gives their SHA-256. */
  async randomFile(name: string, size: number): Promise<string> {
    mkdirSync(dirname(this.path(name)), { recursive: true })
    await using file = await open(this.path(name), 'w')
    const hash = createHash('sha256')
    for (let left = size; left > 0; left -= MIB) {
      const chunk = randomBytes(Math.min(MIB, left))
      hash.update(chunk)
      await file.write(chunk)
    }
    return hash.digest('hex')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ownership.release(giveBack)
  }
}

export async function workplace(): Promise<Workplace> {
  await sweep()
  const ownership = new Ownership('workplace')
  const folder = join(runningFolder(), ownership.id)
  ownership.holds({ kind: 'folder', path: folder })
  return new Workplace(ownership, folder)
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
