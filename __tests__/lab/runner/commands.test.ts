import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { need } from '../ground/need.ts'
import { fixtureAction, printing, runOnce } from './fixture-action.ts'
import { runnerPart } from './part.ts'
import { startRunner } from './runner.ts'

beforeEach((context) => need(context, 'runner', runnerPart.whyNot()))

/** What the action itself said, without the header that the runner prints before it. */
function said(log: readonly string[]): readonly string[] {
  return log.slice(log.indexOf('##[endgroup]') + 1)
}

describe('annotations', () => {
  test('all properties, with what is escaped in them', async () => {
    const { annotations, log } = await runOnce(
      printing(
        '::error file=src/a%2Cb.rs,line=3,col=5,endColumn=9,title=E0308%3A mismatched::expected%0Afound 100%25%0A',
        '  ::warning::leading spaces do not matter',
        '::NOTICE::nor does case',
      ),
    )
    expect(annotations).toEqual([
      {
        type: 'error',
        message: 'expected\nfound 100%\n',
        file: 'src/a,b.rs',
        line: 3,
        col: 5,
        endColumn: 9,
        title: 'E0308: mismatched',
      },
      { type: 'warning', message: 'leading spaces do not matter' },
      { type: 'notice', message: 'nor does case' },
    ])
    expect(said(log)).toEqual([
      '##[error]expected',
      'found 100%',
      '',
      '##[warning]leading spaces do not matter',
      '##[notice]nor does case',
    ])
  })

  test('an escaped percent sign is unescaped once', async () => {
    const { annotations } = await runOnce(printing('::error::%250A'))
    expect(annotations).toEqual([{ type: 'error', message: '%0A' }])
  })

  test('the old form counts in the middle of a line, and on stderr too', async () => {
    const { annotations, log } = await runOnce(
      `console.error('compiling ##[error file=a.rs;line=2;title=a%5Db%3Bc]broken%0Atwice')`,
    )
    expect(annotations).toEqual([{ type: 'error', message: 'broken\ntwice', file: 'a.rs', line: 2, title: 'a]b;c' }])
    expect(said(log)).toEqual(['##[error]broken', 'twice'])
  })

  test('the new form does not count in the middle of a line, nor does an unknown name anywhere', async () => {
    const lines = ['x ::error::no', '::errors::no', '##[unknown]no', '::error no end', 'a::b::c']
    const { annotations, log } = await runOnce(printing(...lines))
    expect(annotations).toEqual([])
    expect(said(log)).toEqual(lines)
  })

  test('a lone carriage return ends a line, so a command can hide behind a progress bar', async () => {
    const { annotations, log } = await runOnce(`process.stdout.write('50%\\r::error::found\\r\\n100%')`)
    expect(annotations).toEqual([{ type: 'error', message: 'found' }])
    expect(said(log)).toEqual(['50%', '##[error]found', '100%'])
  })

  test('lines and letters that arrive in pieces are put together', async () => {
    const { log } = await runOnce(`
      const pieces = [Buffer.from('one\\r'), Buffer.from('\\ntwo \u20ac').subarray(0, -1), Buffer.from('\u20ac').subarray(-1)]
      for (const piece of pieces) {
        process.stdout.write(piece)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }`)
    expect(said(log)).toEqual(['one', 'two \u20ac'])
  })

  test('a line of 50 million characters does not stop the runner', async () => {
    const { log } = await runOnce(`process.stdout.write('x'.repeat(50e6) + '\\nend')`)
    expect(said(log).map((line) => line.length)).toEqual([50e6, 3])
  })

  test('of fifteen errors ten are shown, and the other types are counted apart', async () => {
    const errors = Array.from({ length: 15 }, (_, index) => `::error::number ${index + 1}`)
    const { annotations, notShown, log, outcome } = await runOnce(printing(...errors, '::warning::one'))
    expect(annotations.filter(({ type }) => type === 'error').map(({ message }) => message)).toEqual(
      errors.slice(0, 10).map((line) => line.replace('::error::', '')),
    )
    expect(annotations.at(-1)).toEqual({ type: 'warning', message: 'one' })
    expect(notShown).toEqual({ error: 5, warning: 0, notice: 0 })
    expect(log).toContain('##[error]number 15')
    expect(outcome).toBe('success')
  })

  test('a message is cut at 4096 characters', async () => {
    const { annotations } = await runOnce(`console.log('::error::' + 'x'.repeat(5000))`)
    expect(annotations[0]?.message).toBe('x'.repeat(4096))
  })

  test('places that contradict themselves are dropped', async () => {
    const { annotations } = await runOnce(
      printing(
        '::error endLine=4::line follows endLine',
        '::error line=4,endLine=2::backwards',
        '::error line=1,endLine=2,col=1::columns over several lines',
        '::error col=7::a column without a line',
        '::error line=1,col=9,endColumn=3::columns backwards',
        '::error line=x,title=::no number, no value',
      ),
    )
    expect(annotations.map(({ type: _type, message: _message, ...place }) => place)).toEqual([
      { line: 4, endLine: 4 },
      {},
      { line: 1, endLine: 2 },
      {},
      { line: 1 },
      {},
    ])
  })

  test('a file in the workspace is named from there, another one as it is', async () => {
    const { annotations } = await runOnce(
      `console.log('::error file=' + process.cwd() + '/src/main.rs::in')
       console.log('::error file=' + process.cwd() + '-old/main.rs::beside')`,
    )
    expect(annotations[0]?.file).toBe('src/main.rs')
    expect(annotations[1]?.file).toMatch(/^\/.*-old\/main\.rs$/)
  })
})

