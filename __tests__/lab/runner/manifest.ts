import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { isRecord, textOf } from '../../../src/json/narrow.ts'
import { type JobStatus, postCondition } from './condition.ts'

export type DeclaredInput = { name: string; default: string; deprecationMessage: string | undefined }

/** What the runner needs to know of an action.yml. The paths of the scripts are absolute. */
export type Manifest = {
  main: string
  post: string | undefined
  postApplies: (status: JobStatus) => boolean
  inputs: readonly DeclaredInput[]
}

export function readManifest(action: string): Manifest {
  const path = ['action.yml', 'action.yaml'].map((name) => join(action, name)).find((file) => existsSync(file))
  if (path === undefined) throw new Error(`there is no action.yml in ${action}: name the folder of an action`)
  const manifest: unknown = parse(readFileSync(path, 'utf8'))
  const runs = isRecord(manifest) && isRecord(manifest['runs']) ? manifest['runs'] : {}
  if (runs['using'] !== 'node24') {
    throw new Error(
      `${path}: \`runs.using\` is ${JSON.stringify(runs['using'])}; the lab's runner runs node24 actions only`,
    )
  }
  const main = textOf(runs['main'])
  if (main === '') throw new Error(`${path}: \`runs.main\` is missing; name the script to run`)
  const post = textOf(runs['post'])
  const inputs = isRecord(manifest) && isRecord(manifest['inputs']) ? manifest['inputs'] : {}
  return {
    main: join(action, main),
    post: post === '' ? undefined : join(action, post),
    postApplies: postCondition(textOf(runs['post-if']) || 'always()'),
    inputs: Object.entries(inputs).map(declaredInput),
  }
}

function declaredInput([name, written]: [string, unknown]): DeclaredInput {
  const input = isRecord(written) ? written : {}
  // YAML has numbers and booleans, the runner has only strings.
  const value = input['default'] ?? ''
  return {
    name,
    default: String(value),
    deprecationMessage: textOf(input['deprecationMessage']) || undefined,
  }
}
