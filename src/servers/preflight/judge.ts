import type { HostFacts } from './facts.ts'
import { judgeGuard } from './guard.ts'
import { judgePlatform } from './platform.ts'
import { judgePrograms } from './programs.ts'
import { judgeState } from './state.ts'
import { judgeStorage } from './storage.ts'
import { judgeSudo } from './sudo.ts'
import { judgeUnits } from './units.ts'
import { error, HOST_FORMAT, type Problem, type Wanted, warning } from './wanted.ts'

/** All that stands in the way of a deploy to this host, or is worth knowing before one. */
export function judgeHost(facts: HostFacts, wanted: Wanted): Problem[] {
  const everywhere = [
    ...judgePlatform(facts, wanted),
    ...judgePrograms(facts, wanted),
    ...judgeStorage(facts, wanted),
    ...judgeUser(facts, wanted),
  ]
  const bootstrapped = judgeBootstrap(facts, wanted)
  // Where bootstrap has not been, everything that it makes is missing: one sentence says it.
  if (facts.conf === undefined) return [...bootstrapped, ...everywhere]
  return [
    ...bootstrapped,
    ...everywhere,
    ...judgeFolders(facts, wanted),
    ...judgeUnits(facts, wanted),
    ...judgeGuard(facts, wanted),
    ...judgeSudo(facts, wanted),
    ...judgeState(facts, wanted),
  ]
}

function judgeBootstrap({ conf, confFile }: HostFacts, { app }: Wanted): Problem[] {
  if (conf === undefined) {
    const why = `${confFile || `/etc/rust-deploy/${app}.conf`} is not there, or cannot be read`
    return [
      error('not-bootstrapped', `This host is not prepared for ${app}: ${why}. Run \`rust-deploy bootstrap\` once.`),
    ]
  }
  const format = Number(conf.get('format') ?? 0)
  if (format > HOST_FORMAT) {
    const newer = `This host was prepared by a newer version of rust-deploy (format ${format})`
    return [error('bootstrap-newer', `${newer}. Deploy with that version.`)]
  }
  if (format === HOST_FORMAT) return []
  const older = `This host was prepared by an older version of rust-deploy (format ${conf.get('format') ?? 'unknown'})`
  return [error('bootstrap-older', `${older}. Run \`rust-deploy bootstrap\` again: it changes only what differs.`)]
}

function judgeUser({ user, home, conf }: HostFacts, wanted: Wanted): Problem[] {
  const owner = conf?.get('deploy-user') || wanted.user
  if (user !== '' && (user !== wanted.user || user !== owner)) {
    const meant = user === wanted.user ? owner : wanted.user
    const remedy = `Name ${meant} in \`host\` (${meant}@…), or run \`rust-deploy bootstrap\` for ${user}`
    return [error('other-user', `The login is ${user}, but ${meant} deploys ${wanted.app} here. ${remedy}.`)]
  }
  if (user === '' || home.isThere) return []
  const missing = `The home folder ${home.path} of ${user} is missing`.replace('  ', ' ')
  const remedy = `Make it: \`mkhomedir_helper ${user}\`, or \`install -d -o ${user} ${home.path}\``
  return [warning('home-missing', `${missing}. Deploys do without, logins by key soon may not. ${remedy}.`)]
}

function judgeFolders({ folders, mount }: HostFacts, { app, user }: Wanted): Problem[] {
  const missing = folders.filter(({ isThere }) => !isThere)
  if (missing.length > 0) {
    const names = missing.map(({ path }) => path).join(', ')
    const parent = `a folder that ${user} may not enter counts as missing, too`
    return [error('folder-missing', `Missing for ${app}: ${names} (${parent}). Run \`rust-deploy bootstrap\` again.`)]
  }
  const closed = folders.filter(({ isWritable }) => !isWritable)
  // Nothing is writable there, whoever owns it.
  if (closed.length === 0 || mount.isReadOnly) return []
  const names = closed.map(({ path }) => path).join(' ')
  const owners = [...new Set(closed.map(({ owner }) => owner || 'nobody known'))].join(', ')
  const cause = `${user} cannot write into ${names}, which belongs to ${owners}`
  return [error('folder-closed', `${cause}. As root: \`chown -R ${user}: ${names}\`.`)]
}
