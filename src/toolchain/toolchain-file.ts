import { open } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { parse } from 'smol-toml'
import { isRecord } from '../json/narrow.ts'
import { Refused } from '../report/ending.ts'
import { checkToolchainName, isPartName } from './names.ts'

export type ToolchainFile = {
  /** Relative to the folder of the project, with `/`, as people write it. */
  path: string
  /** A channel, a version, or the absolute path of a toolchain. */
  toolchain: string | undefined
  components: readonly string[]
  targets: readonly string[]
  profile: string | undefined
}

/** The nearest toolchain file from this folder upwards, by the rules of rustup. */
export async function findToolchainFile(directory: string): Promise<ToolchainFile | undefined> {
  const start = resolve(directory)
  for (let folder = start; ; folder = dirname(folder)) {
    // In the same folder rustup takes the one without an ending, which alone may be one bare line.
    for (const name of ['rust-toolchain', 'rust-toolchain.toml']) {
      const path = join(folder, name)
      const shown = relative(start, path).split(sep).join('/')
      const text = await textOf(path, shown)
      if (text === undefined) continue
      const bare = name === 'rust-toolchain' && lineCount(text) <= 1
      const read = bare ? readBareLine(text, shown) : readToml(text, shown)
      const { toolchain } = read
      // The path of a toolchain is written by the one who writes the file, who stands in its folder.
      return { path: shown, ...read, toolchain: read.isPath && toolchain ? resolve(folder, toolchain) : toolchain }
    }
    if (folder === dirname(folder)) return undefined
  }
}

type Read = Omit<ToolchainFile, 'path'> & { isPath: boolean }

const NOTHING_MORE = { components: [], targets: [], profile: undefined }

/** The old form: nothing but a name, or the absolute path of a toolchain. */
function readBareLine(text: string, file: string): Read {
  const toolchain = text.trim()
  if (toolchain === '')
    throw new Refused(`${file} is empty: write a channel into it, such as \`stable\`, or delete it.`)
  return { ...NOTHING_MORE, toolchain: checkToolchainName(toolchain, file), isPath: isAbsolute(toolchain) }
}

function readToml(text: string, file: string): Read {
  const section = parseToml(text, file)['toolchain']
  if (!isRecord(section)) {
    throw new Refused(
      `${file} has no table [toolchain]: write \`[toolchain]\` and \`channel = "stable"\` into it, or delete it.`,
    )
  }
  const { channel, path, profile } = section
  const components = names(section['components'], 'components', file)
  const targets = names(section['targets'], 'targets', file)
  if (channel === undefined && path === undefined && section['components'] === undefined && !section['targets']) {
    throw new Refused(`The table [toolchain] of ${file} names nothing: write \`channel = "stable"\` into it.`)
  }
  if (profile !== undefined && !['minimal', 'default', 'complete'].includes(String(profile))) {
    throw new Refused(
      `${file} has the profile ${JSON.stringify(profile)}, but rustup knows minimal, default and complete.`,
    )
  }
  if (path !== undefined) return readPath(section, file)
  const toolchain = channel === undefined ? undefined : checkToolchainName(channel, file)
  if (toolchain !== undefined && isAbsolute(toolchain)) {
    throw new Refused(`${file} has a path as its \`channel\`: write it as \`path\`.`)
  }
  return { toolchain, components, targets, profile: profile === undefined ? undefined : String(profile), isPath: false }
}

/** A toolchain of its own is used as it is, so nothing else can stand beside it. */
function readPath(section: Record<string, unknown>, file: string): Read {
  const { path } = section
  if (typeof path !== 'string' || path === '' || /\p{C}/u.test(path)) {
    throw new Refused(`${file} has a \`path\` that is none: write the folder of a toolchain, which holds bin/rustc.`)
  }
  const others = ['channel', 'components', 'targets', 'profile'].filter((name) => section[name] !== undefined)
  if (others.length > 0) {
    throw new Refused(
      `${file} has both \`path\` and \`${others[0]}\`: a toolchain at a path is used as it is, so delete one.`,
    )
  }
  return { ...NOTHING_MORE, toolchain: path, isPath: true }
}

function parseToml(text: string, file: string): Record<string, unknown> {
  try {
    return parse(text)
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''
    throw new Refused(`${file} is not valid TOML: ${why.replace(/^Invalid TOML document: /, '').replace(/\.$/, '')}.`, {
      cause: error,
    })
  }
}

function names(value: unknown, what: string, file: string): string[] {
  if (value === undefined) return []
  const wrong = Array.isArray(value) ? value.find((item) => !isPartName(item)) : value
  if (!Array.isArray(value) || wrong !== undefined) {
    throw new Refused(
      `${file} has ${JSON.stringify(wrong)?.slice(0, 100)} in \`${what}\`, which is a list of names: write it as in ${what} = [${EXAMPLES[what]}].`,
    )
  }
  return value.filter((item) => isPartName(item))
}

const EXAMPLES: Record<string, string> = {
  components: '"rustfmt", "clippy"',
  targets: '"x86_64-unknown-linux-musl"',
}

/** No honest file comes near this. */
const LONGEST_BYTES = 64 * 1024

/** The text of a file, or undefined where there is none. rustup too passes over a folder of this name. */
async function textOf(path: string, shown: string): Promise<string | undefined> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (['ENOENT', 'ENOTDIR'].includes(error.code ?? '')) return undefined
    throw new Refused(`${shown} cannot be read (${error.message}).`, { cause: error })
  })
  if (file === undefined) return undefined
  try {
    if (!(await file.stat()).isFile()) return undefined
    const bytes = Buffer.alloc(LONGEST_BYTES + 1)
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
    if (bytesRead > LONGEST_BYTES) throw new Refused(`${shown} is too large to be a toolchain file of rustup.`)
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, bytesRead))
  } catch (error) {
    if (error instanceof Refused) throw error
    throw new Refused(`${shown} is not text in UTF-8: write it anew, or delete it.`, { cause: error })
  } finally {
    await file.close()
  }
}

function lineCount(text: string): number {
  return text.replace(/\r?\n$/, '').split('\n').length
}
