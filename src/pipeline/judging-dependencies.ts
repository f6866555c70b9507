import { join } from 'node:path'
import { auditGate } from '../gates/audit.ts'
import { denyGate } from '../gates/deny.ts'
import type { GateOptions } from '../gates/gate.ts'
import type { Verdict } from '../gates/verdict.ts'
import { changedSince } from '../project/changes.ts'
import { type Facts, repositoryRoot } from './facts.ts'
import { tool } from './finding-tools.ts'
import type { StepContext } from './step.ts'
import type { Gate } from './wanted-gates.ts'

export async function judgeAudit(facts: Facts, mode: Gate['mode'], context: StepContext): Promise<Verdict> {
  const { path } = await tool(facts, 'cargo-audit', context)
  return auditGate({ ...(await shared(facts, context)), program: path, mode })
}

/** cargo-deny has levels of its own in deny.toml; whoever wants warnings only lets everything through. */
export async function judgeDeny(facts: Facts, mode: Gate['mode'], context: StepContext): Promise<Verdict> {
  const { path } = await tool(facts, 'cargo-deny', context)
  const verdict = await denyGate({ ...(await shared(facts, context)), program: path })
  return mode === 'warn' ? { ...verdict, passed: true } : verdict
}

async function shared(facts: Facts, { log, signal }: StepContext) {
  const { project, environment, surroundings } = facts
  const options: GateOptions = {
    directory: project.directory,
    root: repositoryRoot(facts),
    environment,
    colour: surroundings.colour,
    log,
    signal,
  }
  return {
    ...options,
    lenient: await isOfNoConcern(facts, signal),
    databaseFolder: join(surroundings.toolFolder, 'advisory-databases'),
  }
}

/** A pull request that leaves Cargo.lock alone is not what an advisory database that cannot be had should stop. */
async function isOfNoConcern({ project, environment, surroundings }: Facts, signal: AbortSignal): Promise<boolean> {
  if (surroundings.event.name !== 'pull_request') return false
  const place = { directory: project.workspaceRoot, environment, signal }
  // What GitHub checks out for a pull request is its merge, whose first parent is the branch that it goes to.
  const changed = await changedSince({ ...place, commit: 'HEAD^1', path: 'Cargo.lock' })
  return changed !== true
}
