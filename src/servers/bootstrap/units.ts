import { ARGUMENTS_VARIABLE, argumentsFileName, type Trial, writeExecArguments } from './arguments.ts'
import type { BootstrapPlan, ServiceUnit } from './plan.ts'

export const GUARD_PROGRAM = '/usr/local/libexec/rust-deploy/guard'

type Section = [name: string, lines: readonly string[]]

export function serviceUnit(plan: BootstrapPlan, unit: ServiceUnit): string {
  const current = `/srv/${plan.app}/current`
  const socket = socketOf(plan, unit)
  return sections([
    [
      'Unit',
      [
        `Description=${unit.name}`,
        'Wants=network-online.target',
        'After=network-online.target',
        // Neither of the two without the other: a socket alone would take connections that nobody serves.
        ...(socket === undefined ? [] : [`Requires=${socket}`, `After=${socket}`]),
        // Before the first release there is nothing to fail.
        `ConditionPathExists=${current}`,
        'StartLimitIntervalSec=60',
        'StartLimitBurst=5',
      ],
    ],
    [
      'Service',
      [
        'Type=exec',
        `ExecStart=${current}/${plan.bin}${writeExecArguments(unit.arguments)}`,
        'Restart=on-failure',
        'RestartSec=1s',
        'KillMode=mixed',
        'TimeoutStopSec=30',
        ...asServiceUser(plan, current),
      ],
    ],
    ['Install', ['WantedBy=multi-user.target']],
  ])
}

export function socketUnit(plan: BootstrapPlan, unit: ServiceUnit): string {
  return sections([
    ['Unit', [`Description=The port of ${unit.name}`, `ConditionPathExists=/srv/${plan.app}/current`]],
    ['Socket', [`ListenStream=${plan.port}`, `Service=${unit.name}.service`]],
    ['Install', ['WantedBy=sockets.target']],
  ])
}

/** The name of the socket unit that hands its port to this one. */
export function socketOf(plan: BootstrapPlan, unit: ServiceUnit): string | undefined {
  return plan.strategy === 'socket' && unit === plan.units[0] ? `${unit.name}.socket` : undefined
}

/** Runs the program of a release that is not current yet, with its own environment and with arguments that lie beside it. */
export function trialUnit(plan: BootstrapPlan, trial: Trial): string {
  const next = `/srv/${plan.app}/next`
  return sections([
    ['Unit', [`Description=${trial} of ${plan.app}`, 'StartLimitIntervalSec=0']],
    [
      'Service',
      [
        'Type=oneshot',
        `ExecStart=${next}/${plan.bin} $${ARGUMENTS_VARIABLE}`,
        `TimeoutStartSec=${trial === 'smoke' ? '5min' : '1h'}`,
        ...asServiceUser(plan, next),
        `EnvironmentFile=${next}/${argumentsFileName(trial)}`,
      ],
    ],
  ])
}

/** One of its own for each app, since each may have another deploy user. */
export function guardService({ app, deployUser }: BootstrapPlan): string {
  return sections([
    // It must come back after every death.
    ['Unit', [`Description=The guard of ${app}'s deploys`, 'StartLimitIntervalSec=0']],
    [
      'Service',
      [
        'Type=exec',
        `User=${deployUser}`,
        `ExecStart=${GUARD_PROGRAM} ${app}`,
        'Restart=on-failure',
        'RestartSec=200ms',
      ],
    ],
  ])
}

export function guardPath({ app }: BootstrapPlan): string {
  return sections([
    ['Unit', [`Description=Starts the guard of ${app}'s deploys`, 'StartLimitIntervalSec=0']],
    [
      'Path',
      [
        `PathExists=/srv/${app}/.rust-deploy/pending`,
        `PathExistsGlob=/srv/${app}/.rust-deploy/reverting.*`,
        `Unit=rust-deploy-guard@${app}.service`,
      ],
    ],
    ['Install', ['WantedBy=multi-user.target']],
  ])
}

function asServiceUser({ app, serviceUser, hardening }: BootstrapPlan, release: string): string[] {
  return [
    `User=${serviceUser}`,
    `WorkingDirectory=${release}`,
    // Read by systemd itself: the service needs no right to it.
    `EnvironmentFile=${release}/env`,
    `StateDirectory=${app}`,
    'StateDirectoryMode=0700',
    'StandardOutput=journal',
    'StandardError=journal',
    ...hardening,
  ]
}

function sections(all: readonly Section[]): string {
  return all.map(([name, lines]) => `[${name}]\n${lines.map((line) => `${line}\n`).join('')}`).join('\n')
}
