import { addParts } from '../toolchain/parts.ts'
import type { Facts } from './facts.ts'
import { Step } from './step.ts'

const COMPONENTS: Readonly<Record<string, string>> = { fmt: 'rustfmt', clippy: 'clippy' }

/** Adds to the toolchain what the gates and the targets of this run need of it. */
export function partsStep(facts: Facts): Step<void> {
  const { settings, gates, targets, project, toolchain, environment } = facts
  const components = gates.flatMap(({ name }) => COMPONENTS[name] ?? [])
  const triples = settings.command === 'check' ? [] : targets.map(({ triple }) => triple)
  const wanted = settings['test-target'] === '' ? triples : [...triples, settings['test-target']]
  const all = [...components, ...wanted]
  return new Step<void>({
    name: 'parts',
    title: 'Complete the toolchain',
    applies: () => all.length > 0 || 'nothing is needed of it',
    plan: () => [`have ${all.join(', ')} in the toolchain`],
    run: async ({ log, signal }) => {
      const added = await addParts({
        components,
        targets: wanted,
        hasRustup: toolchain.hasRustup,
        directory: project.directory,
        environment,
        log,
        signal,
      })
      log.info(added.length > 0 ? `added ${added.join(', ')}` : `${all.join(', ')}: all there`)
    },
  })
}
