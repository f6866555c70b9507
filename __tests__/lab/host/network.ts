import { run } from '../ground/command.ts'
import type { Holding } from '../ground/owner.ts'
import { oneAtATime } from '../ground/single.ts'

/** 198.18.0.0/15 is for benchmarks and is nobody's on the internet. Each host has four addresses: two ends of a cable. */
const RANGE = (198 << 24) | (18 << 16)
const CABLES = 2 ** 15

/**
 * A network namespace and the cable between it and this machine. There is no other route in it: a host reaches this
 * machine and nothing else, not the internet and not another host, unless the two are joined.
 */
export class HostNetwork {
  readonly netns: string
  /** Of the host, as this machine reaches it. */
  readonly address: string
  /** Of this machine, as the host reaches it. */
  readonly machineAddress: string
  readonly #key: string

  private constructor(netns: string, key: string, cable: number) {
    this.netns = netns
    this.#key = key
    this.machineAddress = dotted(RANGE + cable * 4 + 1)
    this.address = dotted(RANGE + cable * 4 + 2)
  }

  get path(): string {
    return `/run/netns/${this.netns}`
  }

  /** `key` makes the names of the interfaces unique and has at most 12 characters: the kernel allows 15. */
  static make(netns: string, key: string, hold: (holding: Holding) => void): Promise<HostNetwork> {
    const link = `rd-${key}`
    hold({ kind: 'netns', name: netns })
    hold({ kind: 'link', name: link })
    // An address is free when no interface has it, so looking and taking must be one act.
    return oneAtATime('host-network', async () => {
      const network = new HostNetwork(netns, key, await freeCable())
      await run(['ip', 'netns', 'add', netns])
      await run(['ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'host0', 'netns', netns])
      await run(['ip', 'address', 'add', `${network.machineAddress}/30`, 'dev', link])
      await run(['ip', 'link', 'set', link, 'up'])
      await network.#ip('address', 'add', `${network.address}/30`, 'dev', 'host0')
      await network.#ip('link', 'set', 'host0', 'up')
      await network.#ip('link', 'set', 'lo', 'up')
      return network
    })
  }

  /** Everything between this machine and the host is lost on the way, silently: nobody is refused, nobody is told. */
  async cut(): Promise<void> {
    // ARP still passes: without it the senders would soon be told that there is no such host.
    await this.#nft(`
      add table netdev cut; delete table netdev cut
      table netdev cut {
        chain in { type filter hook ingress device host0 priority 0; meta protocol { ip, ip6 } drop; }
        chain out { type filter hook egress device host0 priority 0; meta protocol { ip, ip6 } drop; }
      }`)
  }

  async restore(): Promise<void> {
    await this.#nft('add table netdev cut; delete table netdev cut')
  }

  /** A cable of their own between two hosts. Each reaches the other at its address, also while the other is cut off. */
  async join(other: HostNetwork): Promise<void> {
    const ours = `to-${other.#key}`
    const theirs = `to-${this.#key}`
    await this.#ip('link', 'add', ours, 'type', 'veth', 'peer', 'name', theirs, 'netns', other.netns)
    for (const [from, link, to] of [
      [this, ours, other],
      [other, theirs, this],
    ] as const) {
      await from.#ip('link', 'set', link, 'up')
      await from.#ip('route', 'add', `${to.address}/32`, 'dev', link, 'src', from.address)
    }
  }

  async #ip(...args: string[]): Promise<void> {
    await run(['ip', '-netns', this.netns, ...args])
  }

  async #nft(commands: string): Promise<void> {
    await run(['nsenter', `--net=${this.path}`, 'nft', '-f', '-'], { input: commands })
  }
}

async function freeCable(): Promise<number> {
  const said: unknown = JSON.parse(await run(['ip', '-json', '-4', 'address']))
  const taken = new Set(addressesIn(said).map((address) => Math.floor((number(address) - RANGE) / 4)))
  // Not the lowest one: what still sends to a host that is gone must not reach the next.
  const first = Math.floor(Math.random() * CABLES)
  for (let tried = 0; tried < CABLES; tried++) {
    const cable = (first + tried) % CABLES
    if (!taken.has(cable)) return cable
  }
  throw new Error('no address of 198.18.0.0/15 is free: run `npm run lab -- sweep`')
}

function addressesIn(links: unknown): string[] {
  if (!Array.isArray(links)) return []
  return links
    .flatMap((link: { addr_info?: { local?: unknown }[] }) => link.addr_info ?? [])
    .flatMap(({ local }) => (typeof local === 'string' ? [local] : []))
}

function number(address: string): number {
  return address.split('.').reduce((sum, part) => (sum << 8) | Number(part), 0)
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
}
