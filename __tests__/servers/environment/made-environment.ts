import fc from 'fast-check'
import type { Variable } from '../../../src/servers/environment/dotenv.ts'

const pieces = fc.oneof(
  fc.constantFrom(
    '"',
    "'",
    '\\',
    '$',
    '`',
    '#',
    ';',
    '%',
    '=',
    '!',
    ' ',
    '\t',
    '\n',
    '\\n',
    '\\\n',
    '\x24{A}',
    '$(id)',
  ),
  fc.constantFrom('a', '\u00e9', '\u00a0', '\u0085', '\u2028', '\u202e', '\ufeff', '\ufffd', '\ud83e\udd80'),
  fc.string({ maxLength: 6 }),
)
const names = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/).map((name) => `V${name}`)

/** Sets of everything that a service can be given, with more of what is easily got wrong. */
export const environments: fc.Arbitrary<Variable[]> = fc.uniqueArray(
  fc.record({ name: names, value: fc.array(pieces, { maxLength: 8 }).map((all) => all.join('')) }),
  { selector: ({ name }) => name, maxLength: 12 },
)
