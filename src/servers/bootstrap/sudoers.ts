import type { BootstrapPlan } from './plan.ts'
import { socketOf } from './units.ts'

/** Every command that the deploy user may run as root, to the letter: sudo compares all of it. */
export function rootCommands(plan: BootstrapPlan): string[] {
  const verbs = ['start', 'stop', 'restart', 'reload', 'reset-failed']
  return [
    ...plan.units.flatMap(({ name }) => verbs.map((verb) => `${verb} ${name}.service`)),
    ...plan.units.flatMap((unit) => {
      const socket = socketOf(plan, unit)
      return socket === undefined ? [] : [`start ${socket}`, `stop ${socket}`]
    }),
    `start ${plan.app}-smoke.service`,
    `start ${plan.app}-migrate.service`,
  ].map((command) => `/usr/bin/systemctl ${command}`)
}

export function sudoers(plan: BootstrapPlan): string {
  const alias = `RUST_DEPLOY_${aliasOf(plan.app)}`
  const commands = rootCommands(plan).join(', \\\n  ')
  return [
    `Cmnd_Alias ${alias} = \\\n  ${commands}`,
    // A runner has no terminal. By command it would not hold for asking what is allowed.
    `Defaults:${plan.deployUser} !requiretty`,
    `${plan.deployUser} ALL=(root) NOPASSWD: NOSETENV: ${alias}`,
    '',
  ].join('\n')
}

/** Only letters, digits and `_` may stand there, and two apps must not share one. */
function aliasOf(app: string): string {
  return app.toUpperCase().replaceAll(/[_-]/g, (sign) => (sign === '_' ? '_U' : '_D'))
}
