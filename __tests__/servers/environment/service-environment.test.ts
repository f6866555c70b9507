import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Refused } from '../../../src/report/ending.ts'
import { missingNames, readServiceEnvironment } from '../../../src/servers/environment/service-environment.ts'
import { damaged } from '../release/made-text.ts'

/** Names and values, or the problems. */
function read(env: string, secrets = ''): Record<string, string> | readonly string[] {
  try {
    const { variables } = readServiceEnvironment({ env, secrets })
    return Object.fromEntries(variables.map(({ name, value }) => [name, value]))
  } catch (error) {
    if (error instanceof Refused) return error.problems
    throw error
  }
}

test.each<[string, string, string]>([
  ['a word', 'A=b', 'b'],
  ['nothing', 'A=', ''],
  ['blanks', 'A=  \t', ''],
  ['blanks around it', 'A =\t b c \t', 'b c'],
  ['blanks before the name', ' \t A=b', 'b'],
  ['export', 'export A=b', 'b'],
  ['export with blanks', '  export \t A = b', 'b'],
  ['a comment behind it', 'A=b # c', 'b'],
  ['a comment alone behind it', 'A= # c', ''],
  ['# within a word', 'A=http://b/#c', 'http://b/#c'],
  ['# as its first character', 'A=#b', '#b'],
  ['equals signs', 'A=b==', 'b=='],
  ['quotes within a word', `A=it's "b"`, `it's "b"`],
  ['JSON', 'A={"b": [1, "c d"]}', '{"b": [1, "c d"]}'],
  ['backslashes', 'A=C:\\new\\table', 'C:\\new\\table'],
  ['dollars', 'A=pa$$word$B$(id)`id`$', 'pa$$word$B$(id)`id`$'],
  ['percent signs and exclamation marks', 'A=100% !', '100% !'],
  ['other letters', 'A=b\u00fccher \ud83e\udd80', 'b\u00fccher \ud83e\udd80'],
  ['single quotes', `A='b "c" \\n $D \x24{E} # f'`, 'b "c" \\n $D \x24{E} # f'],
  ['nothing in single quotes', `A=''`, ''],
  ['blanks in quotes', `A='  b  '`, '  b  '],
  ['lines in single quotes', `A='b\n\n# c\nD=e\n'`, 'b\n\n# c\nD=e\n'],
  ['a comment behind quotes', `A='b' # it's c`, 'b'],
  ['double quotes', `A="it's # b"`, `it's # b`],
  ['escapes', 'A="\\n\\t\\"\\\\\\$\\`"', '\n\t"\\$`'],
  ['an escaped reference', 'A="\\\x24{B}"', '\x24{B}'],
  ['lines in double quotes', 'A="b\n c\n"', 'b\n c\n'],
  ['a key in quotes', 'A="-----BEGIN X-----\nabc=\n-----END X-----\n"', '-----BEGIN X-----\nabc=\n-----END X-----\n'],
  ['a key on one line', 'A=-----BEGIN X-----\\nabc\\n-----END X-----', '-----BEGIN X-----\\nabc\\n-----END X-----'],
  ['CR LF', 'A="b\r\nc"\r\n', 'b\nc'],
  ['CR LF without quotes', 'A=b\r\n\r\n', 'b'],
  ['lines that end with CR', '# c\rA=b\r', 'b'],
  ['a byte order mark before it', '\ufeffA=b', 'b'],
  ['a byte order mark before a comment', '\ufeff# c\nA=b', 'b'],
])('%s', (_, text, value) => {
  expect(read(text)).toEqual({ A: value })
  // What comes before and behind it is not changed by it.
  expect(read(`Y=1\n${text.replace('\ufeff', '')}\nZ=2\n`)).toEqual({ Y: '1', A: value, Z: '2' })
})

test('empty texts, blank lines and comments say nothing', () => {
  expect(read('')).toEqual({})
  expect(read('\n  \n# A=b\n\t# C="d\n\r\n')).toEqual({})
})

test('names of objects are names like others', () => {
  const text = '__proto__=1\nconstructor=2\ntoString=3\n_=4\na1=5\n'
  const { variables } = readServiceEnvironment({ env: text, secrets: '' })
  expect(variables.map(({ name, value }) => `${name}=${value}\n`).join('')).toBe(text)
})

