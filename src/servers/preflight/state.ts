import { foreignText } from '../transport/foreign-text.ts'
import type { HostFacts } from './facts.ts'
import { error, type Problem, type Wanted, warning } from './wanted.ts'

/** What earlier deploys, and people, have left there. */
export function judgeState(facts: HostFacts, wanted: Wanted): Problem[] {
  return [
    ...judgeFrozen(facts, wanted),
    ...judgeUndecided(facts),
    ...judgeCurrent(facts, wanted),
    ...judgeHealth(facts),
  ]
}

function judgeFrozen({ frozen }: HostFacts, { app }: Wanted): Problem[] {
  if (frozen === undefined) return []
  const note = foreignText(frozen) === '' ? 'without a note' : `with the note "${foreignText(frozen)}"`
  const file = `/srv/${app}/.rust-deploy/frozen`
  return [error('frozen', `Somebody has frozen ${app} here, ${note}. Ask them, then remove ${file}.`)]
}

/** Both end by themselves, and a deploy waits for them as long as `lock-wait` says. */
function judgeUndecided({ lease, undecided }: HostFacts): Problem[] {
  if (undecided !== undefined) {
    const to =
      undecided.previous === ''
        ? 'stops the service, since nothing was there before'
        : `goes back to ${foreignText(undecided.previous)}`
    const release = foreignText(undecided.release) || 'something unknown'
    if (undecided.state === 'reverting' || undecided.seconds <= 0) {
      const cause = `The deploy of ${release} was not confirmed in time: the guard ${to} now`
      return [warning('undecided', `${cause}. Wait until it is done; \`rust-deploy status\` shows it.`)]
    }
    const cause = `The deploy of ${release} is undecided: the guard ${to} in ${undecided.seconds} s unless its runner lives or confirms`
    return [warning('undecided', `${cause}. Wait for that run, or cancel it.`)]
  }
  if (lease === undefined) return []
  const cause = `${foreignText(lease.holder)} deploys ${foreignText(lease.release)} since ${foreignText(lease.since)}`
  return [
    warning(
      'busy',
      `${cause}. This deploy waits for it as long as \`lock-wait\` says; if it is dead, its lease ends in ${lease.seconds} s.`,
    ),
  ]
}

function judgeCurrent({ current }: HostFacts, { app }: Wanted): Problem[] {
  const link = `/srv/${app}/current`
  if (current === undefined) return []
  if (current.target === '') {
    return [error('current-no-link', `${link} is no link. Move it away: \`mv ${link} ${link}.old\`.`)]
  }
  if (current.isThere) return []
  const cause = `${link} points to ${foreignText(current.target)}, which is not there, so that nothing could be gone back to`
  const remedy = `Point it to a release that is (\`ln -sfn releases/<id> ${link}\`), or remove it for a first deploy`
  return [error('current-dangling', `${cause}. ${remedy}.`)]
}

function judgeHealth({ conf, current, health, units, undecided }: HostFacts): Problem[] {
  // Before the first deploy nothing runs, and what is undecided is about to change.
  if (current === undefined || !current.isThere || undecided !== undefined) return []
  const sick = (conf?.get('units') ?? '').split(/\s+/).flatMap((name) => {
    const unit = units.get(`${name}.service`)
    if (unit?.load !== 'loaded' || (unit.active === 'active' && unit.sub === 'running')) return []
    return [`${name}.service is ${unit.active} (${unit.sub})`]
  })
  if (
    sick.length === 0 &&
    health !== undefined &&
    (health.status === undefined || Math.floor(health.status / 100) !== 2)
  ) {
    const answer = health.status ?? 'nothing'
    sick.push(`port ${health.port} answers ${answer} to ${foreignText(health.path)}`)
  }
  if (sick.length === 0) return []
  const cause = `The service does not answer now, before anything is changed: ${sick.join(', ')}`
  return [
    warning(
      'sick',
      `${cause}. If this deploy fails, what it goes back to is sick as well: see \`journalctl -u\` of it.`,
    ),
  ]
}
