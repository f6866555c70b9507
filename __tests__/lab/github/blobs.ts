import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream, mkdirSync, rmSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { BlobError } from './blob-error.ts'

/** A whole blob as it lies on the disk. */
export type Content = { file: string; size: number; sha256: string; type: string; etag: string; modified: Date }

type Slot = { folder: string; staged: Map<string, { file: string; size: number }>; content?: Content; sealed: boolean }

/** Blobs on the disk with the life of Azure's block blobs: blocks are staged in any order, then a list makes the blob. */
export class Blobs {
  readonly #folder: string
  readonly #slots = new Map<string, Slot>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** A place that bytes can be put to. Its name is what a signed URL names. */
  reserve(): string {
    const name = randomUUID()
    const folder = join(this.#folder, name)
    mkdirSync(folder, { recursive: true })
    this.#slots.set(name, { folder, staged: new Map(), sealed: false })
    return name
  }

  content(name: string): Content | undefined {
    return this.#slots.get(name)?.content
  }

  /** From now on the bytes stay what they are, although the URL for the upload is still good. */
  seal(name: string): void {
    const slot = this.#slots.get(name)
    if (slot !== undefined) slot.sealed = true
  }

  remove(name: string): void {
    const slot = this.#slots.get(name)
    this.#slots.delete(name)
    if (slot !== undefined) rmSync(slot.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  async put(name: string, type: string, bytes: AsyncIterable<Buffer>): Promise<Content> {
    const slot = this.#writable(name)
    return this.#keep(slot, type, await this.#write(slot, bytes))
  }

  async stage(name: string, id: string, bytes: AsyncIterable<Buffer>): Promise<void> {
    const slot = this.#writable(name)
    const { file, size } = await this.#write(slot, bytes)
    slot.staged.set(id, { file, size })
  }

  stagedIds(name: string): string[] {
    return [...(this.#slots.get(name)?.staged.keys() ?? [])]
  }

  /** Makes the blob of the listed blocks in the order of the list; blocks that are not in it are dropped. */
  async commit(name: string, type: string, ids: readonly string[]): Promise<Content> {
    const slot = this.#writable(name)
    const blocks = ids.map((id) => {
      const block = slot.staged.get(id)
      if (block === undefined) throw new BlobError(400, 'InvalidBlockList', 'The specified block list is invalid.')
      return block
    })
    const content = await this.#keep(slot, type, await this.#write(slot, concatenation(blocks.map(({ file }) => file))))
    const staged = [...slot.staged.values()]
    slot.staged.clear()
    for (const { file } of staged) await rm(file, { force: true })
    return content
  }

  #writable(name: string): Slot {
    const slot = this.#slots.get(name)
    if (slot === undefined) throw new BlobError(404, 'BlobNotFound', 'The specified blob does not exist.')
    if (slot.sealed) {
      throw new BlobError(409, 'BlobImmutableDueToPolicy', 'This operation is not permitted as the blob is immutable.')
    }
    return slot
  }

  /** Bytes are hashed on their way to the disk. An upload that breaks off leaves nothing. */
  async #write(slot: Slot, bytes: AsyncIterable<Buffer>): Promise<{ file: string; size: number; sha256: string }> {
    const file = join(slot.folder, randomUUID())
    const hash = createHash('sha256')
    let size = 0
    try {
      await pipeline(
        bytes,
        async function* (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            hash.update(chunk)
            size += chunk.length
            yield chunk
          }
        },
        createWriteStream(file),
      )
    } catch (error) {
      await rm(file, { force: true })
      throw error
    }
    return { file, size, sha256: hash.digest('hex') }
  }

  async #keep(slot: Slot, type: string, written: { file: string; size: number; sha256: string }): Promise<Content> {
    // Another upload of the same blob may have ended it in the meantime.
    if (slot.sealed) {
      await rm(written.file, { force: true })
      throw new BlobError(409, 'BlobImmutableDueToPolicy', 'This operation is not permitted as the blob is immutable.')
    }
    const file = `${written.file}.blob`
    await rename(written.file, file)
    slot.content = {
      ...written,
      file,
      type,
      etag: `"0x${written.sha256.slice(0, 16).toUpperCase()}"`,
      modified: new Date(),
    }
    return slot.content
  }
}

async function* concatenation(files: readonly string[]): AsyncIterable<Buffer> {
  for (const file of files) yield* createReadStream(file)
}
