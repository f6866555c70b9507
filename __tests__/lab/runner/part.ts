import type { LabPart } from '../ground/part.ts'
import { sweep } from '../ground/release.ts'
import { sweepTracked } from './orphans.ts'
import { startRunner } from './runner.ts'

export const runnerPart: LabPart = {
  name: 'runner',
  about: 'runs the action in the current folder once, as GitHub would: npm run lab -- runner input=value …',
  whyNot: () => (process.platform === 'win32' ? 'it ends processes by signals, and this is Windows' : undefined),
  async prepare() {
    await sweep()
    await sweepTracked()
  },
  async show(args) {
    const inputs = parseInputs(args)
    const folder = process.cwd()
    const runner = await startRunner({ action: folder, workspace: folder })
    try {
      const { outcome, log, outputs, summary } = await runner.runStep({ inputs }).done
      const posts = await runner.runPosts()
      const lines = [
        ...log,
        ...posts.flatMap((post) => post.log),
        '',
        `outcome: ${outcome}`,
        ...Object.entries(outputs).map(([name, value]) => `output ${name}: ${value}`),
        ...summary.split('\n'),
      ]
      return { lines, [Symbol.asyncDispose]: () => runner[Symbol.asyncDispose]() }
    } catch (error) {
      await runner[Symbol.asyncDispose]()
      throw error
    }
  },
}

function parseInputs(args: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    args.map((arg) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(arg) ?? []
      if (name === undefined || value === undefined) throw new Error(`"${arg}" is not an input: write name=value`)
      return [name, value]
    }),
  )
}
