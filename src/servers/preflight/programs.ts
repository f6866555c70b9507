import type { HostFacts } from './facts.ts'
import { error, type Problem, type Wanted } from './wanted.ts'

/** Without these something goes on, in another way. */
const OPTIONAL = new Set(['bash', 'curl', 'gzip', 'journalctl', 'sudo', 'systemctl', 'timeout', 'zstd'])

export function judgePrograms(facts: HostFacts, { health }: Wanted): Problem[] {
  const { missingPrograms, flockWaits, systemd } = facts
  const problems: Problem[] = []
  const lacks = (...names: readonly string[]) => names.some((name) => missingPrograms.includes(name))
  if (lacks('systemctl') || !systemd.isRunning) {
    problems.push(error('systemd-missing', 'This host does not run systemd. Deploy to one that does, or as an image.'))
  }
  const needed = missingPrograms.filter((name) => !OPTIONAL.has(name))
  if (needed.length > 0) {
    const packages = 'On Debian they are in coreutils, findutils, grep, sed, tar and util-linux'
    problems.push(
      error('programs-missing', `This host lacks ${needed.join(', ')}. Install what they are in. ${packages}.`),
    )
  } else if (!flockWaits) {
    const cause = 'The `flock` of this host cannot wait for a lock (`-w`), as that of busybox'
    problems.push(error('flock', `${cause}. Install the one of util-linux.`))
  }
  const noBash = lacks('bash', 'timeout')
  if (health === 'http' && lacks('curl') && noBash) {
    const cause = 'Nothing on this host can ask the service whether it is well: neither curl, nor bash and timeout'
    problems.push(error('nothing-asks', `${cause}. Install curl.`))
  } else if (health === 'port' && noBash) {
    const cause = 'Nothing on this host can see whether the port accepts connections: that needs bash and timeout'
    problems.push(error('nothing-asks', `${cause}. Install them, or set \`health\` to a path and install curl.`))
  }
  return problems
}
