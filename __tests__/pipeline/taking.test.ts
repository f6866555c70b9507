import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkFrom } from '../../src/pipeline/taking.ts'
import { hello, madeProject } from '../made-project.ts'
import { factsOf } from './made-facts.ts'

test('a path that `from` names is looked at before anything is done, and an artifact is not', async () => {
  using project = madeProject(hello())
  const check = async (from: string, command: 'plan' | 'build' = 'plan') =>
    checkFrom(await factsOf(project.folder, { command, from }))
  const missing = join(project.folder, 'bin/hello')
  for (const command of ['plan', 'build'] as const) {
    await expect(check('bin/hello', command)).rejects.toThrow(
      `\`from\` names ${missing}, but there is nothing: check the path, which is seen from the working directory.`,
    )
  }
  await expect(check(`bin/hello@sha256:${'a'.repeat(64)}`)).rejects.toThrow('there is nothing')
  await expect(check('/dev/null')).rejects.toThrow('neither a file nor a folder')

  mkdirSync(join(project.folder, 'bin'))
  writeFileSync(missing, '')
  for (const from of ['bin/hello', 'bin', missing, '', 'artifact:hello', 'run:7']) await check(from)
})
