import type { HostFacts } from './facts.ts'
import { error, type Problem, type Wanted } from './wanted.ts'

/** The release that comes in, the same packed, and room for the service's own. */
const TIMES = 3
/** Of the folder of a release, what describes it, and the state beside it. */
const OWN_FILES = 16

export function judgeStorage(facts: HostFacts, { app, bytes, files }: Wanted): Problem[] {
  const { disk, mount } = facts
  const problems: Problem[] = []
  if (mount.isReadOnly) {
    const remedy = `Find out why (\`dmesg\`: a disk with errors is made so), then \`mount -o remount,rw ${mount.point}\``
    problems.push(error('read-only', `${mount.point} is mounted read-only. ${remedy}.`))
  }
  if (mount.isNoexec) {
    const remedy = `Take \`noexec\` out of its line in /etc/fstab, then \`mount -o remount,exec ${mount.point}\``
    problems.push(error('noexec', `Nothing can be started from ${mount.point}: it is mounted noexec. ${remedy}.`))
  }
  if (disk.freeBytes !== undefined && disk.freeBytes < TIMES * bytes) {
    const free = `${megabytes(disk.freeBytes)} are free on the disk of ${disk.path}`
    const needed = `${megabytes(TIMES * bytes)} are needed, ${TIMES} times the release`
    problems.push(error('disk-full', `Only ${free}; ${needed}. ${remedyFor(app)}.`))
  }
  const neededInodes = TIMES * (files + OWN_FILES)
  if (disk.freeInodes !== undefined && disk.freeInodes < neededInodes) {
    const free = `${disk.freeInodes} inodes are free on the disk of ${disk.path}`
    problems.push(error('inodes-full', `Only ${free}; ${neededInodes} are needed. ${remedyFor(app)}.`))
  }
  return problems
}

function remedyFor(app: string): string {
  return `Delete what nobody needs there, or set \`keep\` lower: each folder in /srv/${app}/releases is a release that is kept`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
