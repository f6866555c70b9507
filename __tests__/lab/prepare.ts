import { debianPackages, whyNoDebianRoot } from './ground/packages.ts'
import { sweep } from './ground/release.ts'
import { oldestNode, whyNoOldestNode } from './node/oldest-node.ts'
import { parts } from './parts.ts'

/** Before the first test of the lab: everything that is slow and kept, side by side, and how long each took. */
export default async function prepare(): Promise<void> {
  await sweep()
  // What tests call themselves: a small Debian has neither.
  if (whyNoDebianRoot() === undefined) await debianPackages('procps', 'zstd', 'xz-utils')
  if (whyNoOldestNode() === undefined) await oldestNode()
  await Promise.all(
    parts
      .filter((part) => part.whyNot() === undefined)
      .map(async (part) => {
        const began = performance.now()
        await part.prepare()
        console.log(`lab: ${part.name} prepared in ${((performance.now() - began) / 1000).toFixed(1)} s`)
      }),
  )
}
