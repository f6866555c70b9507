import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeFolder } from '../../remove-folder.ts'
import { attempt, run } from '../ground/command.ts'
import { debianPackages, whyNoDebianRoot } from '../ground/packages.ts'

export const whyNoSpin = whyNoDebianRoot

export const prepareSpin = (): Promise<void> => debianPackages('spin', 'gcc', 'libc6-dev')

/** Names of the model's switches, each with its value; a rule that is broken has none. */
export type Switches = Readonly<Record<string, string | number | true>>

export type Verdict =
  | { kind: 'proved'; states: number; seconds: number; megabytes: number }
  | { kind: 'broken'; property: string; states: number }

/** Deeper than any way through the models. Spin says when it was not. */
const DEPTH = 20_000
/** Spin says so when it had to stop for this, and that is no proof. */
const MEGABYTES = 900

/** Looks at every state that a model can come to. Anything but a whole search or a broken property throws. */
export async function search(
  model: string,
  switches: Switches = {},
  optimise: '-O0' | '-O2' = '-O0',
): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), 'rust-deploy-model-'))
  const cwd = folder
  try {
    const defines = Object.entries(switches).map(([name, value]) => `#define ${name} ${value}\n`)
    // Not as arguments: spin hands those to a shell.
    writeFileSync(join(folder, 'switched.pml'), `${defines.join('')}#include "${join(import.meta.dirname, model)}"\n`)
    await run(['spin', '-a', 'switched.pml'], { cwd })
    await run(['gcc', optimise, '-w', '-DSAFETY', '-DCOLLAPSE', `-DMEMLIM=${MEGABYTES}`, '-o', 'pan', 'pan.c'], { cwd })
    // -E: a process that waits for ever is no error in itself; what is left when all wait, the models' `timeout` judges.
    const { stdout } = await attempt(['./pan', '-E', `-m${DEPTH}`], { cwd, timeoutMs: 240_000 })
    return readVerdict(stdout)
  } finally {
    removeFolder(folder)
  }
}

/** What spin's checker said at its end. */
export function readVerdict(said: string): Verdict {
  const states = Number(/^\s*([\d.e+]+) states, stored/m.exec(said)?.[1])
  const property = /assertion violated (\w+)/.exec(said)?.[1]
  if (property !== undefined) return { kind: 'broken', property, states }

  const whole =
    /errors: 0$/m.test(said) && !/not completed|too small|out of memory|MEMLIM|truncated|Bit statespace/.test(said)
  const seconds = Number(/elapsed time ([\d.e+]+) seconds/.exec(said)?.[1])
  const megabytes = Number(/([\d.]+)\s+total actual memory usage/.exec(said)?.[1])
  if (!whole || !(states > 0)) throw new Error(`The search was not whole, so it proves nothing:\n${said}`)
  return { kind: 'proved', states, seconds, megabytes }
}
