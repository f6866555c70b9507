const SEQUENCE = 0x30
const INTEGER = 0x02
const DEEPEST = 16

type Element = { tag: number; content: Buffer; rest: Buffer }

/** Whether the bytes are one sequence, neither cut nor followed by anything. */
export function isWholeSequence(bytes: Buffer): boolean {
  const element = readElement(bytes)
  return element?.tag === SEQUENCE && element.rest.length === 0
}

/**
 * The largest number in what a PKCS#8 file says of its encryption: how often the passphrase is hashed. What cannot be
 * read counts as endless.
 */
export function hashingRounds(bytes: Buffer): number {
  const scheme = readElement(readElement(bytes)?.content ?? Buffer.alloc(0))
  return scheme?.tag === SEQUENCE ? largestNumber(scheme.content, 0) : Number.POSITIVE_INFINITY
}

function largestNumber(bytes: Buffer, depth: number): number {
  let largest = 0
  for (let rest = bytes; rest.length > 0; ) {
    const element = readElement(rest)
    if (element === undefined || depth > DEEPEST) return Number.POSITIVE_INFINITY
    if (element.tag === INTEGER) largest = Math.max(largest, Number(`0x${element.content.toString('hex') || '0'}`))
    if (element.tag === SEQUENCE) largest = Math.max(largest, largestNumber(element.content, depth + 1))
    rest = element.rest
  }
  return largest
}

function readElement(bytes: Buffer): Element | undefined {
  const [tag, first] = bytes
  if (tag === undefined || first === undefined) return undefined
  // A long length says how many bytes it takes; keys need no more than three.
  const more = first < 0x80 ? 0 : first & 0x7f
  if (first === 0x80 || more > 3 || bytes.length < 2 + more) return undefined
  const length = more === 0 ? first : bytes.readUIntBE(2, more)
  const start = 2 + more
  if (bytes.length < start + length) return undefined
  return { tag, content: bytes.subarray(start, start + length), rest: bytes.subarray(start + length) }
}
