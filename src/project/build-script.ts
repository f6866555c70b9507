import { open } from 'node:fs/promises'

/** No build script is longer; of a file that is, the rest says nothing. */
const LONGEST = 256 * 1024

/** How build scripts say that they compile C++: to the crate `cc`, by a bridge, or by the library that C++ needs. */
const CPP = [/\.cpp\(\s*true\s*\)/, /\bcxx_build::/, /rustc-link-lib=([\w:+,-]+=)?(stdc\+\+|c\+\+)/]

/** Whether a build script compiles C++, as far as its source tells. What cannot be read tells nothing. */
export async function compilesCpp(path: string): Promise<boolean> {
  const text = await readBeginning(path).catch(() => '')
  const code = text.replaceAll(/^\s*\/\/.*$/gm, '')
  return CPP.some((sign) => sign.test(code))
}

async function readBeginning(path: string): Promise<string> {
  const file = await open(path)
  try {
    // A pipe would be waited for.
    if (!(await file.stat()).isFile()) return ''
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(LONGEST) })
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}