describe('groups, debug and echo', () => {
  test('groups are rendered and listed', async () => {
    const { groups, log } = await runOnce(printing('::group::Build', 'cargo', '::endgroup::'))
    expect(groups).toEqual(['Build'])
    expect(said(log)).toEqual(['##[group]Build', 'cargo', '##[endgroup]'])
  })

  test('debug lines are seen only where debugging is on', async () => {
    const quiet = await runOnce(printing('::debug::one%0Atwo'))
    expect(said(quiet.log)).toEqual([])
    const loud = await runOnce(`console.log('::debug::' + process.env.RUNNER_DEBUG)`, {}, { debug: true })
    expect(said(loud.log)).toEqual(['##[debug]1'])
  })

  test('echo shows commands, but never a mask', async () => {
    const { log, outcome } = await runOnce(
      printing('::echo::on', '::group::G', '::add-mask::hush-hush', '::echo::off', '::group::H'),
    )
    expect(said(log)).toEqual(['::group::G', '##[group]G', '::add-mask::***', '::echo::off', '##[group]H'])
    expect(outcome).toBe('success')
    const wrong = await runOnce(printing('::echo::maybe'))
    expect(wrong.outcome).toBe('failure')
    expect(wrong.annotations[1]?.message).toMatch(/Invalid echo command value/)
  })
})

describe('stopping commands', () => {
  test('between the token and its return everything is text', async () => {
    const { annotations, log } = await runOnce(
      printing('::stop-commands::tok', '::error::text', '##[error]text', '::other::', '::tok::', '::error::real'),
    )
    expect(annotations).toEqual([{ type: 'error', message: 'real' }])
    expect(said(log)).toEqual([
      '::stop-commands::tok',
      '::error::text',
      '##[error]text',
      '::other::',
      '::tok::',
      '##[error]real',
    ])
  })

  test('a long token is masked, so that what runs in between cannot learn it from the log', async () => {
    const { log, masks } = await runOnce(printing('::stop-commands::long-token', 'long-token', '::long-token::'))
    expect(said(log)).toEqual(['::stop-commands::***', '***', '::***::'])
    expect(masks).toEqual(['long-token'])
  })

  test('a token that is a command, empty or "pause-logging" is refused and fails the step', async () => {
    for (const token of ['error', '', 'pause-logging']) {
      const { outcome, annotations, exitCode } = await runOnce(
        printing(`::stop-commands::${token}`, '::notice::still obeyed'),
      )
      expect({ token, outcome, exitCode }).toEqual({ token, outcome: 'failure', exitCode: 0 })
      expect(annotations.at(-1)).toEqual({ type: 'notice', message: 'still obeyed' })
    }
  })
})

