import { beforeEach, expect, test } from 'vitest'
import { need } from '../ground/need.ts'
import { fixtureAction } from './fixture-action.ts'
import { runnerPart } from './part.ts'

beforeEach((context) => need(context, 'runner', runnerPart.whyNot()))

test('a developer sees the log, the outputs and the summary of the action in the current folder', async () => {
  await using action = fixtureAction({
    inputs: '  name: {}',
    main: `
      import { appendFileSync } from 'node:fs'
      console.log('::notice::hello ' + process.env.INPUT_NAME)
      appendFileSync(process.env.GITHUB_OUTPUT, 'status=built\\n')
      appendFileSync(process.env.GITHUB_STEP_SUMMARY, '# Built\\n')`,
    post: `console.log('tidied up')`,
  })
  const before = process.cwd()
  process.chdir(action.folder)
  try {
    await runnerPart.prepare()
    await using shown = await runnerPart.show(['name=a=b'])
    expect(shown.lines.slice(shown.lines.indexOf('##[endgroup]') + 1)).toEqual([
      '##[notice]hello a=b',
      'Post job cleanup.',
      'tidied up',
      '',
      'outcome: success',
      'output status: built',
      '# Built',
      '',
    ])
    await expect(runnerPart.show(['--name'])).rejects.toThrow('"--name" is not an input: write name=value')
  } finally {
    process.chdir(before)
  }
})
