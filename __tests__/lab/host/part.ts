import type { LabPart } from '../ground/part.ts'
import { prepareHosts, startHost, whyNoHosts } from './host.ts'
import { sshLogin } from './login.ts'

export const hostPart: LabPart = {
  name: 'host',
  about: 'a Debian server with systemd, sshd and sudo, in a network of its own',
  whyNot: whyNoHosts,
  prepare: async () => {
    await prepareHosts()
  },
  show: async () => {
    const host = await startHost()
    const { ssh, knownHosts } = await sshLogin(host)
    return {
      lines: [
        `${host.name} is up at ${host.address}; from inside, this machine is ${host.machineAddress}.`,
        '',
        `  ${ssh.map(quoted).join(' ')}`,
        '',
        `its host key (${knownHosts}): ${host.hostKey}`,
        `its files and its console: ${host.folder}`,
      ],
      [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
    }
  },
}

/** For a person's shell. */
function quoted(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`
}
