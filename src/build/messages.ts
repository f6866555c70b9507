import { isRecord, parseRecord, textOf, textsIn } from '../json/narrow.ts'

/** What cargo's JSON says of one compiled or reused unit. */
export type Unit = {
  packageId: string
  target: string
  fresh: boolean
  executable: string | undefined
  isBinary: boolean
}

/** One line of cargo's standard output; undefined for every message, and every stray print, that is about no unit. */
export function readUnit(line: string): Unit | undefined {
  if (!line.startsWith('{')) return undefined
  const message = parseRecord(line)
  if (message?.['reason'] !== 'compiler-artifact' || !isRecord(message['target'])) return undefined
  const { executable, target } = message
  return {
    packageId: textOf(message['package_id']),
    target: textOf(target['name']),
    isBinary: textsIn(target['kind']).includes('bin'),
    fresh: message['fresh'] === true,
    executable: typeof executable === 'string' ? executable : undefined,
  }
}
