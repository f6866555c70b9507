import { request as requestInTheClear } from 'node:http'
import { request } from 'node:https'
import type { Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { isPassing, networkFault, Unreachable } from './unreachable.ts'

/**
 * A connection to a server over https through the proxy that the environment names, or undefined where there is none.
 * Node's own agents know no proxies before Node 24, and those of the runner's library cannot be stopped while the proxy is
 * silent.
 */
export async function tunnelTo(server: URL, signal: AbortSignal): Promise<TLSSocket | undefined> {
  const { getProxyUrl } = await import('@actions/http-client')
  const proxy = getProxyUrl(server.href)
  if (proxy === '') return undefined
  const socket = await through(new URL(proxy), `${server.hostname}:${server.port || 443}`, signal)
  return connect({ socket, servername: server.hostname })
}

function through(proxy: URL, server: string, signal: AbortSignal): Promise<Socket> {
  const ask = proxy.protocol === 'https:' ? request : requestInTheClear
  const login = [proxy.username, proxy.password].map(decodeURIComponent).join(':')
  const headers = {
    host: server,
    ...(login !== ':' && { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` }),
  }
  return new Promise((resolve, reject) => {
    const { hostname, port } = proxy
    const asking = ask({ method: 'CONNECT', hostname, port, path: server, headers, agent: false, signal })
    asking.once('error', (error) => reject(networkFault(error)))
    asking.once('connect', ({ statusCode = 0 }, socket: Socket) => {
      if (statusCode === 200) return resolve(socket)
      socket.destroy()
      reject(new Unreachable(`the proxy ${proxy.host} answered with status ${statusCode}`, isPassing(statusCode)))
    })
    asking.end()
  })
}
