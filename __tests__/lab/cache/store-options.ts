import { mkdtempSync, readdirSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildEntries, type Entry } from '../../../src/cache/entries.ts'
import type { RestoreOptions, SaveOptions } from '../../../src/cache/store.ts'
import type { Finding } from '../../../src/report/finding.ts'
import { removeFolder } from '../../remove-folder.ts'

const TRANSFER = join(import.meta.dirname, '../../../src/cache/transfer.ts')

/** One job that talks to a cache service: its scratch folder, and what it said. */
export class Job implements Disposable {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'rust-deploy-job-')))
  readonly findings: Finding[] = []
  readonly infos: string[] = []
  readonly #services: Record<string, string | undefined>
  #abort = new AbortController()

  constructor(services: Record<string, string | undefined>) {
    this.#services = services
  }

  cancel(): void {
    this.#abort.abort()
  }

  path(...names: string[]): string {
    return join(this.folder, ...names)
  }

  /** What is left of our own in the scratch folder. */
  left(): string[] {
    return readdirSync(this.folder).filter((name) => name.startsWith('cache-') || name === 'staging')
  }

  save(from: string, entries: readonly Entry[], key: string, more: Partial<SaveOptions> = {}): SaveOptions {
    return { ...this.#common(), name: 'dependencies', key, from, entries, ...more }
  }

  restore(into: string, key: string, more: Partial<RestoreOptions> = {}): RestoreOptions {
    const staging = this.path('staging')
    const own = { name: 'dependencies', key, restoreKeys: [], into, staging, entriesIn: buildEntries }
    return { ...this.#common(), ...own, ...more }
  }

  #common() {
    const { PATH, HOME } = process.env
    return {
      transfer: [process.execPath, TRANSFER] as const,
      scratch: this.folder,
      environment: { PATH, HOME, GITHUB_SERVER_URL: 'https://github.com', ...this.#services },
      signal: this.#abort.signal,
      log: {
        info: (text: string) => void this.infos.push(text),
        output: () => {},
        finding: (finding: Finding) => void this.findings.push(finding),
      },
    }
  }

  [Symbol.dispose](): void {
    removeFolder(this.folder)
  }
}
