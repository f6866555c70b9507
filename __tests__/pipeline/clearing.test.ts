import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clearStep } from '../../src/pipeline/clearing.ts'
import { runPipeline } from '../../src/pipeline/runner.ts'
import { plainDisplay } from '../../src/report/plain.ts'
import { hello, madeProject } from '../made-project.ts'

test('what an earlier run gave out for the same targets is gone, and nothing else', async () => {
  using project = madeProject(hello())
  const targetDirectory = join(project.folder, 'target')
  const kept = ['x86_64-unknown-linux-musl/release/hello', 'rust-deploy/aarch64-unknown-linux-musl/hello.tar.gz']
  const all = [...kept, 'rust-deploy/x86_64-unknown-linux-musl/hello.tar.gz']
  for (const name of all) {
    mkdirSync(join(targetDirectory, name, '..'), { recursive: true })
    writeFileSync(join(targetDirectory, name), '')
  }
  const step = clearStep({ project: { targetDirectory }, targets: [{ triple: 'x86_64-unknown-linux-musl' }] })
  const { signal } = new AbortController()
  const display = plainDisplay(() => {})
  const left = () => all.filter((name) => existsSync(join(targetDirectory, name)))
  await runPipeline([step], { display, signal, dryRun: true, began: Date.now() })
  expect(left()).toEqual(all)
  await runPipeline([step], { display, signal, dryRun: false, began: Date.now() })
  expect(left()).toEqual(kept)
})
