import type { HostEvent } from '../protocol/events.ts'

/** What preflight.sh has told of a host. What it could not find out is undefined, or an empty text. */
export type HostFacts = {
  user: string
  home: { path: string; isThere: boolean }
  /** As `uname -m` says it. */
  machine: string
  kernel: string
  /** Seconds since 1970. */
  clock: number | undefined
  bootId: string
  /** Undefined where there is none, or another libc. */
  glibc: string | undefined
  selinux: 'enforcing' | 'permissive' | 'off'
  missingPrograms: readonly string[]
  /** Whether its `flock` can wait for a lock. */
  flockWaits: boolean
  disk: { path: string; freeBytes: number | undefined; freeInodes: number | undefined }
  mount: { point: string; isReadOnly: boolean; isNoexec: boolean }
  /** The app's own, its releases, its state. */
  folders: readonly FolderFacts[]
  /** What bootstrap has written down; undefined where it has not been. */
  conf: ReadonlyMap<string, string> | undefined
  confFile: string
  guard: { file: string; isThere: boolean; version: number | undefined }
  systemd: { version: string; isRunning: boolean }
  units: ReadonlyMap<string, UnitFacts>
  /** Undefined before the first deploy. */
  current: { target: string; isThere: boolean } | undefined
  releases: readonly { id: string; sha256: string | undefined }[]
  lease: { holder: string; since: string; release: string; seconds: number } | undefined
  undecided: { state: 'pending' | 'reverting'; release: string; previous: string; seconds: number } | undefined
  /** The note that a person has left. */
  frozen: string | undefined
  sudo: SudoFacts | undefined
  health: { status: number | undefined; port: string; path: string; said: string } | undefined
}

export type FolderFacts = { path: string; isThere: boolean; isWritable: boolean; owner: string }

export type UnitFacts = {
  load: string
  active: string
  sub: string
  /** Whether it is enabled. */
  file: string
  type: string
  user: string
  /** The file that is started, and the command line. */
  program: string
  starts: string
  /** The paths of its environment files. */
  environment: string
  restarts: string
  invocation: string
}

export type SudoFacts = {
  /** Whether it lists what the user may run, without a password and a terminal. */
  answers: boolean
  /** The list, as it was printed, or why there is none. */
  said: string
  lines: readonly { line: string; isAllowed: boolean }[]
}

export function readFacts(events: readonly HostEvent[]): HostFacts {
  const facts = new Facts(events)
  const [user, machine, missing, disk, mount, guard, systemd] = [
    facts.last('user'),
    facts.last('machine'),
    facts.last('missing'),
    facts.last('disk'),
    facts.last('mount'),
    facts.last('guard'),
    facts.last('systemd'),
  ]
  const clock = facts.last('clock')
  const selinux = facts.last('selinux')?.['value']
  const options = mount?.['options']?.split(',') ?? []
  return {
    user: textIn(user, 'value'),
    home: { path: textIn(user, 'home'), isThere: isYes(user, 'there') },
    machine: textIn(machine, 'value'),
    kernel: textIn(machine, 'kernel'),
    clock: numberIn(clock, 'value'),
    bootId: textIn(clock, 'boot'),
    glibc: /^\d+(\.\d+)+$/.exec(textIn(facts.last('glibc'), 'value'))?.[0],
    selinux: selinux === 'enforcing' || selinux === 'permissive' ? selinux : 'off',
    missingPrograms: wordsIn(textIn(missing, 'value')),
    flockWaits: isYes(missing, 'flock_waits'),
    disk: {
      path: textIn(disk, 'value'),
      freeBytes: productOf(numberIn(disk, 'blocks'), numberIn(disk, 'block_bytes')),
      // Some file systems make inodes as they go, and count none.
      freeInodes: numberIn(disk, 'all_inodes') === 0 ? undefined : numberIn(disk, 'inodes'),
    },
    mount: {
      point: textIn(mount, 'value'),
      isReadOnly: options.includes('ro'),
      isNoexec: options.includes('noexec'),
    },
    folders: facts.all('folder').map((fact) => ({
      path: textIn(fact, 'value'),
      isThere: isYes(fact, 'there'),
      isWritable: isYes(fact, 'writable'),
      owner: textIn(fact, 'owner'),
    })),
    conf: isYes(facts.last('conf-file'), 'there') ? confIn(facts.all('conf')) : undefined,
    confFile: textIn(facts.last('conf-file'), 'value'),
    guard: { file: textIn(guard, 'file'), isThere: isYes(guard, 'there'), version: numberIn(guard, 'value') },
    systemd: { version: textIn(systemd, 'value'), isRunning: isYes(systemd, 'running') },
    units: new Map(facts.all('unit').map((fact) => [textIn(fact, 'value'), unitIn(fact)])),
    current: currentIn(facts.last('current')),
    releases: facts.all('release').map((fact) => ({
      id: textIn(fact, 'value'),
      sha256: /^[0-9a-f]{64}$/.exec(textIn(fact, 'sha256'))?.[0],
    })),
    lease: leaseIn(facts.last('lease')),
    undecided: undecidedIn(facts.last('undecided')),
    frozen: facts.last('frozen')?.['value'],
    sudo: sudoIn(facts),
    health: healthIn(facts.last('health')),
  }
}

