import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Ends every process in a control group and in those below it, and removes them all. Done already is done. */
export async function removeCgroup(path: string): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 20) {
    try {
      killAll(path)
      removeTree(path)
      return
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === 'ENOENT' || code === 'ENODEV') {
        // Another process removes the same group, or a process in it ended by itself: look again.
        if (!existsSync(path)) return
      } else if (code !== 'EBUSY') throw error
    }
    await sleep(20)
  }
  throw new Error(`the processes in ${path} could not be ended, or it is still in use`)
}

function killAll(path: string): void {
  const kill = join(path, 'cgroup.kill')
  if (existsSync(kill)) {
    writeFileSync(kill, '1')
    return
  }
  // Version 1 cannot kill a group at once.
  for (const pid of readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

function removeTree(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(path, entry.name))
  }
  rmdirSync(path)
}
