import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chooseBinaries, choosePackages, withoutBinaries } from '../../src/project/choice.ts'
import { readGit } from '../../src/project/git.ts'
import { readProject } from '../../src/project/metadata.ts'
import { hello, madeProject, manifestOf } from '../made-project.ts'

const place = (directory: string) => ({ directory, environment: process.env, signal: new AbortController().signal })

const main = 'fn main() {}\n'
const workspace = (members: string) => `[workspace]\nresolver = "3"\nmembers = [${members}]\n`

async function chosen(files: Record<string, string>, packages: string[] = [], bins: string[] = []) {
  using project = madeProject(files)
  const read = await readProject(place(project.folder))
  return chooseBinaries(choosePackages(read, packages), bins).map(({ package: { name }, binaries }) => [
    name,
    ...binaries,
  ])
}

test('one package with one binary needs no word', async () => {
  expect(await chosen(hello())).toEqual([['hello', 'hello']])
})

test('several binaries: all, one, the default, or a question', async () => {
  const files = { ...hello(), 'src/bin/admin.rs': main }
  expect(await chosen(files, [], ['all'])).toEqual([['hello', 'admin', 'hello']])
  expect(await chosen(files, [], ['admin'])).toEqual([['hello', 'admin']])
  expect(await chosen({ ...files, 'Cargo.toml': manifestOf('hello', 'default-run = "hello"\n') })).toEqual([
    ['hello', 'hello'],
  ])
  await expect(chosen(files)).rejects.toThrow(
    'The package `hello` has several binaries (`admin`, `hello`): name one with `bin`, take `bin: all`, or set default-run in its Cargo.toml.',
  )
  await expect(chosen(files, [], ['adnim'])).rejects.toThrow(
    'There is no binary `adnim` in `hello`; there is `admin`, `hello`.',
  )
})

test('a virtual workspace with several packages asks for a name', async () => {
  const files = {
    'Cargo.toml': workspace('"api", "worker", "shared"'),
    'api/Cargo.toml': manifestOf('api'),
    'api/src/main.rs': main,
    'worker/Cargo.toml': manifestOf('worker'),
    'worker/src/main.rs': main,
    'shared/Cargo.toml': manifestOf('shared'),
    'shared/src/lib.rs': '',
  }
  await expect(chosen(files)).rejects.toThrow(
    'This workspace has several packages with binaries: name one or more with `package` (`api`, `worker`).',
  )
  expect(await chosen(files, ['worker', 'api'])).toEqual([
    ['worker', 'worker'],
    ['api', 'api'],
  ])
  await expect(chosen(files, ['shared'])).rejects.toThrow('The package `shared` has no binary')
  await expect(chosen(files, ['wrker'])).rejects.toThrow(
    'There is no package `wrker` in this workspace; it has `api`, `worker`, `shared`.',
  )
})

test.each(['-x', '--config=build.rustc="evil"', '*', '../../x', 'a\n::error::b', '$(touch evil)', ''])(
  'a binary with the name %j is none',
  async (name) => {
    const named = manifestOf('hello', `[[bin]]\nname = ${JSON.stringify(name)}\npath = "src/main.rs"\n`)
    await expect(chosen({ ...hello(), 'Cargo.toml': named })).rejects.toThrow(
      name === '' ? 'cannot read the project' : `has a binary with the name ${JSON.stringify(name)}, which Rust cannot`,
    )
  },
)

test('a binary may have any letters', async () => {
  const named = manifestOf('hello', '[[bin]]\nname = "größe_2-x"\npath = "src/main.rs"\n')
  expect(await chosen({ ...hello(), 'Cargo.toml': named })).toEqual([['hello', 'größe_2-x']])
})

test('whoever builds nothing needs no binary', async () => {
  using project = madeProject({
    'Cargo.toml': workspace('"one", "other"'),
    'one/Cargo.toml': manifestOf('one'),
    'one/src/lib.rs': '',
    'other/Cargo.toml': manifestOf('other'),
    'other/src/main.rs': main,
    'other/src/bin/more.rs': main,
  })
  const read = await readProject(place(project.folder))
  expect(withoutBinaries(read).map((each) => [each.package.name, each.binaries])).toEqual([
    ['one', []],
    ['other', []],
  ])
})

test('a workspace in which only one package has a binary needs no word', async () => {
  const files = {
    'Cargo.toml': workspace('"api", "shared"'),
    'api/Cargo.toml': manifestOf('api'),
    'api/src/main.rs': main,
    'shared/Cargo.toml': manifestOf('shared'),
    'shared/src/lib.rs': '',
  }
  expect(await chosen(files)).toEqual([['api', 'api']])
})

test('no folder, no Cargo.toml, a broken one: each a sentence', async () => {
  using project = madeProject({ 'README.md': '' })
  await expect(readProject(place(join(project.folder, 'api')))).rejects.toThrow('check working-directory')
  await expect(readProject(place(project.folder))).rejects.toThrow('There is no Cargo.toml in')
  writeFileSync(join(project.folder, 'Cargo.toml'), '[package]\nname = "x"\nversion = = 1\n')
  await expect(readProject(place(project.folder))).rejects.toThrow(
    /^cargo cannot read the project: error: .*Cargo\.toml/,
  )
})

test('cargo that is not there', async () => {
  using project = madeProject(hello())
  await expect(readProject({ ...place(project.folder), environment: { PATH: '/no/such' } })).rejects.toThrow(
    'cargo is not on the PATH: install Rust',
  )
})

test('git tells the commit, its tags, and what differs from it', async () => {
  using project = madeProject(hello())
  const sha = project.commit()
  expect(await readGit(place(project.folder))).toMatchObject({ sha, branch: 'main', tags: [], dirty: [] })
  writeFileSync(join(project.folder, 'src/main.rs'), main)
  writeFileSync(join(project.folder, 'new\nfile'), '')
  const dirty = (await readGit(place(project.folder)))?.dirty
  expect(dirty?.toSorted()).toEqual(['new\nfile', 'src/main.rs'])
})

test('a folder without git has no git facts', async () => {
  expect(await readGit(place('/'))).toBeUndefined()
})
