import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Step } from './step.ts'

/** All of `Facts` that this needs. */
type Places = { project: { targetDirectory: string }; targets: readonly { triple: string }[] }

/** What an earlier run gave out must not lie beside the report of one that failed, for the next script to pick up. */
export function clearStep({ project, targets }: Places): Step<void> {
  const folders = targets.map(({ triple }) => join(project.targetDirectory, 'rust-deploy', triple))
  return new Step<void>({
    name: 'clear',
    title: 'Clear away earlier results',
    plan: () => folders.map((folder) => `remove ${folder}`),
    run: async () => {
      for (const folder of folders) await rm(folder, { recursive: true, force: true })
    },
  })
}
