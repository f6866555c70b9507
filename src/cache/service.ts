import { lstat, readFile, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseRecord, textOf } from '../json/narrow.ts'
import type { Environment } from '../process/environment.ts'
import { runTool } from '../process/tool.ts'
import { Failed } from '../report/ending.ts'
import { transferEnvironment } from './program-environment.ts'
import { refusalIn } from './refusal.ts'

export type Request =
  | { operation: 'save'; file: string; key: string }
  | { operation: 'restore'; file: string; key: string; restoreKeys: readonly string[] }

export type Answer = { saved: boolean } | { key: string | undefined }

export const REQUEST = 'request.json'
export const ANSWER = 'answer.json'

export type ServiceOptions = {
  /** The command that runs transfer.ts, which is a program of its own. */
  transfer: readonly [string, ...string[]]
  /** A folder of this transfer alone: the archive is in it, and everything that the toolkit needs meanwhile. */
  place: string
  /** Of our own process: the way to the service is in it. */
  environment: Environment
  signal: AbortSignal
}

/** Brings the archive that a key names into the place, and gives the key under which it was found. */
export async function download(
  wanted: { file: string; key: string; restoreKeys: readonly string[] },
  options: ServiceOptions,
): Promise<{ key?: string; why?: string }> {
  const { answer, said } = await talk({ operation: 'restore', ...wanted }, options)
  const key = textOf(answer['key'])
  if (key === '') return refusalIn(said)
  const found = await lstat(join(options.place, wanted.file)).catch(() => undefined)
  if (!found?.isFile()) throw new Failed('what came is no archive of rust-deploy')
  return { key }
}

/** Stores the archive under a key. That another job was faster, or that a run may not write, is no failure. */
export async function upload(
  wanted: { file: string; key: string },
  options: ServiceOptions,
): Promise<{ saved: boolean; why?: string }> {
  const { answer, said } = await talk({ operation: 'save', ...wanted }, options)
  return answer['saved'] === true ? { saved: true } : { saved: false, ...refusalIn(said) }
}

async function talk(request: Request, { transfer, place, environment, signal }: ServiceOptions) {
  const [file, ...args] = transfer
  const cwd = await realpath(place)
  await writeFile(join(cwd, REQUEST), JSON.stringify(request))
  const env = { ...transferEnvironment(environment), ...placeEnvironment(cwd, request) }
  const said = await runTool({ file, args, cwd, env, signal })
  const answer = parseRecord(await readFile(join(cwd, ANSWER), 'utf8').catch(() => ''))
  if (said.code !== 0 || answer === undefined)
    throw new Failed(`the transfer ended with ${said.code}: ${firstLine(said.stderr)}`)
  return { answer, said }
}

/**
 * With the place as workspace, the path of the archive is the same in every checkout, and with it what the service knows
 * the archive by. The toolkit unpacks with `--absolute-names`, so a hostile archive could write anywhere: GNU tar is told
 * to give everything that it unpacks, links and what they point at included, the one name that we asked for.
 */
function placeEnvironment(place: string, { operation, file }: Request): Environment {
  const workplace = { GITHUB_WORKSPACE: place, RUNNER_TEMP: join(place, 'toolkit'), LC_ALL: 'C' }
  return operation === 'restore' ? { ...workplace, TAR_OPTIONS: `--transform=s,.*,${file},` } : workplace
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? ''
}
