import { type FoundTool, findTool, type ToolName } from '../toolchain/tools/find.ts'
import type { Facts } from './facts.ts'
import type { StepContext } from './step.ts'

/** One of the programs that this version of ours knows by their hashes. */
export function tool(
  facts: Facts,
  name: ToolName,
  { log, signal }: StepContext,
  beforeCompiling?: () => Promise<void>,
): Promise<FoundTool> {
  const { settings, environment, surroundings } = facts
  return findTool({
    tool: name,
    environment,
    mirror: settings['tools-mirror'],
    folder: surroundings.toolFolder,
    scratch: surroundings.scratch,
    log,
    signal,
    ...(beforeCompiling && { beforeCompiling }),
  })
}