test.each<[string, string, RegExp]>([
  [
    'a word alone',
    'S3CRET',
    /^Line 1 of `service-env` is not `NAME=value`: a value of several lines stands in quotes\.$/,
  ],
  ['export alone', 'export S3CRET', /is not `NAME=value`/],
  ['YAML', 'A: S3CRET', /is not `NAME=value`/],
  ['no name', '=S3CRET', /has a name that cannot be one/],
  [
    'a name with a minus',
    'S3CRET-A=b',
    /has a name that cannot be one: letters, digits and `_`, the first no digit\.$/,
  ],
  ['a name with a digit in front', '3CRET=b', /has a name that cannot be one/],
  ['a name with a blank', 'S3CRET A=b', /has a name that cannot be one/],
  ['a name in quotes', '"S3CRET"=b', /has a name that cannot be one/],
  ['a name in other letters', 'S3CR\u00c9T=b', /has a name that cannot be one/],
  ['an open quote', "A='S3CRET\nS3CRET\nB=c", /^Line 1 of `service-env` opens a quote that is not closed/],
  ['an open double quote', 'A="S3CRET\nS3CRET\nB=c\\"', /^Line 1 of `service-env` opens a quote that is not closed/],
  ['an escape without an end', 'A="S3CRET\\', /opens a quote that is not closed/],
  ['something behind a quote', "A='S3CRET'S3CRET", /has something behind its closing quote/],
  ['a quote in quotes as a shell has it', `A='S3CRET'\\''S3CRET'`, /has something behind its closing quote/],
  ['a comment at a quote', "A='S3CRET'#S3CRET", /has something behind its closing quote/],
  ['an unknown escape', 'A="S3CRET\\d+"', /has a backslash in double quotes before something else than/],
  ['a line that goes on', 'A="S3CRET\\\nS3CRET"', /has a backslash in double quotes/],
  ['a reference', 'A=S3CRET\x24{S3CRET}', /refers to another variable with `\$` and braces/],
  ['a reference in double quotes', 'A="S3CRET\x24{S3CRET}"', /refers to another variable/],
  ['a backtick', 'A=`S3CRET`', /begins with a backtick/],
  [
    'a key without quotes',
    'A=-----BEGIN X-----\nS3CRET=\n-----END X-----',
    /begins a key of several lines without quotes/,
  ],
  ['half a key without quotes', 'A=-----BEGIN X-----\nS3CRET=\n', /begins a key of several lines without quotes/],
  ['a NUL', 'A=S3CRET\0', /^The value of `A` has a control character in it/],
  ['a command for a terminal', 'A="S3CRET\x1b[2J"', /^The value of `A` has a control character in it/],
  ['half a character', 'A=S3CRET\ud83e', /^The value of `A` has a character in it that is none in Unicode/],
  ['a character that is none', 'A=S3CRET\uffff', /^The value of `A` has a character in it that is none in Unicode/],
  ['what Linux does not take', `A=${'S3CRET'.repeat(30_000)}`, /^The value of `A` is longer than Linux takes/],
  ['too much', `A=${'S3CRET'.repeat(200_000)}`, /^`service-env` is too large/],
])('%s is refused, and nothing of it is told', (_, text, problem) => {
  expect(read(text)).toEqual([expect.stringMatching(problem)])
  expect(String(read(text))).not.toMatch(/S3|CRET/)
  expect(String(read(text))).toMatch(/\.$/)
})

test('everything that is wrong with both texts is told at once, each by its line', () => {
  const env = 'A=1\n\n# c\nB-B=2\nC="two\nlines" x\nA=3\n'
  const secrets = 'D=\x24{A}\r\nE\r\nD=4\r\n'
  expect(read(env, secrets)).toEqual([
    expect.stringMatching(/^Line 4 of `service-env` has a name/),
    expect.stringMatching(/^Line 5 of `service-env` has something behind/),
    'Line 7 of `service-env` sets what line 1 sets already: take one of them out.',
    expect.stringMatching(/^Line 1 of `service-secrets` refers/),
    expect.stringMatching(/^Line 2 of `service-secrets` is not/),
    'Line 3 of `service-secrets` sets what line 1 sets already: take one of them out.',
  ])
})

test('a piece of a key that looks like a name is not told', () => {
  expect(read('A=x\nS3CRET=\x07\nS3CRET\n')).toEqual([expect.stringMatching(/^Line 3 of `service-env` is not/)])
})

