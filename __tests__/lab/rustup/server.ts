import { createReadStream, type Stats, statSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, posix } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { sweep } from '../ground/release.ts'
import { rustupMirror } from './mirror.ts'

export type RustupServer = AsyncDisposable & {
  url: string
  /**
   * With these rustup asks nobody else. No rustup is served: an installation without `--no-self-update` looks for one
   * when all else is done, and fails.
   */
  env: { RUSTUP_DIST_SERVER: string; RUSTUP_UPDATE_ROOT: string }
}

export type RustupServerOptions = {
  /** What to serve instead of the lab's mirror. */
  folder?: string
  /** Answers in the place of the server, or hands on to it: for a server that fails or is slow. */
  around?: (serve: RequestListener) => RequestListener
}

/** A dist server for rustup on loopback. The first one of all makes the mirror, which takes a minute or two. */
export async function startRustupServer(options: RustupServerOptions = {}): Promise<RustupServer> {
  await sweep()
  const serve = filesOf(options.folder ?? (await rustupMirror()))
  const server = createServer(options.around?.(serve) ?? serve)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    env: { RUSTUP_DIST_SERVER: url, RUSTUP_UPDATE_ROOT: `${url}/rustup` },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function filesOf(folder: string): RequestListener {
  return async (request, response) => {
    // An absolute path climbs no higher than its root, whatever dots are in it.
    const path = join(folder, posix.normalize(`/${request.url}`))
    const file = fileAt(path)
    if (file === undefined) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'content-length': file.size })
    // Who goes away before the end has told why, or has been told.
    await pipeline(createReadStream(path), response).catch(() => {})
  }
}

function fileAt(path: string): Stats | undefined {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats?.isFile() ? stats : undefined
}
