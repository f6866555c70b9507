import { expect, test } from 'vitest'
import { githubPart } from './part.ts'

test('the part shows an environment with which the services answer', async () => {
  expect(githubPart.whyNot()).toBeUndefined()
  await githubPart.prepare()
  await using shown = await githubPart.show([])
  const env = Object.fromEntries(
    shown.lines.flatMap((line) => {
      const [, name, value] = /^export (\w+)=(.*)$/.exec(line) ?? []
      return name === undefined || value === undefined ? [] : [[name, value]]
    }),
  )
  expect(Object.keys(env)).toEqual(['ACTIONS_RESULTS_URL', 'ACTIONS_RUNTIME_TOKEN', 'ACTIONS_CACHE_SERVICE_V2'])
  expect((await fetch(env.ACTIONS_RESULTS_URL ?? '')).status).toBe(404)
})
