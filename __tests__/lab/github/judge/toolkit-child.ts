import { text } from 'node:stream/consumers'
import { DefaultArtifactClient } from '@actions/artifact'
import * as cache from '@actions/cache'
import type { Call, Result } from './toolkit.ts'

// A process of its own, since the toolkits read their whole world from the environment and keep it.
const calls: Call[] = JSON.parse(await text(process.stdin))
const targets: Record<Call['toolkit'], object> = { cache, artifact: new DefaultArtifactClient() }

const results: Result[] = []
for (const { toolkit, name, args } of calls) {
  const target = targets[toolkit]
  const method: unknown = Reflect.get(target, name)
  if (typeof method !== 'function') throw new Error(`@actions/${toolkit} has no ${name}`)
  try {
    results.push({ value: await Reflect.apply(method, target, args) })
  } catch (error) {
    results.push({ error: String(error) })
  }
}
// A download that failed leaves its connection open, and the process would wait for it as long as the server does.
process.stdout.write(`\n@results ${JSON.stringify(results)}\n`, () => process.exit())
