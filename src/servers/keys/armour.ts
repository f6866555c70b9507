import { mistaken } from './mistaken.ts'
import { LONGEST, plainTextOf } from './plain-text.ts'
import { DAMAGED, type Wrong } from './wrong.ts'

/** A key as it stands between its first and its last line. */
export type Armour = {
  /** What those lines call it: `OPENSSH PRIVATE KEY`. */
  label: string
  /** How old PEM files tell that they are encrypted. */
  encryption: { cipher: string; vector: string } | undefined
  bytes: Buffer
}

/** Word processors make other dashes of them. */
const MARKER = /[-‐-―] ?(BEGIN|END) ([A-Z0-9 ]{0,40}PRIVATE KEY) ?[-‐-―]/g

const CUT: Wrong = {
  wrong: 'ends before the key does: the last line, `-----END … PRIVATE KEY-----`, is missing. Give the whole file.',
}

/** Finds the one private key in a text, whatever has become of its line ends; text around it is nothing to us. */
export function findArmour(text: string): Armour | Wrong {
  if (text.length > LONGEST) return { wrong: 'is far too long for a key: give the content of one private key file.' }
  const plain = plainTextOf(text)
  const line = plain.replace(/\s+/g, ' ')
  const markers = [...line.matchAll(MARKER)].filter(([, , label]) => label !== 'SSH2 ENCRYPTED PRIVATE KEY')
  const begins = markers.filter(([, kind]) => kind === 'BEGIN')
  const [begin] = begins
  if (begins.length > 1) {
    return { wrong: `holds ${begins.length} private keys: give only the one that the servers know.` }
  }
  if (begin === undefined) {
    if (markers.length === 0) return { wrong: mistaken(plain) }
    return { wrong: 'lacks its beginning: the first line is `-----BEGIN … PRIVATE KEY-----`. Give the whole file.' }
  }
  const start = begin.index + begin[0].length
  const end = markers.find(({ index, 1: kind }) => kind === 'END' && index >= start)
  if (end === undefined) return cutShort(line.slice(start))
  return readBody(begin[2] ?? '', line.slice(start, end.index))
}

function cutShort(rest: string): Wrong {
  if (/[A-Za-z0-9]/.test(rest)) return CUT
  return {
    wrong:
      'holds only the first line of a key: it was cut at its first line end. In YAML write the key behind `|`, in a dotenv file between quotes, or give it in base64 (`base64 -w0 <file>`).',
  }
}

const OLD_ENCRYPTION =
  /^[, ]*Proc-Type: ?4, ?ENCRYPTED[, ]*DEK-Info: ?([A-Za-z0-9-]{1,40}), ?((?:[0-9A-Fa-f]{16}){1,2})(?![0-9A-Fa-f])/

function readBody(label: string, between: string): Armour | Wrong {
  // The dashes are the rest of the lines around it; quotes and backslashes come from lists of lines.
  const body = between.replace(/["'`\\]|^[-‐-― ]+|[-‐-―]{1,8}$/g, '')
  const [header = '', cipher = '', vector = ''] = OLD_ENCRYPTION.exec(body) ?? []
  const compact = body.slice(header.length).replace(/[ ,]/g, '')
  if (compact === '' || compact.includes(':')) return DAMAGED
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) {
    return {
      wrong:
        'has characters between its first and its last line that no key has, such as the asterisks of a masked copy: give the file itself.',
    }
  }
  const encryption = header === '' ? undefined : { cipher: cipher.toUpperCase(), vector }
  return { label, encryption, bytes: Buffer.from(compact, 'base64') }
}

/** The key as programs write it, which is the form that parsers are sure to take. */
export function armoured({ label, encryption, bytes }: Armour): string {
  const header =
    encryption === undefined
      ? ''
      : `Proc-Type: 4,ENCRYPTED\nDEK-Info: ${encryption.cipher},${encryption.vector.toUpperCase()}\n\n`
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${header}${lines.join('\n')}\n-----END ${label}-----\n`
}
