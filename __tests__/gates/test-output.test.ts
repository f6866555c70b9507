import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TestOutput } from '../../src/gates/test-output.ts'
import { TestPrograms } from '../../src/gates/test-programs.ts'
import { told, workspace } from './judged.ts'

function read(text: string) {
  const output = new TestOutput(workspace)
  for (const line of text.split('\n')) output.take(line)
  return output
}

const result = (passed: number, failed: number, ignored = 0) =>
  `test result: ${failed > 0 ? 'FAILED' : 'ok'}. ${passed} passed; ${failed} failed; ${ignored} ignored; 0 measured; 3 filtered out; finished in 0.00s`

const FAILING = `
running 3 tests
test tests::good ... ok
test tests::slow ... ignored, slow
test tests::bad ... FAILED

failures:

---- tests::bad stdout ----

thread 'tests::bad' (4711) panicked at src/lib.rs:22:48:
assertion \`left == right\` failed: numbers
  left: 1
 right: 2
note: run with \`RUST_BACKTRACE=1\` environment variable to display a backtrace


failures:
    tests::bad

${result(1, 1, 1)}
`

test('a failed test is told with what it said and where', () => {
  const output = read(FAILING)
  expect(output.counts).toEqual({ passed: 1, failed: 1, ignored: 1 })
  expect(output.unfinished).toBe(0)
  expect(output.failures).toEqual([
    {
      level: 'error',
      title: 'Test tests::bad failed',
      message: 'assertion `left == right` failed: numbers\n  left: 1\n right: 2',
      place: { file: 'rust/src/lib.rs', line: 22, column: 48 },
    },
  ])
})

function one(name: string, printed: string) {
  return read(
    `running 1 test\ntest ${name} ... FAILED\n\nfailures:\n\n---- ${name} stdout ----\n${printed}\n\nfailures:\n    ${name}\n\n${result(0, 1)}\n`,
  ).failures[0]
}

test('every form of a panic', () => {
  const place = { file: 'rust/src/lib.rs', line: 5, column: 9 }
  const said = { message: 'no', place }
  expect(one('x', "thread 'x' panicked at 'no', src/lib.rs:5:9\nnote: run with `RUST_BACKTRACE=1`")).toMatchObject(said)
  expect(
    one('x', "thread 'x' panicked at src/lib.rs:5:9:\nno\nstack backtrace:\n   0: rust_begin_unwind"),
  ).toMatchObject(said)
  expect(one('x', "thread 'x' (1) panicked at /repo/rust/src/lib.rs:5:9:\nno")).toMatchObject(said)
  const elsewhere = one('x', "thread 'x' (1) panicked at /home/me/.cargo/registry/src/y/lib.rs:5:9:\nno")
  expect(elsewhere).toMatchObject({ message: 'no\nat /home/me/.cargo/registry/src/y/lib.rs:5' })
  expect(elsewhere).not.toHaveProperty('place')
})

test('of several panics that of the test itself counts', () => {
  const threads =
    "thread '<unnamed>' (1) panicked at src/lib.rs:1:1:\nin a thread\n\nthread 'x' (2) panicked at src/lib.rs:2:2:\nin the test\n\nthread 'drop' (3) panicked at src/lib.rs:3:3:\nlater"
  expect(one('x', threads)).toMatchObject({ message: 'in the test', place: { line: 2 } })
})

test('tests that did not panic as they should, and those that return an error', () => {
  expect(one('x', 'note: test did not panic as expected at src/lib.rs:25:32')).toMatchObject({
    message: 'note: test did not panic as expected at src/lib.rs:25:32',
    place: { line: 25, column: 32 },
  })
  const other =
    'thread \'x\' (1) panicked at src/lib.rs:26:65:\ndef\nnote: panic did not contain expected string\n      panic message: "def"\n expected substring: "abc"'
  expect(one('x', other)?.message).toContain('expected substring: "abc"')
  expect(one('x', 'Error: "went wrong"')).toMatchObject({ message: 'Error: "went wrong"' })
  expect(one('x', '')).toMatchObject({ message: 'It printed nothing.' })
})

test('an example in the documentation stands at its own line, whatever lines its program names', () => {
  expect(
    one(
      'src/lib.rs - two (line 7)',
      "Test executable failed (exit status: 101).\n\nstderr:\n\nthread 'main' (1) panicked at src/lib.rs:5:1:\nno",
    ),
  ).toMatchObject({
    message: 'no',
    place: { file: 'rust/src/lib.rs', line: 7 },
  })
  expect(one('api/src/lib.rs - (line 1)', "error[E0308]: mismatched types\nCouldn't compile the test.")).toMatchObject({
    message: "error[E0308]: mismatched types\nCouldn't compile the test.",
    place: { file: 'rust/api/src/lib.rs', line: 1 },
  })
})

