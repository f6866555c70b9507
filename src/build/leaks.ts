import { open } from 'node:fs/promises'

export type LeakOptions = {
  path: string
  /** Folders of this machine by what they are, such as `CARGO_HOME`. */
  directories: Readonly<Record<string, string | undefined>>
  sections: readonly { name: string; offset: number; size: number }[]
  signal: AbortSignal
}

/** Paths of the machine that built a program, in the program: they differ from machine to machine, and tell who built it. */
export type Leaks = {
  count: number
  /** Stripping would take all of them away. */
  strippable: boolean
  /** The first few different ones. */
  examples: readonly { directory: string; path: string; section: string | undefined }[]
}

const WINDOW = 1024 * 1024
/** How much of a path is shown. */
const LONGEST_SHOWN = 200
const MOST_SHOWN = 5
/** A file that is full of them is looked at no further. */
const MOST_COUNTED = 10_000

/** Searches a file of any size; the memory that it takes is that of one window. */
export async function findLeaks({ path, directories, sections, signal }: LeakOptions): Promise<Leaks> {
  const needles = needlesOf(directories)
  const overlap = LONGEST_SHOWN + Math.max(0, ...needles.map(({ bytes }) => bytes.length))
  const examples = new Map<string, Leaks['examples'][number]>()
  let [count, stripped] = [0, 0]
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(WINDOW + overlap)
    for (let start = 0; needles.length > 0 && count < MOST_COUNTED; start += WINDOW) {
      signal.throwIfAborted()
      const window = buffer.subarray(0, await readFully(file, buffer, start))
      for (const { at, needle } of hitsIn(window, needles)) {
        if (count >= MOST_COUNTED) break
        count += 1
        const place = start + at
        const section = sections.find(({ offset, size }) => place >= offset && place < offset + size)?.name
        if (isStrippable(section)) stripped += 1
        if (examples.size >= MOST_SHOWN) continue
        const shown = pathAt(window, at, needle)
        if (!examples.has(shown)) examples.set(shown, { directory: needle.directory, path: shown, section })
      }
      if (window.length <= WINDOW) break
    }
  } finally {
    await file.close()
  }
  return { count, strippable: count > 0 && stripped === count, examples: [...examples.values()] }
}

type Needle = { directory: string; bytes: Buffer }

/** With the slash that must follow, so that /home/me is not found in /home/merlin. The longest comes first. */
function needlesOf(directories: LeakOptions['directories']): Needle[] {
  return Object.entries(directories)
    .flatMap(([directory, path]) => {
      const trimmed = path?.replace(/\/+$/, '') ?? ''
      return trimmed.startsWith('/') ? [{ directory, bytes: Buffer.from(`${trimmed}/`) }] : []
    })
    .toSorted((a, b) => b.bytes.length - a.bytes.length)
}

/** Where one of them begins within the window proper; one inside another, such as a cargo home in a home, counts once. */
function* hitsIn(window: Buffer, needles: readonly Needle[]) {
  for (const [index, needle] of needles.entries()) {
    const { bytes } = needle
    const longer = needles.slice(0, index)
    for (let at = window.indexOf(bytes); at >= 0 && at < WINDOW; at = window.indexOf(bytes, at + 1)) {
      if (!longer.some((other) => window.subarray(at, at + other.bytes.length).equals(other.bytes))) {
        yield { at, needle }
      }
    }
  }
}

/** Texts stand in a program without anything between them, so a path of a source file ends with its extension. */
function pathAt(window: Buffer, at: number, { bytes }: Needle): string {
  const rest = window.toString('latin1', at + bytes.length, at + bytes.length + LONGEST_SHOWN)
  const run = /^[\w./+@~%=-]*/.exec(rest)?.[0] ?? ''
  return `${bytes}${/^.*?\.rs/.exec(run)?.[0] ?? run}`
}

function isStrippable(section: string | undefined): boolean {
  return section !== undefined && /^\.(z?debug_|symtab$|strtab$)/.test(section)
}

async function readFully(file: Awaited<ReturnType<typeof open>>, buffer: Buffer, start: number): Promise<number> {
  let got = 0
  while (got < buffer.length) {
    const { bytesRead } = await file.read(buffer, got, buffer.length - got, start + got)
    if (bytesRead === 0) break
    got += bytesRead
  }
  return got
}