class Facts {
  readonly #facts: readonly HostEvent[]

  constructor(events: readonly HostEvent[]) {
    this.#facts = events.filter(({ event }) => event === 'fact')
  }

  all(name: string): readonly HostEvent[] {
    return this.#facts.filter((fact) => fact['name'] === name)
  }

  last(name: string): HostEvent | undefined {
    return this.#facts.findLast((fact) => fact['name'] === name)
  }
}

/** On one line, without what a terminal would obey: most of it becomes part of a sentence. */
function textIn(fact: HostEvent | undefined, key: string): string {
  return (fact?.[key] ?? '').replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ')
}

function isYes(fact: HostEvent | undefined, key: string): boolean {
  return fact?.[key] === 'yes'
}

function numberIn(fact: HostEvent | undefined, key: string): number | undefined {
  const text = textIn(fact, key)
  return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined
}

function productOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a * b
}

function wordsIn(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}

/** Of a name that stands there twice the first counts, as for the scripts. */
function confIn(lines: readonly HostEvent[]): Map<string, string> {
  const pairs = lines.flatMap((fact): [string, string][] => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(textIn(fact, 'value')) ?? []
    return name === undefined || value === undefined ? [] : [[name, value]]
  })
  return new Map(pairs.reverse())
}

function unitIn(fact: HostEvent): UnitFacts {
  return {
    load: textIn(fact, 'load'),
    active: textIn(fact, 'active'),
    sub: textIn(fact, 'sub'),
    file: textIn(fact, 'file'),
    type: textIn(fact, 'type'),
    user: textIn(fact, 'user'),
    program: textIn(fact, 'program'),
    starts: textIn(fact, 'starts'),
    environment: textIn(fact, 'environment').trim(),
    restarts: textIn(fact, 'restarts'),
    invocation: textIn(fact, 'invocation'),
  }
}

function currentIn(fact: HostEvent | undefined): HostFacts['current'] {
  return fact && { target: textIn(fact, 'value'), isThere: isYes(fact, 'there') }
}

function leaseIn(fact: HostEvent | undefined): HostFacts['lease'] {
  if (fact === undefined) return undefined
  const [holder, since, release] = [textIn(fact, 'value'), textIn(fact, 'since'), textIn(fact, 'release')]
  return { holder, since, release, seconds: numberIn(fact, 'seconds') ?? 0 }
}

function undecidedIn(fact: HostEvent | undefined): HostFacts['undecided'] {
  if (fact === undefined) return undefined
  return {
    state: fact['value'] === 'reverting' ? 'reverting' : 'pending',
    release: textIn(fact, 'release'),
    previous: textIn(fact, 'previous'),
    seconds: numberIn(fact, 'seconds') ?? 0,
  }
}

function sudoIn(facts: Facts): SudoFacts | undefined {
  const sudo = facts.last('sudo')
  if (sudo === undefined) return undefined
  return {
    answers: sudo['value'] === '0',
    said: sudo['said'] ?? '',
    lines: facts.all('sudo-line').map((fact) => ({ line: textIn(fact, 'value'), isAllowed: isYes(fact, 'allowed') })),
  }
}

function healthIn(fact: HostEvent | undefined): HostFacts['health'] {
  if (fact === undefined) return undefined
  const [port, path, said] = [textIn(fact, 'port'), textIn(fact, 'path'), textIn(fact, 'said')]
  return { status: numberIn(fact, 'value'), port, path, said }
}
