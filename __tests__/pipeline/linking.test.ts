import { expect, test } from 'vitest'
import { linkStep } from '../../src/pipeline/linking.ts'
import type { Log } from '../../src/report/log.ts'
import { hello, hostTriple, madeProject } from '../made-project.ts'
import { startReleaseServer } from '../toolchain/tools/release-server.ts'
import { factsOf } from './made-facts.ts'
import { toolless } from './toolless.ts'

const log: Log = { info() {}, output() {}, finding() {} }

test.skipIf(!hostTriple().endsWith('-linux-gnu'))(
  'nothing is compiled for a zig that cannot be had, since nothing can take its place',
  async () => {
    await using mirror = await startReleaseServer()
    using project = madeProject(hello())
    const { environment, compiled } = toolless(project.folder)
    const settings = { command: 'build', target: `${hostTriple()}.2.28`, 'tools-mirror': mirror.url }
    const facts = await factsOf(project.folder, settings, { environment })
    const linking = linkStep(facts).run({ log, signal: new AbortController().signal })
    await expect(linking).rejects.toThrow(
      /^Only zig links for a glibc as old as that of .*, and it could not be used: zig \S+ cannot be downloaded: /,
    )
    expect(compiled()).toEqual([])
    expect(mirror.asked).toEqual([expect.stringMatching(/^\/zig\//)])
  },
)
