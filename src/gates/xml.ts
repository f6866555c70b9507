/** What the reader of an XML text meets. `damaged` is the last one, whatever comes behind it. */
export type XmlEvent =
  | { kind: 'open'; name: string; attributes: ReadonlyMap<string, string> }
  | { kind: 'close'; name: string }
  | { kind: 'text'; text: string }
  | { kind: 'damaged' }

const NAME = /[A-Za-z_:][\w:.-]*/y
const ATTRIBUTE = /\s+([A-Za-z_:][\w:.-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y
const TAG_END = /\s*(\/?)>/y
const DEEPEST = 100

/**
 * Reads XML of the simple kind that tools write: elements, attributes, text, CDATA, comments. Each character is looked at
 * a fixed number of times. A document type, and with it every entity that could grow, counts as damage.
 */
export function* xmlEvents(xml: string): Generator<XmlEvent> {
  const open: string[] = []
  let at = xml.startsWith('\uFEFF') ? 1 : 0
  while (at < xml.length) {
    const tag = xml.indexOf('<', at)
    const text = xml.slice(at, tag < 0 ? undefined : tag)
    if (text !== '') {
      if (open.length === 0 && text.trim() !== '') return yield { kind: 'damaged' }
      yield { kind: 'text', text: unescaped(text) }
    }
    if (tag < 0) break
    const step = markupAt(xml, tag)
    if (step === undefined) return yield { kind: 'damaged' }
    for (const event of step.events) {
      if (event.kind === 'open' && open.push(event.name) > DEEPEST) return yield { kind: 'damaged' }
      if (event.kind === 'close' && open.pop() !== event.name) return yield { kind: 'damaged' }
      yield event
    }
    at = step.end
  }
  if (open.length > 0) yield { kind: 'damaged' }
}

type Markup = { events: readonly XmlEvent[]; end: number }

function markupAt(xml: string, tag: number): Markup | undefined {
  if (xml.startsWith('<!--', tag)) return skipped(xml, tag + 4, '-->')
  if (xml.startsWith('<?', tag)) return skipped(xml, tag + 2, '?>')
  if (xml.startsWith('<![CDATA[', tag)) {
    const end = xml.indexOf(']]>', tag)
    return end < 0 ? undefined : { events: [{ kind: 'text', text: xml.slice(tag + 9, end) }], end: end + 3 }
  }
  return xml.startsWith('</', tag) ? closingAt(xml, tag) : openingAt(xml, tag)
}

function skipped(xml: string, from: number, until: string): Markup | undefined {
  const end = xml.indexOf(until, from)
  return end < 0 ? undefined : { events: [], end: end + until.length }
}

function closingAt(xml: string, tag: number): Markup | undefined {
  const name = matchAt(NAME, xml, tag + 2)?.[0]
  if (name === undefined) return undefined
  const end = matchAt(TAG_END, xml, tag + 2 + name.length)
  return end?.[1] === '' ? { events: [{ kind: 'close', name }], end: tag + 2 + name.length + end[0].length } : undefined
}

function openingAt(xml: string, tag: number): Markup | undefined {
  const name = matchAt(NAME, xml, tag + 1)?.[0]
  if (name === undefined) return undefined
  const attributes = new Map<string, string>()
  let at = tag + 1 + name.length
  for (;;) {
    const attribute = matchAt(ATTRIBUTE, xml, at)
    if (attribute === null) break
    attributes.set(attribute[1] ?? '', unescaped(attribute[2] ?? attribute[3] ?? ''))
    at += attribute[0].length
  }
  const end = matchAt(TAG_END, xml, at)
  if (end === null) return undefined
  const opened: XmlEvent = { kind: 'open', name, attributes }
  return { events: end[1] === '/' ? [opened, { kind: 'close', name }] : [opened], end: at + end[0].length }
}

function matchAt(sticky: RegExp, text: string, at: number): RegExpExecArray | null {
  sticky.lastIndex = at
  return sticky.exec(text)
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function unescaped(text: string): string {
  return text.replace(/&(?:#x([\da-fA-F]{1,6})|#(\d{1,7})|(lt|gt|amp|quot|apos));/g, (whole, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })
}
