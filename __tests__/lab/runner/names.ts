/** Names that differ only in case are one name for the runner: outputs, state and inputs. The first spelling stays. */
export class Names {
  readonly #entries = new Map<string, { name: string; value: string }>()

  constructor(entries: Iterable<readonly [string, string]> = []) {
    for (const [name, value] of entries) this.set(name, value)
  }

  has(name: string): boolean {
    return this.#entries.has(name.toLowerCase())
  }

  get(name: string): string | undefined {
    return this.#entries.get(name.toLowerCase())?.value
  }

  set(name: string, value: string): void {
    const key = name.toLowerCase()
    this.#entries.set(key, { name: this.#entries.get(key)?.name ?? name, value })
  }

  *[Symbol.iterator](): Iterator<[string, string]> {
    for (const { name, value } of this.#entries.values()) yield [name, value]
  }
}
