import type { Command } from '../process/command.ts'
import { type Exited, runTool } from '../process/tool.ts'
import { Cancelled } from '../report/ending.ts'

/** Runs a tool that talks to servers, which may never answer: it gets so long, and then it is ended. */
export async function runWithin(
  patienceMs: number,
  command: Command & { signal: AbortSignal },
): Promise<Exited | 'overdue'> {
  try {
    return await runTool({ ...command, signal: AbortSignal.any([command.signal, AbortSignal.timeout(patienceMs)]) })
  } catch (error) {
    if (error instanceof Cancelled && !command.signal.aborted) return 'overdue'
    throw error
  }
}
