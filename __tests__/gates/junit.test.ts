import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readJunit } from '../../src/gates/junit.ts'

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="4" failures="1" errors="0" uuid="1" timestamp="2026-01-01T00:00:00.000+00:00" time="0.1">
    <testsuite name="app" tests="4" disabled="0" errors="0" failures="1">
        <testcase name="tests::good" classname="app" time="0.001">
        </testcase>
        <testcase name='tests::flaky' classname="app" time="0.001">
            <flakyFailure timestamp="x" time="0.1" message="first" type="test failure with exit code 101">once
                <system-out>of the first</system-out>
            </flakyFailure>
        </testcase>
        <testcase name="tests::&lt;bad&gt;" classname="app">
            <failure message="thread &apos;x&apos; panicked" type="test failure with exit code 101">a &amp; b &#x41;&#66;</failure>
            <system-out>out <![CDATA[<testcase name="forged">]]></system-out>
            <!-- <testcase name="comment"/> -->
            <system-err>err</system-err>
        </testcase>
        <testcase name="skipped"><skipped/></testcase>
    </testsuite>
</testsuites>
`

test('passed, failed, flaky and skipped tests, with what they printed', () => {
  expect(readJunit(REPORT)).toEqual({
    counts: { passed: 2, failed: 1, ignored: 1 },
    cases: [
      { name: 'tests::flaky', how: 'flaky', said: ['once', '                '], output: ['of the first'] },
      {
        name: 'tests::<bad>',
        how: 'failed',
        said: ['a & b AB'],
        output: ['out <testcase name="forged">err'],
      },
    ],
  })
})

test('a report that ends too early, or holds more than it may, is none', () => {
  for (let end = 0; end < REPORT.trimEnd().length; end++) expect(readJunit(REPORT.slice(0, end))).toBeUndefined()
  expect(readJunit('{"not": "xml"}')).toBeUndefined()
  expect(readJunit('<html></html>')).toBeUndefined()
  expect(readJunit('<testsuites><testsuite></testsuites></testsuite>')).toBeUndefined()
  expect(readJunit(`<!DOCTYPE x [<!ENTITY a "aaaa">]>${REPORT}`)).toBeUndefined()
  expect(readJunit(`${'<testsuites>'.repeat(101)}${'</testsuites>'.repeat(101)}`)).toBeUndefined()
})

test('100,000 tests, and a test that prints without end, are counted and cut', () => {
  const cases = '<testcase name="x"><failure/></testcase>'.repeat(100_000)
  const report = readJunit(`<testsuites><testsuite name="s">${cases}</testsuite></testsuites>`)
  expect(report?.counts.failed).toBe(100_000)
  expect(report?.cases).toHaveLength(1000)
  const loud = `<testsuites><testcase name="x"><failure/><system-out>${'x'.repeat(5_000_000)}</system-out></testcase></testsuites>`
  expect(readJunit(loud)?.cases[0]?.output.join('').length).toBeLessThanOrEqual(64 * 1024)
})

test('no change and no cut breaks the reader', () => {
  const pieces = fc.constantFrom(
    '<',
    '>',
    '</testcase>',
    '<testcase name="x">',
    '&#x110000;',
    '&#0;',
    '&lt;',
    '"',
    '<!--',
    ']]>',
    '<![CDATA[',
    '\0',
  )
  fc.assert(
    fc.property(fc.nat(REPORT.length), fc.nat(200), fc.array(fc.oneof(pieces, fc.string())), (from, cut, put) => {
      readJunit(REPORT.slice(0, from) + put.join('') + REPORT.slice(from + cut))
    }),
  )
})
