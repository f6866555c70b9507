import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { featureArguments } from '../build/arguments.ts'
import { explainFailure } from '../build/failure.ts'
import { clippyGate } from '../gates/clippy.ts'
import { formatGate } from '../gates/fmt.ts'
import type { CompilingOptions, GateOptions } from '../gates/gate.ts'
import { wantsNextest } from '../gates/nextest.ts'
import { testGate } from '../gates/test.ts'
import type { Verdict } from '../gates/verdict.ts'
import { Failed } from '../report/ending.ts'
import type { Finding } from '../report/finding.ts'
import type { GateRecord } from '../report/report.ts'
import { searchedFirst } from '../toolchain/programs.ts'
import type { CompiledUnits } from './compiled.ts'
import { type Facts, repositoryRoot } from './facts.ts'
import { tool } from './finding-tools.ts'
import { judgeAudit, judgeDeny } from './judging-dependencies.ts'
import { Step, type StepContext } from './step.ts'
import type { Gate, GateName } from './wanted-gates.ts'

export type GateSteps = {
  /** They compile, so one after the other. */
  compiling: readonly Step[]
  /** They need no compiler, and run beside those. */
  quick: readonly Step[]
  records: () => readonly GateRecord[]
}

const TITLES: Readonly<Record<GateName, string>> = {
  fmt: 'Check the format',
  clippy: 'Run clippy',
  test: 'Run the tests',
  audit: 'Audit the dependencies',
  deny: 'Check the dependencies with cargo-deny',
}

/** A step for each gate of this run. One that finds something fails when all have run. */
export function gateSteps(facts: Facts, compiled: CompiledUnits): GateSteps {
  const verdicts: Verdict[] = []
  const told = new Set<string>()
  const stepFor = (gate: Gate) =>
    new Step<Verdict>({
      name: gate.name,
      title: TITLES[gate.name],
      failsLate: true,
      plan: () => [`run the gate ${gate.name}${gate.mode === 'warn' ? ', and only report what it finds' : ''}`],
      run: async (context) => {
        const verdict = await judge(facts, gate, context, compiled)
        verdicts.push(verdict)
        for (const finding of verdict.findings) {
          // Clippy and the tests compile the same code.
          if (isNew(finding, told)) context.log.finding(finding)
        }
        if (!verdict.passed) throw new Failed(verdict.said)
        context.log.info(verdict.said)
        return verdict
      },
    })
  const steps = facts.gates.map((gate) => ({ gate, step: stepFor(gate) }))
  const isCompiling = ({ gate }: { gate: Gate }) => gate.name === 'clippy' || gate.name === 'test'
  return {
    compiling: steps.filter(isCompiling).map(({ step }) => step),
    quick: steps.filter((each) => !isCompiling(each)).map(({ step }) => step),
    records: () =>
      facts.gates
        .flatMap(({ name }) => verdicts.filter(({ gate }) => gate === name))
        .map(({ gate, passed, counts, said }) => ({ gate, passed, ...counts, said })),
  }
}

function judge(facts: Facts, gate: Gate, context: StepContext, compiled: CompiledUnits): Promise<Verdict> {
  const { settings, project, environment, rustc, surroundings } = facts
  const options: GateOptions = {
    directory: project.directory,
    root: repositoryRoot(facts),
    environment,
    colour: surroundings.colour,
    ...context,
  }
  const compiling: Omit<CompilingOptions, 'extraArguments'> = {
    ...options,
    featureArguments: featureArguments(settings.features),
    explain: async (failure) => explained(facts, failure),
    onMessage: (line) => compiled.takeMessage(line),
  }
  const target = settings['test-target']
  switch (gate.name) {
    case 'fmt':
      return formatGate(options)
    case 'clippy':
      return clippyGate({ ...compiling, extraArguments: settings['clippy-args'], mode: gate.mode })
    case 'test':
      return runTests()
    case 'audit':
      return judgeAudit(facts, gate.mode, context)
    case 'deny':
      return judgeDeny(facts, gate.mode, context)
  }

  async function runTests(): Promise<Verdict> {
    const nextest = wantsNextest(project.workspaceRoot) ? await tool(facts, 'cargo-nextest', context) : undefined
    return testGate({
      ...compiling,
      // cargo looks for its own extensions there.
      ...(nextest !== undefined && {
        environment: { ...environment, ...searchedFirst(dirname(nextest.path), environment) },
      }),
      extraArguments: settings['test-args'],
      runner: nextest === undefined ? 'cargo' : 'nextest',
      scratch: surroundings.scratch,
      target: target === '' || target === rustc.host ? undefined : target,
    })
  }
}

async function explained({ project, settings }: Facts, failure: { said: string; stderr: string }): Promise<string> {
  const { targetDirectory } = project
  const freeBytes = await statfs(targetDirectory).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined,
  )
  return explainFailure({ ...failure, targetDirectory, freeBytes, hasGitToken: settings['cargo-git-token'] !== '' })
}

function isNew({ place, title, message }: Finding, told: Set<string>): boolean {
  const key = JSON.stringify([place?.file, place?.line, place?.column, title, message])
  if (place !== undefined && told.has(key)) return false
  told.add(key)
  return true
}
