import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export type RelayOptions = {
  target: { address: string; port: number }
  /** How long a byte is under way, in each direction. */
  delayMs?: number
}

export type Relay = {
  address: string
  port: number
  /** Connections are reset and new ones refused, until `restore`. */
  cut(): Promise<void>
  /** Nothing passes any more in either direction, silently: connections stay open, new ones are taken and wait. */
  stall(): void
  /** What was under way arrives now, in order, and everything passes again. */
  restore(): Promise<void>
}

/** What one direction holds at most; past it the sender is slowed down, as on a real line. */
const UNDER_WAY_BYTES = 4 * 1024 * 1024

/** A line with latency on loopback: the kernel's own way to slow a link down (netem) is missing on many machines. */
export async function startRelay({ target, delayMs = 0 }: RelayOptions): Promise<Relay & AsyncDisposable> {
  const lines = new Set<Line>()
  const sockets = new Set<Socket>()
  let stalled = false

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ host: target.address, port: target.port, allowHalfOpen: true, noDelay: true })
    const pair = [near, far] as const
    for (const [from, to] of [pair, [far, near]] as const) {
      const line = new Line(from, to, delayMs)
      lines.add(line)
      if (stalled) line.stall()
      sockets.add(from)
      // A broken end breaks the other one, too; a refusal of the target is then a reset.
      from.once('error', () => reset(to))
      from.once('close', () => sockets.delete(from))
      // Not earlier: what a sender that has gone left under way still has to arrive.
      to.once('close', () => lines.delete(line))
    }
  })

  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  const end = async () => {
    for (const socket of sockets) reset(socket)
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }

  await listen(0)
  const { address, port } = server.address() as AddressInfo
  return {
    address,
    port,
    cut: end,
    stall: () => {
      stalled = true
      for (const line of lines) line.stall()
    },
    restore: async () => {
      stalled = false
      for (const line of lines) line.flow()
      if (!server.listening) await listen(port)
    },
    [Symbol.asyncDispose]: end,
  }
}

function reset(socket: Socket): void {
  // A socket that still waits for its connection would wait on before it resets.
  if (socket.connecting) socket.destroy()
  else socket.resetAndDestroy()
}

type UnderWay = { chunk: Buffer | 'end'; due: number }

/** One direction of one connection: first in, first out, each chunk not before it is due. */
class Line {
  readonly #from: Socket
  readonly #to: Socket
  readonly #delayMs: number
  readonly #underWay: UnderWay[] = []
  #bytes = 0
  #stalled = false
  #timer: NodeJS.Timeout | undefined

  constructor(from: Socket, to: Socket, delayMs: number) {
    this.#from = from
    this.#to = to
    this.#delayMs = delayMs
    from.on('data', (chunk) => this.#take(chunk))
    from.once('end', () => this.#take('end'))
    to.on('drain', () => this.#deliver())
  }

  stall(): void {
    this.#stalled = true
    this.#from.pause()
  }

  flow(): void {
    this.#stalled = false
    this.#deliver()
  }

  #take(chunk: Buffer | 'end'): void {
    this.#underWay.push({ chunk, due: performance.now() + this.#delayMs })
    if (chunk !== 'end') this.#bytes += chunk.length
    this.#deliver()
  }

  #deliver(): void {
    clearTimeout(this.#timer)
    while (!this.#stalled && !this.#to.destroyed && !this.#to.writableNeedDrain) {
      const next = this.#underWay[0]
      if (next === undefined) break
      const early = next.due - performance.now()
      if (early > 0) {
        this.#timer = setTimeout(() => this.#deliver(), Math.ceil(early))
        break
      }
      this.#underWay.shift()
      if (next.chunk === 'end') this.#to.end()
      else {
        this.#bytes -= next.chunk.length
        this.#to.write(next.chunk)
      }
    }
    if (this.#stalled || this.#bytes >= UNDER_WAY_BYTES) this.#from.pause()
    else if (this.#from.isPaused()) this.#from.resume()
  }
}
