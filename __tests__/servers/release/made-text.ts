import fc from 'fast-check'

/** A text as crashes, bad disks and hands leave it: cut, with something put in, taken out or doubled. */
export function damaged(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(40),
    kind: fc.constantFrom('cut', 'begin', 'remove', 'insert', 'replace', 'double'),
    more: fc.oneof(
      fc.string({ unit: 'binary-ascii', maxLength: 8 }),
      fc.constantFrom(
        '"',
        "'",
        '\\',
        '{',
        '}',
        '[',
        ',',
        ':',
        '\n',
        '\r',
        '\0',
        '=',
        '#',
        '`',
        '\x24{A}',
        '\ud800',
        '\ufeff',
      ),
      fc.constantFrom('null', '{}', '[]', '-1', '1e999', '"__proto__":1,', '"\\u0000"', '..', '../x', '\0'.repeat(600)),
    ),
  })
  return fc.tuple(texts, fc.array(change, { maxLength: 4 })).map(([text, changes]) =>
    changes.reduce((now, { at, length, kind, more }) => {
      const from = Math.floor(at * now.length)
      const [before, behind] = [now.slice(0, from), now.slice(from)]
      switch (kind) {
        case 'cut':
          return before
        case 'begin':
          return behind
        case 'remove':
          return before + behind.slice(length)
        case 'insert':
          return before + more + behind
        case 'replace':
          return before + more + behind.slice(more.length)
        default:
          return before + behind.slice(0, length) + behind
      }
    }, text),
  )
}
