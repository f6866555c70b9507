import { basename } from 'node:path'
import { type AttestPlace, attest, whyNoAttestation } from '../build/attest.ts'
import { sha256Of } from '../build/digest.ts'
import type { Binary } from '../report/binary.ts'
import type { Facts } from './facts.ts'
import { Step } from './step.ts'

type Subjects = { binaries: readonly Binary[]; archives: readonly string[] }

/** Has GitHub vouch for the digests, in whichever job has the right: it need not be the one that compiles. */
export function attestStep(facts: Facts, made: () => Subjects): Step<void> {
  const required = facts.settings.attest === 'required'
  const place = placeOf(facts)
  return new Step<void>({
    name: 'attest',
    title: 'Attest',
    applies: () => {
      if (facts.settings.attest === 'off') return '`attest` is `off`'
      return required || (whyNoAttestation(place) ?? true)
    },
    plan: () => ['have GitHub sign that this workflow built the binaries'],
    run: async ({ log, signal }) => {
      const { binaries, archives } = made()
      const subjects = binaries.map(({ path, sha256 }) => ({ name: basename(path), sha256 }))
      for (const path of archives) subjects.push({ name: basename(path), sha256: await sha256Of(path, signal) })
      const attested = await attest({ subjects, place, required, log, signal })
      log.info(attested.kind === 'attested' ? `attested ${attested.url ?? ''}` : attested.why)
    },
  })
}

function placeOf({ settings, surroundings }: Facts): AttestPlace {
  const { inActions, hasIdToken, serverUrl, repository } = surroundings
  return { inActions, hasIdToken, serverUrl, repository, token: settings['github-token'] }
}
