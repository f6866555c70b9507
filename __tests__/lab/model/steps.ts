export type Step = {
  name: string
  does: string
  /** Where it is not a label of the model: why it need not be. */
  notModelled?: string
}

const READS = 'it only reads'
const TELLS = 'it is told afterwards, and nothing is decided by it'

/** The numbered steps of a deploy: the crash points of the code, and the labels of one-host.pml. */
export const steps: readonly Step[] = [
  { name: 'R1', does: 'connect', notModelled: READS },
  { name: 'R2', does: 'preflight', notModelled: READS },
  { name: 'R3', does: 'take the lease: no other that still counts, nothing pending or reverting, synced' },
  { name: 'R4', does: 'upload; the release gets its name under the flock, and only while the lease is ours' },
  { name: 'R5', does: 'smoke: under the flock, while the lease is ours: `next`, and start the unit' },
  { name: 'R6', does: 'migrate: as R5' },
  { name: 'R7', does: 'switch and watch', notModelled: 'it is S1 to S14' },
  { name: 'R8', does: 'look from outside', notModelled: READS },
  { name: 'R9', does: 'confirm over a fresh connection' },
  { name: 'R10', does: 'prune, history, then release the lease' },
  { name: 'S1', does: 'take the flock' },
  { name: 'S2', does: 'the lease is ours, nothing is pending or reverting, the release is there' },
  { name: 'S3', does: 'write deadline.<id>' },
  { name: 'S4', does: 'write pending, synced with its folder' },
  { name: 'S5', does: 'see the guard active, else take pending back and refuse' },
  { name: 'S6', does: 'pending is still ours' },
  { name: 'S7', does: 'make the link', notModelled: 'nobody looks at it before S8 renames it' },
  { name: 'S8', does: 'rename it to current' },
  { name: 'S9', does: 'sync' },
  { name: 'S10', does: 'drop the flock, after S12' },
  { name: 'S11', does: 'reset-failed' },
  { name: 'S12', does: 'order the restart of each unit' },
  { name: 'S13', does: 'watch' },
  { name: 'S14', does: 'say healthy or unhealthy', notModelled: 'it is one with the end of S13' },
  { name: 'C1', does: 'take the flock' },
  { name: 'C2', does: 'pending is ours' },
  { name: 'C3', does: 'current is ours, and the process is still the one that was watched' },
  { name: 'C4', does: 'rename pending to confirmed.<id>' },
  { name: 'C5', does: 'sync' },
  { name: 'C6', does: 'history', notModelled: TELLS },
  { name: 'C7', does: 'drop the flock' },
  { name: 'C8', does: 'prune: under the flock, while the lease is ours, away from its name by one rename' },
  { name: 'G1', does: 'wait until pending is due' },
  { name: 'G2', does: 'take the flock' },
  { name: 'G3', does: 'read pending and its deadline again; rename pending to reverting.<id>' },
  { name: 'G4', does: 'make the link', notModelled: 'nobody looks at it before G5 renames it' },
  { name: 'G5', does: 'rename current back' },
  { name: 'G6', does: 'sync, drop the flock' },
  { name: 'G7', does: 'reset-failed' },
  { name: 'G8', does: 'restart the units' },
  { name: 'G9', does: 'look at the health of the old release', notModelled: READS },
  { name: 'G10', does: 'rename reverting to rolledback.<id>' },
  { name: 'G11', does: 'history', notModelled: TELLS },
]
