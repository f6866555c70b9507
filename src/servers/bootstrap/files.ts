import { GUARD_VERSION } from '../preflight/wanted.ts'
import { type BootstrapPlan, checkPlan } from './plan.ts'
import { sudoers } from './sudoers.ts'
import { GUARD_PROGRAM, guardPath, guardService, serviceUnit, socketOf, socketUnit, trialUnit } from './units.ts'

export type HostFile = { path: string; mode: string; owner: string; content: string }

const UNITS = '/etc/systemd/system'

/** Every file of root's on the server, whole. */
export function bootstrapFiles(plan: BootstrapPlan): HostFile[] {
  checkPlan(plan)
  const { app } = plan
  const mark = markOf(app)
  const unit = (name: string, content: string) => file(`${UNITS}/${name}`, '644', `${mark}${content}`)
  return [
    ...plan.units.map((each) => unit(`${each.name}.service`, serviceUnit(plan, each))),
    ...plan.units.flatMap((each) => {
      const socket = socketOf(plan, each)
      return socket === undefined ? [] : [unit(socket, socketUnit(plan, each))]
    }),
    unit(`${app}-smoke.service`, trialUnit(plan, 'smoke')),
    unit(`${app}-migrate.service`, trialUnit(plan, 'migrate')),
    unit(`rust-deploy-guard@${app}.service`, guardService(plan)),
    unit(`rust-deploy-guard@${app}.path`, guardPath(plan)),
    // Of all apps of this server.
    file(
      GUARD_PROGRAM,
      '755',
      `#!/bin/sh\n${markOf('every app')}# rust-deploy guard ${GUARD_VERSION}\n${plan.guardScript.replace(/^#!.*\n/, '')}`,
    ),
    file(`/etc/rust-deploy/${app}.conf`, '644', `${mark}${configuration(plan)}`),
    file(`/etc/sudoers.d/rust-deploy-${app}`, '440', `${mark}${sudoers(plan)}`),
  ]
}

/** By this line a file is known as ours; one without it is nobody's to overwrite. */
function markOf(app: string): string {
  return `# rust-deploy wrote this file for ${app}: its next bootstrap writes it anew.\n`
}

function file(path: string, mode: string, content: string): HostFile {
  return { path, mode, owner: 'root:root', content: content.endsWith('\n') ? content : `${content}\n` }
}

function configuration(plan: BootstrapPlan): string {
  const sockets = plan.units.flatMap((unit) => (socketOf(plan, unit) === undefined ? [] : [unit.name]))
  const values = {
    format: '1',
    app: plan.app,
    bin: plan.bin,
    strategy: plan.strategy,
    units: plan.units.map(({ name }) => name).join(' '),
    sockets: sockets.join(' '),
    port: plan.port ?? '',
    health: plan.health ?? '',
    'deploy-user': plan.deployUser,
    'service-user': plan.serviceUser,
  }
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}
