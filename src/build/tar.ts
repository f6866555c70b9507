/** One member of an archive. Everything that would differ from machine to machine is left out of it. */
export type Member = { kind: 'file' | 'folder'; name: string; size: number; mode: number; time: number }

const BLOCK = 512
/** What the octal field of a ustar header holds: 8 GiB. */
const LARGEST = 0o77777777777

/** The header of a member: ustar, and pax before it where ustar has no room. Reads in every tar since 2001. */
export function headerOf(member: Member): Buffer {
  const name = member.kind === 'folder' ? `${member.name}/` : member.name
  const extended = {
    ...(fits(name) ? {} : { path: name }),
    ...(member.size > LARGEST && { size: String(member.size) }),
  }
  const plain = ustarOf({
    ...member,
    name: fits(name) ? name : shortOf(name),
    type: member.kind === 'folder' ? '5' : '0',
    // A reader that does not know pax must not take the rest of the archive for a part of the file.
    size: Math.min(member.size, LARGEST),
  })
  if (Object.keys(extended).length === 0) return plain
  const records = Buffer.concat(Object.entries(extended).map(([key, value]) => recordOf(key, value)))
  const before = { ...member, name: `PaxHeaders/${shortOf(name)}`.slice(0, 100), type: 'x', size: records.length }
  return Buffer.concat([ustarOf({ ...before, mode: 0o644 }), records, paddingOf(records.length), plain])
}

/** Members begin at whole blocks. */
export function paddingOf(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)
}

/** Two empty blocks, and as many more as fill a record of a tape, which old readers still expect. */
export function endOf(size: number): Buffer {
  const record = 20 * BLOCK
  const least = size + 2 * BLOCK
  return Buffer.alloc(Math.ceil(least / record) * record - size)
}

function fits(name: string): boolean {
  return /^[\x20-\x7e]*$/.test(name) && name.length <= 100
}

/** Where the true name stands in the pax header: what an old reader would see. */
function shortOf(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, '_').slice(-80)
}

/** `length key=value\n`, where the length counts itself. */
function recordOf(key: string, value: string): Buffer {
  const rest = ` ${key}=${value}\n`
  const bytes = Buffer.byteLength(rest)
  let length = bytes + String(bytes).length
  if (String(length).length > String(bytes).length) length = bytes + String(length).length
  return Buffer.from(`${length}${rest}`)
}

function ustarOf({ name, type, size, mode, time }: Omit<Member, 'kind'> & { type: string }): Buffer {
  const block = Buffer.alloc(BLOCK)
  block.write(name, 0, 100, 'latin1')
  octal(block, mode, 100, 8)
  // Owner and group: nobody's in particular.
  octal(block, 0, 108, 8)
  octal(block, 0, 116, 8)
  octal(block, size, 124, 12)
  octal(block, time, 136, 12)
  block.write(type, 156, 1, 'latin1')
  block.write('ustar\x0000', 257, 8, 'latin1')
  // The sum is taken with its own field full of spaces.
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1')
  return block
}

function octal(block: Buffer, value: number, at: number, length: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, length, 'latin1')
}