describe('commands of the past', () => {
  test('set-output and save-state work and warn', async () => {
    const { outputs, state, annotations, outcome } = await runOnce(
      printing('::set-output name=digest::sha256%3A1', '::save-state name=held::yes'),
    )
    expect(outputs).toEqual({ digest: 'sha256%3A1' })
    expect(state).toEqual({ held: 'yes' })
    expect(annotations.map(({ type, message }) => `${type} ${message.split(' ', 4).join(' ')}`)).toEqual([
      'warning The `set-output` command is',
      'warning The `save-state` command is',
    ])
    expect(outcome).toBe('success')
  })

  test('set-output without a name fails the step', async () => {
    const { outcome, outputs } = await runOnce(printing('::set-output::x'))
    expect({ outcome, outputs }).toEqual({ outcome: 'failure', outputs: {} })
  })

  test('set-env and add-path are refused and fail the step, though it exits with 0', async () => {
    const { outcome, exitCode, exportedEnv, path, annotations } = await runOnce(
      printing('::set-env name=A::1', '::add-path::/evil'),
    )
    expect({ outcome, exitCode, exportedEnv, path }).toEqual({
      outcome: 'failure',
      exitCode: 0,
      exportedEnv: {},
      path: [],
    })
    expect(annotations[0]?.message).toBe("Unable to process command '::set-env name=A::1' successfully.")
    expect(annotations).toHaveLength(4)
  })
})

describe('masks', () => {
  test('a mask of several lines hides the whole and each line, from then on', async () => {
    const { log, masks } = await runOnce(
      printing(
        'too early: second',
        '::add-mask::first%0A  second  %0D%0A%0Athird',
        'a second b',
        'firstthird',
        '=first=',
      ),
    )
    expect(said(log)).toEqual(['too early: second', 'a *** b', '***', '=***='])
    expect(masks).toEqual(['first\n  second  \r\n\nthird', 'first', 'second', 'third'])
  })

  test('masks reach annotations, groups, stderr and the summary, but not the title of an annotation', async () => {
    const { annotations, groups, log, summary } = await runOnce(`
      import { writeFileSync } from 'node:fs'
      console.log('::add-mask::s3cr3t')
      console.log('::error title=s3cr3t::the s3cr3t key')
      console.log('::group::s3cr3t')
      console.error('s3cr3t')
      writeFileSync(process.env.GITHUB_STEP_SUMMARY, '# s3cr3t\\r\\n| s3cr3t |')`)
    expect(annotations).toEqual([{ type: 'error', message: 'the *** key', title: 's3cr3t' }])
    expect(groups).toEqual(['***'])
    expect(summary).toBe('# ***\n| *** |\n')
    expect(log.join('\n')).not.toContain('s3cr3t')
  })

  test('a message is masked before it is cut, so that no half of a secret is left', async () => {
    const { annotations } = await runOnce(
      `console.log('::add-mask::0123456789'); console.log('::error::' + 'x'.repeat(4091) + '0123456789')`,
    )
    expect(annotations[0]?.message).toBe(`${'x'.repeat(4091)}***`)
  })

  test('the usual other forms of a secret are hidden, hexadecimal is not', async () => {
    const secret = `p"a's&w <r>\\d/1`
    const { log } = await runOnce(
      `
      const secret = process.env.INPUT_SECRET
      for (const before of ['', 'u', 'us']) console.log(Buffer.from(before + secret).toString('base64'))
      console.log(JSON.stringify({ secret }))
      console.log(encodeURIComponent(secret).replaceAll("'", '%27'))
      console.log(Buffer.from(secret).toString('hex'))`,
      { inputs: { secret } },
      { secrets: [secret] },
    )
    expect(said(log)).toEqual([
      '***',
      expect.stringMatching(/^.{0,4}\*\*\*/),
      expect.stringMatching(/^.{0,4}\*\*\*/),
      '{"secret":"***"}',
      '***',
      Buffer.from(secret).toString('hex'),
    ])
    expect(log).toContain('  secret: ***')
  })

  test('secrets that overlap become one ***', async () => {
    const { log } = await runOnce(
      printing('::add-mask::abcd', '::add-mask::cdef', '::add-mask::xyx', '-abcdef-', 'abcdabcd', 'xyxyx'),
    )
    expect(said(log)).toEqual(['-***-', '***', '***'])
  })

  test('an empty mask is a warning', async () => {
    const { annotations, log, outcome } = await runOnce(printing('::add-mask::  ', 'a b'))
    expect(annotations).toEqual([
      { type: 'warning', message: "Can't add secret mask for empty string in ##[add-mask] command." },
    ])
    expect(said(log).at(-1)).toBe('a b')
    expect(outcome).toBe('success')
  })
})

