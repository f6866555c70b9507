import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { featureArguments } from '../build/arguments.ts'
import { explainFailure } from '../build/failure.ts'
import { cargoAbilities } from '../cache/cook.ts'
import { clippyGate } from '../gates/clippy.ts'
import { formatGate } from '../gates/fmt.ts'
import type { CompilingOptions, GateOptions } from '../gates/gate.ts'
import { wantsNextest } from '../gates/nextest.ts'
import { testGate } from '../gates/test.ts'
import type { Verdict } from '../gates/verdict.ts'
import { readWorkspace, type Workspace } from '../gates/workspace.ts'
import { Failed } from '../report/ending.ts'
import type { Finding } from '../report/finding.ts'
import type { GateRecord } from '../report/report.ts'
import { searchedFirst } from '../toolchain/programs.ts'
import type { CompiledUnits } from './compiled.ts'
import { type Facts, repositoryRoot } from './facts.ts'
import { tool } from './finding-tools.ts'
import { gateEnvironment } from './gate-environment.ts'
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

export type GateNeeds = {
  compiled: CompiledUnits
  /** Whether cargo is to say why it compiles what it compiles. */
  explains: () => boolean
}

/** A step for each gate of this run. One that finds something fails when all have run. */
export function gateSteps(facts: Facts, needs: GateNeeds): GateSteps {
  const verdicts: Verdict[] = []
  const told = new Set<string>()
  let reading: Promise<Workspace> | undefined
  const optionsFor = async (context: StepContext): Promise<GateOptions> => {
    const { project, surroundings } = facts
    const { directory } = project
    const environment = await gateEnvironment(facts)
    // All gates judge the same code, so cargo is asked about it once.
    reading ??= readWorkspace({ directory, repository: repositoryRoot(facts), environment, signal: context.signal })
    return { directory, workspace: await reading, environment, colour: surroundings.colour, ...context }
  }
  const stepFor = (gate: Gate) =>
    new Step<Verdict>({
      name: gate.name,
      title: TITLES[gate.name],
      failsLate: true,
      plan: () => [`run the gate ${gate.name}${gate.mode === 'warn' ? ', and only report what it finds' : ''}`],
      run: async (context) => {
        const verdict = await optionsFor(context)
          .then((options) => judge(facts, gate, options, needs))
          .catch((error: unknown) => {
            if (error instanceof Failed) return withoutVerdict(gate, error.message)
            throw error
          })
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
        .map(({ gate, passed, counts, said, junit }) => ({
          ...{ gate, passed, ...counts, said },
          ...(junit !== undefined && { junit }),
        })),
  }
}

/** What stands for the verdict of a gate that cannot judge. With `:warn` that is only reported, too. */
function withoutVerdict({ name: gate, mode }: Gate, why: string): Verdict {
  if (mode === 'deny') return { gate, passed: false, counts: { errors: 1, warnings: 0 }, said: why, findings: [] }
  return {
    gate,
    passed: true,
    counts: { errors: 0, warnings: 1 },
    said: `${gate} could not judge, and \`${gate}:warn\` only reports that.`,
    findings: [{ level: 'warning', title: `${gate} could not judge`, message: why }],
  }
}

function judge(facts: Facts, gate: Gate, options: GateOptions, needs: GateNeeds): Promise<Verdict> {
  const { settings, project, rustc, surroundings } = facts
  const { environment } = options
  const target = settings['test-target']
  const { compiled } = needs
  const compiling: Omit<CompilingOptions, 'extraArguments'> = {
    ...options,
    target: target === '' || target === rustc.host ? undefined : target,
    featureArguments: featureArguments(settings.features),
    explain: async (failure) => explained(facts, failure),
    onMessage: (line) => compiled.takeMessage(line),
    onReason: needs.explains() ? (line) => compiled.takeReason(line) : undefined,
  }
  switch (gate.name) {
    case 'fmt':
      return formatGate(options)
    case 'clippy':
      return clippyGate({
        ...compiling,
        extraArguments: settings['clippy-args'],
        mode: gate.mode,
        keepsGoing: cargoAbilities(rustc.version).keepsGoing,
      })
    case 'test':
      return runTests()
    case 'audit':
      return judgeAudit(facts, gate.mode, options)
    case 'deny':
      return judgeDeny(facts, gate.mode, options)
  }

  async function runTests(): Promise<Verdict> {
    const wanted = gate.nextest || wantsNextest(project.workspaceRoot)
    const nextest = wanted ? await tool(facts, 'cargo-nextest', options) : undefined
    return testGate({
      ...compiling,
      // cargo looks for its own extensions there.
      ...(nextest !== undefined && {
        environment: { ...environment, ...searchedFirst(dirname(nextest.path), environment) },
      }),
      extraArguments: settings['test-args'],
      runner: nextest === undefined ? 'cargo' : 'nextest',
      scratch: surroundings.scratch,
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
