import { basename } from 'node:path'
import { type AttestPlace, attest, whyNoAttestation } from '../build/attest.ts'
import { sha256Of } from '../build/digest.ts'
import type { Binary } from '../report/binary.ts'
import { Refused } from '../report/ending.ts'
import type { Facts } from './facts.ts'
import { Step } from './step.ts'

type Subjects = { binaries: readonly Binary[]; archives: readonly string[] }

/**
 * Has GitHub vouch for the digests, in whichever job has the right: it need not be the one that compiles. It says that
 * this very workflow run built them, so nothing that came from elsewhere is attested.
 */
export function attestStep(facts: Facts, made: () => Subjects, isFromElsewhere = false): Step<void> {
  const { attest: wanted } = facts.settings
  const why = isFromElsewhere ? 'what `from` brings was not built by this run' : whyNoAttestation(placeOf(facts))
  // Known now, so no minutes go into compiling first.
  if (wanted === 'required' && why !== undefined) throw new Refused(`\`attest\` is \`required\`, but: ${why}`)
  return new Step<void>({
    name: 'attest',
    title: 'Attest',
    applies: () => (wanted === 'off' ? '`attest` is `off`' : (why ?? true)),
    plan: () => ['have GitHub sign that this workflow built the binaries'],
    run: async ({ log, signal }) => {
      const { binaries, archives } = made()
      const subjects = binaries.map(({ path, sha256 }) => ({ name: basename(path), sha256 }))
      for (const path of archives) subjects.push({ name: basename(path), sha256: await sha256Of(path, signal) })
      const required = wanted === 'required'
      const attested = await attest({ subjects, place: placeOf(facts), required, log, signal })
      log.info(attested.kind === 'attested' ? `attested${attested.url ? `: ${attested.url}` : ''}` : attested.why)
    },
  })
}

function placeOf({ settings, surroundings }: Facts): AttestPlace {
  const { inActions, hasIdToken, serverUrl, repository } = surroundings
  return { inActions, hasIdToken, serverUrl, repository, token: settings['github-token'] }
}
