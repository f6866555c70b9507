import { chmodSync, chownSync, lstatSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../ground/command.ts'
import { need } from '../ground/need.ts'
import { copyRepository, localReferences } from './copy.ts'
import { fixtureRepository } from './fixture-repository.ts'

const MAIN = { ref: 'refs/heads/main', name: 'org/repository' }

test('only `$/` in a `uses` becomes `./`', () => {
  const before = `
    uses: $/.github/workflows/deploy.yml
    steps:
      - uses: $/
      - uses:   "$/nested/action"
      - { id: a, uses: '$/' }
      - uses: actions/checkout@v4
      - run: echo "$/" && echo reuses $/`
  expect(localReferences(before)).toBe(`
    uses: ./.github/workflows/deploy.yml
    steps:
      - uses: ./
      - uses:   "./nested/action"
      - { id: a, uses: './' }
      - uses: actions/checkout@v4
      - run: echo "$/" && echo reuses $/`)
})

test('links, modes and empty files are copied as they are; what is deleted or ignored is not', async () => {
  await using repository = await fixtureRepository({ ci: 'jobs: { call: { uses: $/ } }\n' })
  const { folder, write } = repository
  write('.gitignore', 'target/\n')
  write('target/app', '')
  write('run.sh', '#!/bin/sh\n')
  chmodSync(join(folder, 'run.sh'), 0o755)
  symlinkSync('nowhere', join(folder, 'link'))
  write('gone.txt', 'was here')
  await run(['git', '-C', folder, 'add', 'gone.txt'])
  rmSync(join(folder, 'gone.txt'))
  write('nested/action.yml', 'runs: { steps: [{ uses: $/ }] }\n')

  await using target = await fixtureRepository({})
  const to = join(target.folder, 'copy')
  await copyRepository({ from: folder, to, ...MAIN, ref: 'refs/tags/v1' })
  expect(readdirSync(to).toSorted()).toEqual(
    ['.git', '.github', '.gitignore', 'action.yml', 'dist', 'link', 'nested', 'run.sh'].toSorted(),
  )
  expect(readlinkSync(join(to, 'link'))).toBe('nowhere')
  expect(lstatSync(join(to, 'run.sh')).mode & 0o777).toBe(0o755)
  expect(readFileSync(join(to, '.github/workflows/ci.yml'), 'utf8')).toContain('uses: ./')
  expect(readFileSync(join(to, 'nested/action.yml'), 'utf8')).toContain('uses: ./')
  expect(await run(['git', '-C', to, 'describe', '--tags'])).toBe('v1\n')
  expect(await run(['git', '-C', to, 'status', '--short'])).toBe('')
})

test('a list says what is copied, and then the folder need not be a repository', async () => {
  await using repository = await fixtureRepository({ ci: 'on: push\n' })
  await using target = await fixtureRepository({})
  rmSync(join(repository.folder, '.git'), { recursive: true })
  const copy = { from: repository.folder, to: join(target.folder, 'copy'), ...MAIN }
  await expect(copyRepository(copy)).rejects.toThrow('not a git repository')
  await copyRepository({ ...copy, files: ['action.yml', '.github'] })
  expect(readdirSync(copy.to).toSorted()).toEqual(['.git', '.github', 'action.yml'])
})

test('a checkout that belongs to another user is read all the same', async (context) => {
  need(context, 'act', process.getuid?.() === 0 ? undefined : 'only root can give a folder to another user')
  await using repository = await fixtureRepository({})
  await using target = await fixtureRepository({})
  for (const path of [repository.folder, join(repository.folder, '.git')]) chownSync(path, 1234, 1234)
  const to = join(target.folder, 'copy')
  await copyRepository({ from: repository.folder, to, ...MAIN })
  expect(readdirSync(to)).toContain('action.yml')
})
