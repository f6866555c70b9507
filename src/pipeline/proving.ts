import { describeProof, type Proof, proveBinary } from '../build/proof.ts'
import type { Binary } from '../report/binary.ts'
import { type Facts, repositoryRoot } from './facts.ts'
import { homesOf } from './homes.ts'
import type { StepContext } from './step.ts'

/** Reads the headers of a binary, compares them with what was promised, and writes down what they say. */
export async function proved(
  facts: Facts,
  { binary, copy = binary.path }: { binary: Binary; copy?: string },
  target: Facts['targets'][number] | undefined,
  { log, signal }: StepContext,
): Promise<Binary> {
  const proof = await proveBinary({
    binary: binary.name,
    path: copy,
    ...(target !== undefined && { target }),
    directories: { 'the checkout': repositoryRoot(facts), ...homesOf(facts) },
    log,
    signal,
  })
  log.info(`${binary.name}: ${describeProof(proof)}`)
  return { ...binary, target: proof.target, proof: recordOf(proof) }
}

function recordOf(proof: Proof): NonNullable<Binary['proof']> {
  const said = describeProof(proof)
  if (proof.kind === 'unproved') return { said }
  const { isStatic, minGlibc, facts, leaks } = proof
  return {
    said,
    static: isStatic,
    stripped: facts.stripped,
    needed: facts.needed,
    leaks: leaks.count,
    ...(minGlibc !== undefined && { minGlibc }),
    ...(facts.buildId !== undefined && { buildId: facts.buildId }),
    sections: facts.sections,
  }
}
