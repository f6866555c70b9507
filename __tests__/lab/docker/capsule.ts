import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Ownership, type ProcessId, processId } from '../ground/owner.ts'
import { Program } from '../ground/program.ts'

/**
 * The first process of the namespaces: the mounts that a daemon makes are seen by nobody else, and so are the sockets
 * and names that it leaves in /run.
 */
const SCRIPT = 'mount -t tmpfs -o mode=0755 tmpfs /run && exec "$@"'

type Start = { init: string; argv: readonly string[]; env: Readonly<Record<string, string>>; cwd: string }

/**
 * Runs a daemon as the child of an init in namespaces of processes and mounts. When the init is killed, the kernel ends
 * everything below it, whatever session or group it has moved to, and its mounts are gone with it.
 */
export async function startCapsule(ownership: Ownership, start: Start): Promise<{ program: Program; init: ProcessId }> {
  const namespaces = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'] as const
  const program = Program.start(ownership, {
    argv: [...namespaces, 'sh', '-c', SCRIPT, 'sh', start.init, '--', ...start.argv],
    env: start.env,
    cwd: start.cwd,
  })
  const init = await childOf(program)
  // unshare ends before its child has, and only the end of the child says that all is gone.
  ownership.holds({ kind: 'process', process: init, group: false })
  return { program, init }
}

async function childOf(program: Program): Promise<ProcessId> {
  const { pid } = program.id
  for (let waited = 0; waited < 10_000; waited += 20) {
    const child = processId(Number(children(pid)[0]))
    if (child !== undefined) return child
    await sleep(20)
  }
  throw new Error(`unshare has started nothing:\n${program.lines.join('\n')}`)
}

function children(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  } catch {
    return []
  }
}
