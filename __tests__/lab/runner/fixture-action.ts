import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runningFolder } from '../ground/folders.ts'
import { Ownership } from '../ground/owner.ts'
import { giveBack } from '../ground/release.ts'
import type { StepResult } from './phase.ts'
import { type RunnerOptions, type StepOptions, startRunner } from './runner.ts'

export type ActionScripts = {
  main: string
  post?: string
  postIf?: string
  /** The YAML of `inputs:`, indented by two. */
  inputs?: string
}

/** A small action in a folder of its own, written in plain JavaScript modules that can import the project's packages. */
export function fixtureAction({ main, post, postIf, inputs }: ActionScripts): AsyncDisposable & { folder: string } {
  const ownership = new Ownership('fixture-action')
  const folder = join(runningFolder(), ownership.id)
  ownership.holds({ kind: 'folder', path: folder })
  mkdirSync(join(folder, 'dist'), { recursive: true })
  symlinkSync(join(import.meta.dirname, '../../../node_modules'), join(folder, 'node_modules'))
  const manifest = [
    'name: fixture',
    'description: an action of the tests',
    ...(inputs === undefined ? [] : ['inputs:', inputs]),
    'runs:',
    '  using: node24',
    '  main: dist/main.js',
    ...(post === undefined ? [] : ['  post: dist/post.js']),
    ...(postIf === undefined ? [] : [`  post-if: ${JSON.stringify(postIf)}`]),
  ]
  writeFileSync(join(folder, 'action.yml'), `${manifest.join('\n')}\n`)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'dist/main.js'), main)
  if (post !== undefined) writeFileSync(join(folder, 'dist/post.js'), post)
  return { folder, [Symbol.asyncDispose]: () => ownership.release(giveBack) }
}

/** Runs a main script as the only step of a job. */
export async function runOnce(
  main: string,
  step: StepOptions = {},
  options: Omit<RunnerOptions, 'action'> = {},
): Promise<StepResult> {
  await using action = fixtureAction({ main })
  await using runner = await startRunner({ ...options, action: action.folder })
  return await runner.runStep(step).done
}

/** A main script that prints these lines and nothing else. */
export function printing(...lines: string[]): string {
  return `process.stdout.write(${JSON.stringify(lines.map((line) => `${line}\n`).join(''))})`
}

/** A main script that appends to one of the runner's files, byte for byte. */
export function appending(variable: string, content: string | Buffer): string {
  const base64 = Buffer.from(content).toString('base64')
  return `import { appendFileSync } from 'node:fs'
appendFileSync(process.env.${variable}, Buffer.from('${base64}', 'base64'))`
}
