import { join } from 'node:path'
import { auditGate } from '../gates/audit.ts'
import { denyGate } from '../gates/deny.ts'
import type { GateOptions } from '../gates/gate.ts'
import type { Verdict } from '../gates/verdict.ts'
import { changedSince } from '../project/changes.ts'
import type { Facts } from './facts.ts'
import { tool } from './finding-tools.ts'
import type { Gate } from './wanted-gates.ts'

export async function judgeAudit(facts: Facts, mode: Gate['mode'], options: GateOptions): Promise<Verdict> {
  const bringProgram = async (beforeCompiling: () => Promise<void>) =>
    (await tool(facts, 'cargo-audit', options, beforeCompiling)).path
  const databaseFolder = join(facts.surroundings.toolFolder, 'advisory-databases')
  return auditGate({ ...options, ...(await leniencyOf(facts, options.signal)), bringProgram, mode, databaseFolder })
}

export async function judgeDeny(facts: Facts, mode: Gate['mode'], options: GateOptions): Promise<Verdict> {
  const bringProgram = async () => (await tool(facts, 'cargo-deny', options)).path
  return denyGate({ ...options, ...(await leniencyOf(facts, options.signal)), bringProgram, mode })
}

export type Leniency = { lenient: boolean; hint?: string }

/** A pull request that leaves Cargo.lock alone is not what an advisory database that cannot be had should stop. */
export async function leniencyOf(facts: LeniencyFacts, signal: AbortSignal): Promise<Leniency> {
  if (facts.surroundings.event.name !== 'pull_request') return { lenient: false }
  const changed = await changesLock(facts, signal)
  return changed === undefined ? { lenient: false, hint: HINT } : { lenient: !changed }
}

const HINT =
  'Or check out with `fetch-depth: 2`, so that it can be seen whether this pull request touches Cargo.lock; one that does not need not fail for this.'

export type LeniencyFacts = Pick<Facts, 'project' | 'environment' | 'surroundings' | 'git'>

/** Undefined where the checkout does not say. */
async function changesLock(facts: LeniencyFacts, signal: AbortSignal): Promise<boolean | undefined> {
  const { project, environment, surroundings, git } = facts
  // What GitHub checks out for a pull request is its merge, whose first parent is the branch that it goes to. Of any
  // other commit the parent may be one of the pull request itself.
  if (git?.sha !== surroundings.environment['GITHUB_SHA']) return undefined
  const place = { directory: project.workspaceRoot, environment, signal }
  return changedSince({ ...place, commit: 'HEAD^1', path: 'Cargo.lock' })
}