test('what a test prints itself is neither a result nor a failed test', () => {
  const output = read(
    FAILING.replace(
      'test tests::good',
      `${result(100, 0)}\ntest fake::x ... FAILED\nrunning 9 tests\ntest tests::good`,
    ),
  )
  expect(output.counts).toEqual({ passed: 1, failed: 1, ignored: 1 })
  expect(told(output.failures)).toEqual([expect.stringContaining('Test tests::bad failed')])
})

test('test programs that a test runs are its own matter', () => {
  const inner = `running 1 test\ntest inner ... FAILED\n\nfailures:\n\nfailures:\n    inner\n\n${result(0, 1)}\n`
  const output = read(FAILING.replace('test tests::good', `${inner}test tests::good`))
  expect(output.counts).toEqual({ passed: 1, failed: 1, ignored: 1 })
  expect(output.failures).toHaveLength(1)
})

test('a program that dies leaves those that come after it what they are', () => {
  const output = read(`running 2 tests\ntest a ... ok\ntest b ... \n${FAILING}`)
  expect(output.unfinished).toBe(1)
  expect(output.counts).toEqual({ passed: 1, failed: 1, ignored: 1 })
  expect(told(output.failures)).toEqual([
    expect.stringContaining('Test tests::bad failed'),
    '-:- error Test b failed: It printed nothing.',
  ])
})

test('a test that writes past libtest keeps its message', () => {
  const output = read(FAILING.replace('test tests::bad ... FAILED', 'test tests::bad ... something of its own\nFAILED'))
  expect(output.failures[0]?.message).toContain('numbers')
})

test('ten thousand programs without an end, and tests without number, cost no more than a few', () => {
  const output = read(`${'running 1 test\n'.repeat(10_000)}${'test x ... FAILED\n'.repeat(10_000)}`)
  expect(output.unfinished).toBe(10_000)
  const many = Array.from({ length: 5000 }, (_, index) => `    t${index}`)
  expect(
    read(`running 5000 tests\nfailures:\nfailures:\n${many.join('\n')}\n\n${result(0, 5000)}`).failures,
  ).toHaveLength(1000)
})

test('a line that would make a pattern slow is cut', () => {
  read(
    `running 1 test\nfailures:\n---- x stdout ----\nthread '${"' panicked at :1:".repeat(50_000)}\nfailures:\n    x\n\n${result(0, 1)}`,
  ).failures
})

test('what cargo says of programs that ended otherwise', () => {
  const programs = new TestPrograms()
  const stderr = `     Running unittests src/lib.rs (target/debug/deps/app-1)
error: test failed, to rerun pass \`--lib\`
     Running tests/aborts.rs (target/debug/deps/aborts-2)

thread 'a' has overflowed its stack
error: test failed, to rerun pass \`--test aborts\`

Caused by:
  process didn't exit successfully: \`/repo/rust/target/debug/deps/aborts-2 --x\` (signal: 6, SIGABRT: process abort signal)
   Doc-tests app
\x1b[1m\x1b[91merror\x1b[0m: doctest failed, to rerun pass \`--doc\``
  for (const line of stderr.split('\n')) programs.take(line)
  expect(programs.failed).toEqual([
    { rerun: '--lib', end: undefined, lines: [] },
    {
      rerun: '--test aborts',
      end: 'signal: 6, SIGABRT: process abort signal',
      lines: ['', "thread 'a' has overflowed its stack"],
    },
    { rerun: '--doc', end: undefined, lines: [] },
  ])
})

test('no output breaks the readers, and they never count what is not there', () => {
  const pieces = fc.constantFrom(
    ...FAILING.split('\n').map((line) => `${line}\n`),
    'running 18446744073709551616 tests\n',
    'test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out',
    "thread '",
    "' panicked at ",
    ':1:2:',
    '\n',
    '\x1b[31m',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 200 }), (parts) => {
      const text = parts.join('')
      const output = read(text)
      const { passed, failed, ignored } = output.counts
      expect(Number.isSafeInteger(passed + failed + ignored)).toBe(true)
      expect(output.failures.every(({ level }) => level === 'error')).toBe(true)
      const programs = new TestPrograms()
      for (const line of text.split('\n')) programs.take(line)
    }),
  )
})
