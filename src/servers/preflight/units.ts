import type { HostFacts, UnitFacts } from './facts.ts'
import { error, type Problem, type Wanted } from './wanted.ts'

export function judgeUnits(facts: HostFacts, { app, units: wanted }: Wanted): Problem[] {
  const { conf, systemd, units } = facts
  if (!systemd.isRunning) return []
  if (units.size === 0) {
    const cause = 'systemd tells nothing of its units here: `systemctl show` fails'
    return [error('systemd-silent', `${cause}. Try it by hand; where dbus is not running, start it.`)]
  }
  const known = namesIn(conf, 'units')
  const problems = [...new Set([...known, ...wanted])].flatMap((name) => {
    if (!known.includes(name)) {
      const cause = `${name} is no unit that bootstrap has made for ${app} here (${known.join(', ') || 'it made none'})`
      return [error('unit-unknown', `${cause}. Correct \`service\`, or run \`rust-deploy bootstrap\` with it.`)]
    }
    const unit = `${name}.service`
    return judgeLoaded(unit, units.get(unit)) ?? judgeRelease(unit, units.get(unit), app)
  })
  const sockets = namesIn(conf, 'sockets').flatMap((name) => {
    const unit = `${name}.socket`
    return judgeLoaded(unit, units.get(unit)) ?? []
  })
  return [...problems, ...sockets]
}

function namesIn(conf: HostFacts['conf'], name: string): string[] {
  return (conf?.get(name) ?? '').split(/\s+/).filter((word) => word !== '')
}

/** Undefined of a unit that systemd has read and would start. */
function judgeLoaded(unit: string, facts: UnitFacts | undefined): Problem[] | undefined {
  const load = facts?.load
  switch (load) {
    case 'loaded':
      return undefined
    case undefined:
    case 'not-found':
      return [error('unit-missing', `${unit} is not there. Run \`rust-deploy bootstrap\` again.`)]
    case 'masked':
      return [
        error('unit-masked', `${unit} is masked, so nothing can start it. As root: \`systemctl unmask ${unit}\`.`),
      ]
    default: {
      const cause = `systemd cannot read ${unit} (${load})`
      return [error('unit-broken', `${cause}. \`systemd-analyze verify ${unit}\` says what is wrong with it.`)]
    }
  }
}

/** Whether what it runs is what a deploy changes. */
function judgeRelease(unit: string, facts: UnitFacts | undefined, app: string): Problem[] {
  const current = `/srv/${app}/current`
  const problems: Problem[] = []
  if (!`${facts?.program} ${facts?.starts}`.includes(`${current}/`)) {
    const cause = `${unit} runs \`${facts?.starts || 'nothing'}\`, so that a deploy would not change it`
    const remedy = `Let its ExecStart be \`${current}/…\` and run \`systemctl daemon-reload\`, or run \`rust-deploy bootstrap\` with \`adopt\``
    problems.push(error('unit-elsewhere', `${cause}. ${remedy}.`))
  }
  if (!(facts?.environment ?? '').split(' ').includes(`${current}/env`)) {
    const cause = `${unit} does not read the environment of its release`
    const remedy = `Add \`EnvironmentFile=${current}/env\` to its [Service] and run \`systemctl daemon-reload\``
    problems.push(error('unit-environment', `${cause}. ${remedy}.`))
  }
  if (facts?.type === 'oneshot') {
    const cause = `${unit} is of Type=oneshot: it ends, and a deploy waits for what runs`
    problems.push(
      error('unit-type', `${cause}. Let it be \`Type=exec\`, or \`Type=notify\` if it says when it is ready.`),
    )
  }
  return problems
}
