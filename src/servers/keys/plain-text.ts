/** A key of the longest kind, in base64 two times over, is far shorter. */
export const LONGEST = 128 * 1024

/** People encode what is encoded already. */
const MOST_LAYERS = 3

/** The text without what secrets pick up on their way: escaped line ends, byte order marks, and base64 around the whole. */
export function plainTextOf(text: string): string {
  let plain = withoutEscapes(text.slice(0, LONGEST))
  for (let layer = 0; layer < MOST_LAYERS && !/-\s?(BEGIN|END) /.test(plain); layer++) {
    const inner = decoded(plain)
    if (inner === undefined) break
    plain = inner
  }
  return plain
}

/** Neither base64 nor a line of a key has a backslash. Zeros are what is left of UTF-16, which some shells write. */
function withoutEscapes(text: string): string {
  return text.replace(/[\0\uFEFF\uFFFD\u200B-\u200D]/g, '').replace(/\\{1,4}[rn]/g, '\n')
}

function decoded(text: string): string | undefined {
  const compact = text.replace(/[\s"'`]/g, '')
  if (!/^[A-Za-z0-9+/_-]{16,}={0,2}$/.test(compact)) return undefined
  const inner = withoutEscapes(Buffer.from(compact, 'base64').toString())
  return /^[\t\r\n\x20-\x7e]+$/.test(inner) ? inner : undefined
}
