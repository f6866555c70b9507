import { createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Lets one process of the machine at a time do `work`. The lock is an abstract socket: the kernel gives its name to one
 * process only and takes it back when that process dies, so there is no stale lock to judge. Only Linux has them;
 * elsewhere no part of the lab needs the lock.
 */
export async function oneAtATime<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (process.platform !== 'linux') return work()
  let lock = await bound(`\0rust-deploy-lab/${name}`)
  while (lock === undefined) {
    await sleep(200)
    lock = await bound(`\0rust-deploy-lab/${name}`)
  }
  try {
    return await work()
  } finally {
    lock.close()
  }
}

function bound(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(error)
    })
    server.listen(name, () => resolve(server))
  })
}
