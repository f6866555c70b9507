import type { HostFacts } from './facts.ts'
import { error, GUARD_VERSION, type Problem, type Wanted } from './wanted.ts'

const WITHOUT = 'without it nobody brings the old release back when a deploy goes wrong'

export function judgeGuard({ guard, systemd, units }: HostFacts, { app }: Wanted): Problem[] {
  if (!systemd.isRunning || units.size === 0) return []
  const [pathName, serviceName] = [`rust-deploy-guard@${app}.path`, `rust-deploy-guard@${app}.service`]
  const [path, service] = [units.get(pathName), units.get(serviceName)]
  const again = 'Run `rust-deploy bootstrap` again'
  if (path?.load === 'masked' || service?.load === 'masked') {
    const masked = path?.load === 'masked' ? pathName : serviceName
    const remedy = `As root: \`systemctl unmask ${masked}\` and \`systemctl enable --now ${pathName}\``
    return [error('guard-masked', `${masked} is masked; ${WITHOUT}. ${remedy}.`)]
  }
  const lacking = [
    ...(guard.isThere ? [] : [guard.file]),
    ...(path?.load === 'loaded' ? [] : [pathName]),
    ...(service?.load === 'loaded' ? [] : [serviceName]),
  ]
  if (lacking.length > 0) {
    return [error('guard-missing', `The guard is not whole: ${lacking.join(', ')}; ${WITHOUT}. ${again}.`)]
  }
  const problems: Problem[] = []
  if (guard.version === undefined || guard.version < GUARD_VERSION) {
    const cause = `${guard.file} is version ${guard.version ?? 'unknown'} of the guard, and ${GUARD_VERSION} is needed`
    problems.push(error('guard-older', `${cause}. ${again}.`))
  } else if (guard.version > GUARD_VERSION) {
    const cause = `${guard.file} is version ${guard.version} of the guard, and this knows ${GUARD_VERSION}`
    problems.push(error('guard-newer', `${cause}. Deploy with the version of rust-deploy that prepared this host.`))
  }
  if (path?.active === 'failed' || service?.active === 'failed') {
    const failed = path?.active === 'failed' ? pathName : serviceName
    const remedy = `See \`journalctl -u ${failed}\`, then as root: \`systemctl reset-failed ${failed}\` and \`systemctl start ${pathName}\``
    problems.push(error('guard-failed', `${failed} has failed; ${WITHOUT}. ${remedy}.`))
  } else if (path?.active !== 'active' || !path.file.startsWith('enabled')) {
    const cause = path?.active === 'active' ? 'would not be there after a reboot' : `is ${path?.active}`
    const remedy = `As root: \`systemctl enable --now ${pathName}\``
    problems.push(error('guard-disabled', `${pathName} ${cause}; ${WITHOUT}. ${remedy}.`))
  }
  return problems
}