describe('problem matchers', () => {
  const MATCHERS = {
    problemMatcher: [
      {
        owner: 'rustc',
        pattern: [
          { regexp: '^(warning|error): (.+)$', severity: 1, message: 2 },
          { regexp: '^ *--> (.+):(\\d+):(\\d+)$', file: 1, line: 2, column: 3 },
        ],
      },
      { owner: 'plain', severity: 'notice', pattern: [{ regexp: '^note (.*)$', message: 1 }] },
    ],
  }

  test('are added by file, see lines without colours, and are removed by owner', async () => {
    await using action = fixtureAction({
      main: `
        import { writeFileSync } from 'node:fs'
        writeFileSync('matchers.json', ${JSON.stringify(JSON.stringify(MATCHERS))})
        writeFileSync('main.rs', '')
        console.log('::add-matcher::matchers.json')
        console.log('\\u001b[31merror: \\u001b[0mmismatched')
        console.log('  --> main.rs:3:5')
        console.log('warning: elsewhere')
        console.log('  --> gone.rs:1:1')
        console.log('note well')
        console.log('::remove-matcher owner=RUSTC::')
        console.log('error: unseen')
        console.log('  --> main.rs:3:5')`,
    })
    await using runner = await startRunner({ action: action.folder })
    const { annotations, matchers, log } = await runner.runStep().done
    expect(annotations).toEqual([
      { type: 'error', message: 'mismatched', file: 'main.rs', line: 3, col: 5 },
      { type: 'warning', message: 'elsewhere', line: 1, col: 1 },
      { type: 'notice', message: 'well' },
    ])
    expect(matchers).toEqual(['plain'])
    expect(log).toContain('##[error]  --> main.rs:3:5')
  })

  test('of several lines are broken by a line that does not fit, or by a match of another one', async () => {
    // The one-line matcher comes first, so that it alone sees the line that it takes.
    const reordered = { problemMatcher: MATCHERS.problemMatcher.toReversed() }
    const { annotations } = await runOnce(`
      import { writeFileSync } from 'node:fs'
      writeFileSync('matchers.json', ${JSON.stringify(JSON.stringify(reordered))})
      console.log('::add-matcher::matchers.json')
      for (const between of ['compiling', 'note well']) {
        console.log('error: mismatched')
        console.log(between)
        console.log('  --> main.rs:3:5')
      }`)
    expect(annotations).toEqual([{ type: 'notice', message: 'well' }])
  })

  test('that loop find every line below their heading', async () => {
    const loop = {
      owner: 'lint',
      pattern: [
        { regexp: '^(\\S+\\.rs)$', file: 1 },
        { regexp: '^-+$' },
        { regexp: '^  (\\d+): (.+)$', line: 1, message: 2, loop: true },
      ],
    }
    const { annotations } = await runOnce(`
      import { writeFileSync } from 'node:fs'
      writeFileSync('loop.json', ${JSON.stringify(JSON.stringify({ problemMatcher: [loop] }))})
      writeFileSync('a.rs', '')
      console.log('::add-matcher::loop.json')
      for (const line of ['a.rs', '---', '  1: one', '  2: two', '', '  3: three']) console.log(line)`)
    expect(annotations).toEqual([
      { type: 'error', message: 'one', file: 'a.rs', line: 1 },
      { type: 'error', message: 'two', file: 'a.rs', line: 2 },
    ])
  })

  test('that are missing or wrong fail the step', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'matchers-'))
    try {
      const wrong = join(folder, 'wrong.json')
      writeFileSync(
        wrong,
        JSON.stringify({ problemMatcher: [{ owner: 'x', pattern: [{ regexp: '(a)', message: 2 }] }] }),
      )
      const { annotations, outcome } = await runOnce(printing(`::add-matcher::${wrong}`, '::add-matcher::missing.json'))
      expect(annotations[1]?.message).toBe("The property 'message' is set to 2 which is out of range")
      expect(annotations[3]?.message).toMatch(/no such file/)
      expect(outcome).toBe('failure')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

test('a nested action cannot be faked', async () => {
  const { log } = await runOnce(printing('##[start-action display=Evil;id=x]', '##[end-action]'))
  expect(said(log)).toEqual(['##[\\start-action display=Evil;id=x]', '##[\\end-action]'])
})
