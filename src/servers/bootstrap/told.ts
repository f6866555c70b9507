import type { HostEvent } from '../protocol/events.ts'

/** What a person reads of an event of the host's script; of an event that is for programs, nothing. */
export function lineOf(event: HostEvent): string | undefined {
  const { what = '', name = '' } = event
  switch (event.event) {
    case 'did':
      return withDiff(did(what, name), event)
    case 'would':
      return withDiff(`Not done, in a dry run: ${did(what, name)}`, event)
    case 'unchanged':
      return 'Everything is as it should be: nothing was changed.'
    case 'kept':
      return `The file that was there is kept as ${event['path']}.`
    case 'left-out':
      return `Left out of the units, since this host cannot do it: ${event['line']} (${event['why'] || `exit status ${event['code']}`})`
    case 'restart-needed':
      return `${event['unit']} runs with what it had before, until it is restarted: \`systemctl restart ${event['unit']}\` as root.`
    case 'drop-in':
      return `${event['path']} changes one of the units and was left as it is.`
    case 'exposure':
      return `systemd judges the exposure of ${event['unit']}: ${event['score']} (0 is best, 10 is worst).`
    case 'foreign':
      return withDiff(`${event['path']} is not of rust-deploy.`, event)
    default:
      return undefined
  }
}

function did(what: string, name: string): string {
  switch (what) {
    case 'user':
      return `Made the user ${name}.`
    case 'group':
      return `Put the user into a group: ${name}.`
    case 'folder':
      return `Made the folder ${name}.`
    case 'owner':
      return `Gave the folder ${name} to the deploy user.`
    case 'key':
      return `Let a key log in as the deploy user: ${name}.`
    case 'file':
      return `Wrote ${name}.`
    case 'retired':
      return `Stopped and removed ${name}, which is in the plan no more.`
    case 'enabled':
      return `Enabled ${name}, to start at boot.`
    case 'started':
      return `Started ${name}.`
    case 'reloaded':
      return 'Let systemd read its units again.'
    default:
      return `${what} ${name}`
  }
}

function withDiff(line: string, { diff = '' }: HostEvent): string {
  return diff.trim() === '' ? line : `${line}\n${diff.trimEnd()}`
}

/** Why the host's script changed nothing, and what to do. */
export function refusalOf(refusal: HostEvent): string {
  switch (refusal['code']) {
    case 'not-root':
      return `\`${refusal['user']}\` may not prepare a server: log in as root, or let root run the script that a dry run prints.`
    case 'no-systemd':
      return 'systemd does not run this server, and nothing else can start a service or its guard: use a server with systemd.'
    case 'missing-programs':
      return `The server lacks programs that deploys need: install ${refusal['programs']} (visudo comes with sudo).`
    case 'user-is-root':
      return `The user \`${refusal['user']}\` of this server has the rights of root: name another.`
    case 'foreign-folder':
      return `${refusal['path']} belongs to \`${refusal['user']}\`: give it to the deploy user with \`chown -R\`, or name another app.`
    case 'foreign-files':
      return `These were not written for this app by rust-deploy: ${refusal['files']}. Compare them above, and set \`adopt\` to replace them; the old ones are kept beside the new.`
    case 'sudoers-wrong':
      return `sudo on this server does not take the lines that deploys need: ${refusal['said']}. Update sudo.`
    case 'units-wrong':
      return `systemd on this server does not take the units: ${refusal['said']}. Change the lines it names, or update systemd.`
    default:
      return `The server refused it: ${JSON.stringify(refusal)}.`
  }
}
