import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../ground/command.ts'
import { ownedFolder, runningFolder } from '../ground/folders.ts'
import { processId } from '../ground/owner.ts'

/** Everything on this machine that bears the name of a host, by kind. Nothing of a host that is gone. */
export async function tracesOf(host: string): Promise<Record<string, string[]>> {
  const key = host.slice('host-'.length)
  const having = (text: string, part: string) => text.split('\n').filter((line) => line.includes(part))
  const found = {
    processes: processes().filter((pid) => ['cmdline', 'cgroup'].some((file) => read(pid, file).includes(host))),
    // In every mount namespace, not only in ours.
    mounts: processes().flatMap((pid) => having(read(pid, 'mountinfo'), join(runningFolder(), host))),
    loops: having(await run(['losetup', '--list', '--noheadings', '--output', 'BACK-FILE']), host),
    namespaces: having(await run(['ip', 'netns', 'list']), host),
    links: having(await run(['ip', '-oneline', 'link']), `rd-${key}`),
    cgroups: having(await run(['find', '/sys/fs/cgroup', '-type', 'd', '-name', `${host}*`]), host),
    folders: [join(runningFolder(), host)].filter(existsSync),
    records: [join(ownedFolder(), `${host}.json`)].filter(existsSync),
  }
  return Object.fromEntries(Object.entries(found).filter(([, traces]) => traces.length > 0))
}

function processes(): string[] {
  // One that has ended but that nobody has asked after yet holds nothing any more.
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && processId(Number(name)) !== undefined)
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    // It has ended meanwhile.
    return ''
  }
}
