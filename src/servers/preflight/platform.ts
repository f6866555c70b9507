import type { HostFacts } from './facts.ts'
import { error, type Problem, type Wanted, warning } from './wanted.ts'

/** What `uname -m` may say where programs of an architecture run; of others it says their own name. */
const KERNELS: Readonly<Record<string, RegExp>> = {
  x86: /^(i[3-6]86|x86_64)$/,
  aarch64: /^(aarch64|arm64)$/,
  arm: /^(arm|aarch64|arm64)/,
  powerpc64: /^ppc64/,
  powerpc: /^ppc/,
  riscv64: /^riscv64/,
  loongarch64: /^loongarch64/,
}

/** The static target for a host, by the beginning of what `uname -m` says. */
const TARGETS: readonly [kernel: RegExp, target: string][] = [
  [/^x86_64$/, 'x86_64-unknown-linux-musl'],
  [/^(aarch64|arm64)$/, 'aarch64-unknown-linux-musl'],
  [/^armv[78]/, 'armv7-unknown-linux-musleabihf'],
  [/^arm/, 'arm-unknown-linux-musleabi'],
  [/^i[3-6]86$/, 'i686-unknown-linux-musl'],
  [/^riscv64$/, 'riscv64gc-unknown-linux-musl'],
  [/^ppc64le$/, 'powerpc64le-unknown-linux-musl'],
]

const MOST_SECONDS_OFF = 300

export function judgePlatform(facts: HostFacts, wanted: Wanted): Problem[] {
  return [
    ...judgeMachine(facts, wanted),
    ...judgeLibc(facts, wanted),
    ...judgeClock(facts, wanted),
    ...judgeSelinux(facts, wanted),
  ]
}

function judgeMachine({ machine }: HostFacts, wanted: Wanted): Problem[] {
  const known = Object.hasOwn(KERNELS, wanted.machine) ? KERNELS[wanted.machine] : undefined
  const runs = known === undefined ? machine === wanted.machine : known.test(machine)
  if (machine === '' || runs) return []
  const target = TARGETS.find(([kernel]) => kernel.test(machine))?.[1]
  const remedy = target === undefined ? `Build for ${machine}` : `Build with \`target: ${target}\``
  return [error('machine', `The binary is for ${wanted.machine}, but this host is ${machine}. ${remedy}.`)]
}

function judgeLibc({ glibc }: HostFacts, { libc }: Wanted): Problem[] {
  if (libc.kind === 'static') return []
  const remedy = `Build for a floor that is low enough (\`target: …-gnu.${glibc ?? '2.28'}\`), or for musl, which needs none`
  if (glibc === undefined) {
    return [error('glibc-missing', `The binary needs glibc ${libc.version}, and this host has none. Build for musl.`)]
  }
  if (!isOlder(glibc, libc.version)) return []
  return [error('glibc', `The binary needs glibc ${libc.version}, but this host has ${glibc}. ${remedy}.`)]
}

function isOlder(version: string, than: string): boolean {
  const [numbers, others] = [version.split('.').map(Number), than.split('.').map(Number)]
  const place = others.findIndex((other, index) => (numbers[index] ?? 0) !== other)
  return place !== -1 && (numbers[place] ?? 0) < (others[place] ?? 0)
}

function judgeClock({ clock }: HostFacts, { now }: Wanted): Problem[] {
  if (clock === undefined || Math.abs(clock - now) <= MOST_SECONDS_OFF) return []
  const off = `${Math.round(Math.abs(clock - now) / 60)} minutes ${clock > now ? 'ahead of' : 'behind'} the runner's`
  const harm = 'deploys do not depend on it, but certificates and the times in logs do'
  return [warning('clock', `The clock of this host is ${off}; ${harm}. Set it: \`timedatectl set-ntp true\`.`)]
}

function judgeSelinux({ selinux }: HostFacts, { app }: Wanted): Problem[] {
  if (selinux !== 'enforcing') return []
  const why = `SELinux is enforcing here, and a binary with a wrong label is not started (203/EXEC)`
  return [warning('selinux', `${why}. If that happens, as root: \`restorecon -R /srv/${app}\`.`)]
}
