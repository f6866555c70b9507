/** The last bytes of a stream of any length, as text. */
export class Tail {
  readonly #most: number
  #chunks: Uint8Array[] = []
  #size = 0

  constructor(most: number) {
    this.#most = most
  }

  get text(): string {
    return Buffer.concat(this.#chunks).subarray(-this.#most).toString()
  }

  take(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    // Now and then, so that a stream of single bytes costs no copy for each of them.
    if (this.#size > 2 * this.#most || this.#chunks.length > 1024) this.#shorten()
  }

  #shorten(): void {
    const kept = Buffer.concat(this.#chunks).subarray(-this.#most)
    // A copy of its own: a small view would keep the large chunk alive.
    this.#chunks = [Buffer.from(kept)]
    this.#size = kept.length
  }
}
