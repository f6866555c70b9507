import { beforeEach, describe, expect, test } from 'vitest'
import { need } from '../ground/need.ts'
import { appending, fixtureAction, runOnce } from './fixture-action.ts'
import { runnerPart } from './part.ts'
import { startRunner } from './runner.ts'

beforeEach((context) => need(context, 'runner', runnerPart.whyNot()))

describe('names and values', () => {
  test('one line, several lines, empty values, odd characters', async () => {
    const text = [
      'plain=a=b<<c',
      '',
      'empty=',
      'lines<<END',
      'one',
      '',
      '=two<<',
      'END',
      'none<<END',
      'END',
      'Plain=again',
      '__proto__=safe',
      '',
    ].join('\n')
    const { outputs, outcome } = await runOnce(appending('GITHUB_OUTPUT', text))
    expect(Object.entries(outputs)).toEqual([
      ['plain', 'again'],
      ['empty', ''],
      ['lines', 'one\n\n=two<<'],
      ['none', ''],
      ['__proto__', 'safe'],
    ])
    expect(outcome).toBe('success')
  })

  test('a byte order mark is no part of a name, in UTF-8 and in UTF-16', async () => {
    const utf8 = await runOnce(appending('GITHUB_OUTPUT', '\uFEFFname=é\n'))
    expect(utf8.outputs).toEqual({ name: 'é' })
    const utf16 = await runOnce(appending('GITHUB_OUTPUT', Buffer.from('\uFEFFname=é\n', 'utf16le')))
    expect(utf16.outputs).toEqual({ name: 'é' })
  })

  test('with CRLF the carriage return belongs to the value, as on any runner but Windows', async () => {
    const { outputs } = await runOnce(appending('GITHUB_OUTPUT', 'a=1\r\nb<<E\r\nx\r\ny\r\nE\r\n'))
    expect(outputs).toEqual({ a: '1\r', b: 'x\r\ny\r' })
  })

  test('a value that contains its delimiter ends early and can set other outputs', async () => {
    const untrusted = 'harmless\nEOF\nstatus=forged'
    const { outputs, outcome, fileErrors } = await runOnce(
      appending('GITHUB_OUTPUT', `value<<EOF\n${untrusted}\nEOF\n`),
    )
    expect(outputs).toEqual({ value: 'harmless', status: 'forged' })
    expect(fileErrors).toEqual(["Invalid format 'EOF'"])
    expect(outcome).toBe('failure')
  })

  test.for([
    ['a<<EOF\nx\n', "Invalid value. Matching delimiter not found 'EOF'"],
    ['a<<EOF\nx\nEOF ', 'Invalid value. EOF marker missing new line.'],
    ['no pair\n', "Invalid format 'no pair'"],
    ['<<EOF\nEOF\n', "Invalid format '<<EOF'. Name must not be empty and delimiter must not be empty"],
    ['a<<\n\n', "Invalid format 'a<<'. Name must not be empty and delimiter must not be empty"],
    ['=x\n', "Value cannot be null. (Parameter 'name')"],
  ])('%j fails the step, after what stands before it was taken', async ([text, message]) => {
    const { outputs, outcome, exitCode, fileErrors, annotations } = await runOnce(
      appending('GITHUB_OUTPUT', `before=1\n${text}`),
    )
    expect({ outputs, outcome, exitCode, fileErrors }).toEqual({
      outputs: { before: '1' },
      outcome: 'failure',
      exitCode: 0,
      fileErrors: [message],
    })
    expect(annotations.map((annotation) => annotation.message)).toEqual([
      "Unable to process file command 'output' successfully.",
      message,
    ])
  })

  test('one broken file does not cost the others, and a deleted one is no fault', async () => {
    const { state, outputs, outcome } = await runOnce(`
      import { rmSync, writeFileSync } from 'node:fs'
      writeFileSync(process.env.GITHUB_STATE, 'broken')
      writeFileSync(process.env.GITHUB_OUTPUT, 'a=1')
      rmSync(process.env.GITHUB_ENV)`)
    expect({ state, outputs, outcome }).toEqual({ state: {}, outputs: { a: '1' }, outcome: 'failure' })
    const deleted = await runOnce(`import { rmSync } from 'node:fs'; rmSync(process.env.GITHUB_OUTPUT)`)
    expect(deleted.outcome).toBe('success')
  })

  test('files are read when the step failed, too', async () => {
    const { outputs, outcome } = await runOnce(`${appending('GITHUB_OUTPUT', 'a=1')}\nprocess.exit(3)`)
    expect({ outputs, outcome }).toEqual({ outputs: { a: '1' }, outcome: 'failure' })
  })
})

describe('variables and PATH', () => {
  test('reach the steps after it, the newest directory first; NODE_OPTIONS is refused', async () => {
    await using action = fixtureAction({
      main: `
        import { appendFileSync } from 'node:fs'
        const { GREETING = '', PATH, NODE_OPTIONS, GITHUB_SHA } = process.env
        console.log(JSON.stringify({ GREETING, PATH, NODE_OPTIONS, GITHUB_SHA }))
        appendFileSync(process.env.GITHUB_ENV, 'GREETING=' + GREETING + 'hi\\nnode_options=--inspect\\nGITHUB_SHA=forged\\n')
        appendFileSync(process.env.GITHUB_PATH, '/first\\r\\n\\n/second\\n/first\\n')`,
    })
    await using runner = await startRunner({ action: action.folder, github: { sha: 'f00d' } })
    const first = await runner.runStep().done
    expect(first.exportedEnv).toEqual({ GREETING: 'hi', GITHUB_SHA: 'forged' })
    expect(first.path).toEqual(['/first', '/second', '/first'])
    expect(first.annotations.map(({ message }) => message)).toEqual([
      "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.",
    ])
    expect(first.outcome).toBe('success')
    const second = await runner.runStep().done
    const seen = JSON.parse(second.log.find((line) => line.startsWith('{')) ?? '')
    expect(seen).toEqual({ GREETING: 'hi', PATH: `/first:/second:${process.env.PATH}`, GITHUB_SHA: 'f00d' })
    expect(second.exportedEnv['GREETING']).toBe('hihi')
    // The header of a step shows what earlier ones exported: a secret in GITHUB_ENV is seen there.
    expect(second.log).toContain('  GREETING: hi')
  })
})

describe('the summary', () => {
  test('of exactly 1 MiB is shown', async () => {
    const { summary, outcome } = await runOnce(appendingBytes(1024 * 1024))
    expect(summary.length).toBe(1024 * 1024 + 1)
    expect(outcome).toBe('success')
  })

  test('of one byte more is not, which is an error but no failure', async () => {
    const { summary, outcome, annotations } = await runOnce(appendingBytes(1024 * 1024 + 1))
    expect(summary).toBe('')
    expect(annotations).toEqual([
      {
        type: 'error',
        message: '$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got 1024k.',
      },
    ])
    expect(outcome).toBe('success')
  })

  function appendingBytes(count: number): string {
    return `import { writeFileSync } from 'node:fs'; writeFileSync(process.env.GITHUB_STEP_SUMMARY, 'x'.repeat(${count}))`
  }
})

test('artifacts that were declared for attestation are listed', async () => {
  const { artifacts } = await runOnce(appending('GITHUB_ARTIFACTS', '# built\n\n  file://target/app  \n'))
  expect(artifacts).toEqual(['file://target/app'])
})