test('of many mistakes the first are told, and how many more there are', () => {
  const problems = read('x\n'.repeat(100))
  expect(problems).toHaveLength(21)
  expect(Object.values(problems).at(-1)).toBe('80 more lines of `service-env` cannot be read.')
})

test('a secret stands in for a variable of its name, which is told', () => {
  const both = readServiceEnvironment({ env: 'A=plain\nB=b\n', secrets: 'C=c\nA=S3CRET\n' })
  expect(Object.fromEntries(both.variables.map(({ name, value }) => [name, value]))).toEqual({
    A: 'S3CRET',
    B: 'b',
    C: 'c',
  })
  expect(both.notes).toEqual(['`A` is in `service-env` and in `service-secrets`: the service gets the secret.'])
})

describe('of an example file', () => {
  const variables = [
    { name: 'A', value: 'a' },
    { name: 'EMPTY', value: '' },
  ]

  test('every name is required that is not in a comment, whatever its value there', () => {
    const example = '# An example\nA=\nexport B=\nPORT=8080\n# OPTIONAL=\nC="two\nD=\nlines"\nB=again\n'
    expect(missingNames(example, variables)).toEqual(['B', 'PORT', 'C'])
    expect(missingNames('', [])).toEqual([])
  })

  test('an empty value is as good as none', () => {
    expect(missingNames('A=\nEMPTY=\n', variables)).toEqual(['EMPTY'])
  })

  test('what its values are does not matter', () => {
    expect(
      missingNames('B=\x24{A}\nC="\\d"\nD=`x`\nE=\'x\'y\nF=-----BEGIN X-----\nG=\n-----END X-----\nH=', []),
    ).toEqual([...['B', 'C', 'D', 'E', 'F', 'H']])
  })

  test('a line that hides a name is told', () => {
    expect(() => missingNames('A=\nB B=\nC="\nD=\n', [])).toThrow(
      /^Line 2 of `env-example` has a name .*\nLine 3 of `env-example` opens a quote/,
    )
    expect(() => missingNames(' '.repeat(2_000_000), [])).toThrow('`env-example` is too large')
  })
})

/** Secrets that nothing of ours has a piece of. */
const secrets = fc.stringMatching(/^(?:QXZ[ =#'"\\$`.-]{0,2}){1,4}$/)
const texts = fc
  .array(
    fc.oneof(
      secrets.map((secret) => `A=${secret}`),
      secrets.map((secret) => `export B='${secret.replaceAll("'", '')}\n${secret.replaceAll("'", '')}'`),
      secrets.map((secret) => `C="${secret.replaceAll(/["\\]/g, '\\$&')}\\n" # ${secret}`),
      secrets.map((secret) => `D=-----BEGIN ${secret}\n${secret}\n${secret}`),
      secrets.map((secret) => `# ${secret}`),
    ),
  )
  .map((lines) => lines.join('\n'))

test('any text gives variables or sentences, and no sentence holds a piece of it', () => {
  fc.assert(
    fc.property(damaged(texts), damaged(texts), (env, secret) => {
      const result = read(env, secret)
      if (!Array.isArray(result)) return
      expect(result.length).toBeGreaterThan(0)
      for (const problem of result) {
        expect(problem).toMatch(/^[A-Z`][ -~]+\.$/)
        expect(problem).not.toMatch(/QX|XZ|ZQ/)
      }
    }),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(damaged(texts), (example) => {
      try {
        expect(Array.isArray(missingNames(example, []))).toBe(true)
      } catch (error) {
        expect(error).toBeInstanceOf(Refused)
        expect(String(error)).not.toMatch(/QX|XZ|ZQ/)
      }
    }),
  )
})

test.each([
  ['blanks', ' '],
  ['words on lines', 'a\n'],
  ['blanks behind a name', 'A= '],
  ['quotes', '"'],
  ['apostrophes', "'"],
  ['assignments of open quotes', "A='\n"],
  ['assignments of escapes', 'A="\\\n'],
  ['keys', 'A=-----BEGIN X\n'],
  ['equals signs', '=\n'],
  ['comments', ' #'],
  ['references', '\x24{A'],
  ['line ends', '\r'],
])('a million characters of %s are read without a wait', (_, piece) => {
  const text = piece.repeat(1_000_000 / piece.length)
  expect(read(text)).toBeDefined()
  expect(read('', `A="${text.slice(3)}`)).toBeDefined()
})
