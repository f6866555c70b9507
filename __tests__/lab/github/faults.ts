/** Everything that a client can ask for; a fault is set on one of these. */
export const OPERATIONS = [
  'CreateCacheEntry',
  'FinalizeCacheEntryUpload',
  'GetCacheEntryDownloadURL',
  'CreateArtifact',
  'FinalizeArtifact',
  'ListArtifacts',
  'GetSignedArtifactURL',
  'DeleteArtifact',
  'GetWorkflowRun',
  'ListRunArtifacts',
  'DownloadArtifact',
  'PutBlob',
  'PutBlock',
  'PutBlockList',
  'GetBlob',
  'HeadBlob',
] as const

export type Operation = (typeof OPERATIONS)[number]

export function isOperation(name: string): name is Operation {
  return OPERATIONS.some((operation) => operation === name)
}

export type Fault =
  /** 403 refuses; 500, 502, 503, 504 are tried again by the clients; 429 is a rate limit. */
  | { kind: 'status'; status: 403 | 429 | 500 | 502 | 503 | 504; message?: string }
  /** No answer, ever. */
  | { kind: 'hang' }
  /** The connection is reset before anything is done. */
  | { kind: 'reset' }
  /** All is done, but the answer is lost on the way: the client cannot know. */
  | { kind: 'lost' }
  /** 200, and a page where JSON was expected, as a proxy in between would say it. */
  | { kind: 'garbage' }
  /** The bytes of the answer trickle. */
  | { kind: 'slow'; bytesPerSecond: number }
  /** The connection ends after half of the promised bytes. Only of GetBlob. */
  | { kind: 'truncate' }
  /** One byte in the middle is another one. Only of GetBlob. */
  | { kind: 'corrupt' }

/** What goes wrong, by operation; `times` bounds it to the first requests after it was set. */
export class Faults {
  readonly #table = new Map<Operation, { fault: Fault; left: number }>()

  set(operation: Operation, fault: Fault, times = Number.POSITIVE_INFINITY): void {
    if ((fault.kind === 'truncate' || fault.kind === 'corrupt') && operation !== 'GetBlob') {
      throw new Error(`only the bytes of GetBlob can be spoiled with '${fault.kind}', not those of ${operation}`)
    }
    this.#table.set(operation, { fault, left: times })
  }

  clear(): void {
    this.#table.clear()
  }

  take(operation: Operation): Fault | undefined {
    const row = this.#table.get(operation)
    if (row === undefined || row.left <= 0) return undefined
    row.left -= 1
    return row.fault
  }
}
