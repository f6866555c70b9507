/** What a file is that is no ELF file, as the end of "it is …". Judged by its first bytes. */
export function describeForeign(start: Buffer): string {
  if (start.length === 0) return 'empty'
  const known = SIGNATURES.find(({ bytes }) => start.subarray(0, bytes.length).equals(Buffer.from(bytes)))
  if (known !== undefined) return known.is
  const interpreter = /^#![ \t]*([\x21-\x7e]{1,100})/.exec(start.toString('latin1'))?.[1]
  if (interpreter !== undefined) return `a script for ${interpreter}`
  return isText(start) ? 'a text' : 'no program that is known here'
}

const SIGNATURES: readonly { bytes: readonly number[]; is: string }[] = [
  { bytes: [0x7f, 0x45, 0x4c, 0x46], is: 'an ELF file without the rest of its header' },
  { bytes: [0xcf, 0xfa, 0xed, 0xfe], is: 'a program for macOS (Mach-O)' },
  { bytes: [0xce, 0xfa, 0xed, 0xfe], is: 'a program for macOS (Mach-O)' },
  { bytes: [0xca, 0xfe, 0xba, 0xbe], is: 'a universal program for macOS (Mach-O), or a Java class' },
  { bytes: [0x4d, 0x5a], is: 'a program for Windows (PE)' },
  { bytes: [0x1f, 0x8b], is: 'compressed with gzip' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], is: 'compressed with zstd' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], is: 'compressed with xz' },
  { bytes: [0x50, 0x4b, 0x03, 0x04], is: 'a zip archive' },
  { bytes: [0x00, 0x61, 0x73, 0x6d], is: 'a WebAssembly module' },
  { bytes: [...Buffer.from('!<arch>\n')], is: 'a static library (ar)' },
  { bytes: [...Buffer.from('version https://git-lfs')], is: 'a pointer of Git LFS, whose content was not fetched' },
]

function isText(start: Buffer): boolean {
  return !start.some((byte) => (byte < 0x20 && ![0x09, 0x0a, 0x0c, 0x0d].includes(byte)) || byte === 0x7f)
}
