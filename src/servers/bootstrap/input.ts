import type { Parameters } from '../protocol/stdin.ts'
import { bootstrapFiles } from './files.ts'
import type { BootstrapPlan } from './plan.ts'

/** No line of a file is one of these. */
const END_OF_FILE = 'END-OF-RUST-DEPLOY-FILE'
const END_OF_INPUT = 'END-OF-RUST-DEPLOY-INPUT'

export type BootstrapOptions = {
  plan: BootstrapPlan
  /** Tell what would be changed. */
  dryRun?: boolean
  /** Take over files of the same names that others wrote. */
  adopt?: boolean
}

/** What the host's script is called with, besides `mark` and `app`. */
export function bootstrapParameters({ plan, dryRun = false, adopt = false }: BootstrapOptions): Parameters {
  return {
    deploy_user: plan.deployUser,
    service_user: plan.serviceUser,
    units: plan.units.map(({ name }) => name).join(' '),
    socket: plan.strategy === 'socket' ? (plan.units[0]?.name ?? '') : '',
    dry_run: dryRun ? 'yes' : '',
    adopt: adopt ? 'yes' : '',
  }
}

/** The files, read line by line by the shell: no archive, no program that has to be there. */
export function bootstrapPayload(plan: BootstrapPlan): string {
  const files = bootstrapFiles(plan).map(({ path, mode, owner, content }) =>
    part(`file ${mode} ${owner} ${path}`, content),
  )
  const keys = plan.authorize.map((line) => `${line}\n`).join('')
  const hardening = plan.hardening.map((line) => `${line}\n`).join('')
  return [part('hardening', hardening), part('keys', keys), ...files].join('')
}

function part(head: string, content: string): string {
  if (content.split('\n').some((line) => line === END_OF_FILE || line === END_OF_INPUT)) {
    throw new Error(`a line of ${head} would end it`)
  }
  return `${head}\n${content}${END_OF_FILE}\n`
}

/**
 * The same as a script that an administrator reads and runs: what a call would bring stands in it as a here-document, and
 * what follows is the very script of the host. Braces let it be piped into a shell, which would else lose what it reads.
 */
export function dryRunScript(options: BootstrapOptions, hostScript: string): string {
  const parameters = { mark: 'rust-deploy:', app: options.plan.app, ...bootstrapParameters(options) }
  const lines = Object.entries(parameters).map(([name, value]) => `${name}=${value}\n`)
  return [
    '#!/bin/sh',
    `# Prepares this server for deploys of ${options.plan.app}. Run it as root; a second run changes nothing.`,
    '# First come the names and all files as they will be, then what puts them in place.',
    '{',
    `exec <<'${END_OF_INPUT}'`,
    `${lines.join('')}\n${bootstrapPayload(options.plan)}${END_OF_INPUT}`,
    hostScript.trimEnd(),
    '}',
    '',
  ].join('\n')
}
