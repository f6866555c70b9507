import { beforeEach, describe, expect, test } from 'vitest'
import { need } from '../ground/need.ts'
import { fixtureAction } from './fixture-action.ts'
import { runnerPart } from './part.ts'
import { startRunner } from './runner.ts'

beforeEach((context) => need(context, 'runner', runnerPart.whyNot()))

/** The unmodified @actions/core is the judge: what it writes for GitHub must be read as it was meant. */
describe('@actions/core', () => {
  test('outputs, state, variables, PATH, masks, summary, annotations, inputs and groups', async () => {
    await using action = fixtureAction({
      inputs: '  "a name": { default: "  given \\n" }\n  list: {}\n  flag: { default: true }',
      main: `
        import * as core from '@actions/core'
        core.setOutput('several', 'one\\n\\ntwo=2\\nthree<<END\\n')
        core.setOutput('json', { a: [1] })
        core.setOutput('nothing', undefined)
        core.saveState('held', 'line 1\\nline 2')
        core.exportVariable('GREETING', 'hello\\nthere')
        core.addPath('/opt/tool')
        core.setSecret('pass\\nword one')
        core.info('the word one is pass')
        core.error('expected %\\n  found: 1, 2', {
          file: 'src/main.rs', startLine: 3, endLine: 3, startColumn: 5, endColumn: 9, title: 'E0308: a, b',
        })
        core.warning(new Error('as an error'))
        core.notice('noted')
        core.debug('unseen')
        await core.group('Chapter', async () => core.info('inside'))
        await core.summary.addHeading('Deployed').addRaw('by word one').addEOL().write()
        await core.summary.addTable([[{ data: 'step', header: true }], ['build']]).write()
        console.log(JSON.stringify([core.getInput('a name'), core.getMultilineInput('list'), core.getBooleanInput('flag')]))
        console.log(process.env.GREETING === 'hello\\nthere', process.env.PATH.startsWith('/opt/tool:'))`,
      post: `
        import * as core from '@actions/core'
        console.log(JSON.stringify([core.getState('held'), core.getInput('list'), process.env.GREETING]))
        core.setFailed('the lock is lost')`,
    })
    await using runner = await startRunner({ action: action.folder })
    const step = runner.runStep({ inputs: { list: 'x\ny' } })
    const main = await step.done
    expect(main.outcome).toBe('success')
    expect(main.outputs).toEqual({ several: 'one\n\ntwo=2\nthree<<END\n', json: '{"a":[1]}', nothing: '' })
    expect(main.state).toEqual({ held: 'line 1\nline 2' })
    expect(main.exportedEnv).toEqual({ GREETING: 'hello\nthere' })
    expect(main.path).toEqual(['/opt/tool'])
    expect(main.masks).toEqual(['pass\nword one', 'pass', 'word one'])
    expect(main.annotations).toEqual([
      {
        type: 'error',
        message: 'expected %\n  found: 1, 2',
        file: 'src/main.rs',
        line: 3,
        endLine: 3,
        col: 5,
        endColumn: 9,
        title: 'E0308: a, b',
      },
      { type: 'warning', message: 'Error: as an error' },
      { type: 'notice', message: 'noted' },
    ])
    expect(main.groups).toEqual(['Chapter'])
    expect(main.summary).toBe(
      '<h1>Deployed</h1>\nby ***\n<table><tr><th>step</th></tr><tr><td>build</td></tr></table>\n',
    )
    expect(main.log.slice(main.log.indexOf('##[endgroup]') + 1)).toEqual([
      'the *** is ***',
      '##[error]expected %',
      '  found: 1, 2',
      '##[warning]Error: as an error',
      '##[notice]noted',
      '##[group]Chapter',
      'inside',
      '##[endgroup]',
      '["given",["x","y"],true]',
      'true true',
    ])

    const post = await runner.runPost(step).done
    expect(post).toMatchObject({ outcome: 'failure', exitCode: 1 })
    expect(post.annotations).toEqual([{ type: 'error', message: 'the lock is lost' }])
    expect(post.log).toContain(JSON.stringify(['line 1\nline 2', 'x\ny', 'hello\nthere']))
    expect(runner.status).toBe('failure')
  })
})
