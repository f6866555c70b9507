import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export type Call = { began: number; ended: number; units: readonly Unit[]; said: string }
type Unit = { isDependency: boolean; isFresh: boolean }

type Stretch = { began: number; ended: number }

/** What of a run was cargo's: how long it worked, whoever called it, and what it did. */
export type Work = { seconds: number; compiled: number; fresh: number }

const WORKING = /^(cargo (fetch|fmt|check|clippy|build|test)|rustfmt )/

/** Looks over the shoulder of every cargo and rustfmt that is found on the PATH. Both sides are watched by the same eyes. */
export class Watch {
  readonly #folder: string
  readonly #bin: string

  constructor(folder: string) {
    this.#folder = folder
    this.#bin = join(folder, 'bin')
    for (const each of [this.#bin, join(folder, 'real')]) mkdirSync(each, { recursive: true })
    const path = process.env['PATH'] ?? ''
    for (const name of ['cargo', 'rustfmt']) {
      symlinkSync(found(name, path), join(folder, 'real', name))
      copyFileSync(join(import.meta.dirname, 'watched.sh'), join(this.#bin, name))
      chmodSync(join(this.#bin, name), 0o755)
    }
    // A cargo that has no rustup beside it is taken for a distribution's own.
    const rustup = search('rustup', path)
    if (rustup !== undefined) symlinkSync(rustup, join(this.#bin, 'rustup'))
  }

  environment(path: string): Record<string, string> {
    return { PATH: `${this.#bin}${delimiter}${path}`, WATCH_FOLDER: this.#folder }
  }

  clear(): void {
    rmSync(join(this.#folder, 'calls'), { force: true })
  }

  calls(): Call[] {
    const path = join(this.#folder, 'calls')
    if (!existsSync(path)) return []
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
    return lines.map((line) => {
      const [began, ended, units = '', said = ''] = line.split('\t')
      return { began: Number(began), ended: Number(ended), units: unitsIn(readFileSync(units, 'utf8')), said }
    })
  }

  work(): Work {
    const calls = this.#working()
    const units = calls.flatMap((call) => call.units).filter(({ isDependency }) => isDependency)
    const fresh = units.filter(({ isFresh }) => isFresh).length
    return { seconds: secondsCovered(calls), compiled: units.length - fresh, fresh }
  }

  /** How long cargo worked or something of these went on: what runs beside cargo costs no time of its own. */
  secondsWith(others: readonly Stretch[]): number {
    return secondsCovered([...this.#working(), ...others])
  }

  #working(): Call[] {
    return this.calls().filter(({ said }) => WORKING.test(said))
  }
}

function unitsIn(text: string): Unit[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{"reason":"compiler-artifact"'))
    .map((line) => {
      const { package_id, fresh } = JSON.parse(line)
      return { isDependency: !package_id.startsWith('path+'), isFresh: fresh }
    })
}

/** What runs side by side counts once. */
function secondsCovered(calls: readonly Stretch[]): number {
  let covered = 0
  let until = 0
  for (const { began, ended } of calls.toSorted((a, b) => a.began - b.began)) {
    covered += Math.max(0, ended - Math.max(began, until))
    until = Math.max(until, ended)
  }
  return covered
}

function found(name: string, path: string): string {
  const at = search(name, path)
  if (at === undefined) throw new Error(`there is no ${name} on the PATH`)
  return at
}

function search(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((each) => existsSync(each))
}
