import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { homeEntries, proveHome } from '../../src/cache/home.ts'
import type { Finding } from '../../src/report/finding.ts'
import { madeTree } from './made-tree.ts'

const REGISTRY = 'registry+https://github.com/rust-lang/crates.io-index'
const INDEX = 'index.example.org-1949cf8c6b5b557f'
const REPLACED = 'mirror.example.org-0123456789abcdef'
const HASH = '0123456789abcdef'
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

const locked = [
  { name: 'app', version: '0.1.0', source: undefined, checksum: undefined },
  { name: 'itoa', version: '1.0.0', source: REGISTRY, checksum: sha256('itoa') },
  { name: 'Inflector', version: '0.11.4+meta', source: REGISTRY, checksum: sha256('inflector') },
  { name: 'syn', version: '2.0.0', source: 'sparse+https://other.example.org/', checksum: sha256('syn') },
  { name: 'a', version: '1.0.0', source: REGISTRY, checksum: sha256('a') },
  {
    name: 'gitdep',
    version: '0.1.0',
    source: 'git+https://example.org/o/Git-Dep.git?branch=x#c0ffee',
    checksum: undefined,
  },
]

const home = {
  [`registry/index/${INDEX}/config.json`]: '{}',
  [`registry/index/${INDEX}/.cache/it/oa/itoa`]: '',
  [`registry/index/${INDEX}/.cache/in/fl/inflector`]: '',
  [`registry/index/${INDEX}/.cache/1/a`]: '',
  [`registry/index/${INDEX}/.cache/li/bc/libc`]: '',
  [`registry/index/${REPLACED}/config.json`]: '{}',
  [`registry/index/${REPLACED}/.cache/3/s/syn`]: '',
  [`registry/index/${REPLACED}/.git/HEAD`]: '',
  [`registry/cache/${INDEX}/itoa-1.0.0.crate`]: 'itoa',
  [`registry/cache/${INDEX}/itoa-0.9.0.crate`]: 'old',
  [`registry/cache/${INDEX}/Inflector-0.11.4+meta.crate`]: 'inflector',
  [`registry/cache/${REPLACED}/syn-2.0.0.crate`]: 'syn',
  [`registry/src/${INDEX}/itoa-1.0.0/lib.rs`]: '',
  [`git/db/git-dep-${HASH}/HEAD`]: '',
  [`git/db/git-dep-${HASH}/objects/pack/x.pack`]: '',
  [`git/db/git-dep-${HASH}/refs/heads/main`]: '',
  [`git/db/git-dep-${HASH}/config`]: '[core]\n\tsshCommand = evil\n',
  [`git/db/git-dep-${HASH}/hooks/post-checkout`]: '',
  [`git/db/other-${HASH}/HEAD`]: '',
  [`git/checkouts/git-dep-${HASH}/c0ffee/Cargo.toml`]: '',
  'bin/cargo': '',
  'credentials.toml': '',
  'config.toml': '',
  '.package-cache': '',
  '.global-cache': '',
}

const WHOLE = [
  `registry/index/${INDEX}/config.json`,
  `registry/index/${INDEX}/.cache/it/oa/itoa`,
  `registry/index/${INDEX}/.cache/in/fl/inflector`,
  `registry/index/${INDEX}/.cache/1/a`,
  `registry/index/${REPLACED}/config.json`,
  `registry/index/${REPLACED}/.cache/3/s/syn`,
  `registry/cache/${INDEX}/Inflector-0.11.4+meta.crate`,
  `registry/cache/${INDEX}/itoa-1.0.0.crate`,
  `registry/cache/${REPLACED}/syn-2.0.0.crate`,
  `git/db/git-dep-${HASH}/HEAD`,
  `git/db/git-dep-${HASH}/objects`,
  `git/db/git-dep-${HASH}/refs`,
]

async function proven(folder: string) {
  const findings: Finding[] = []
  const log = { info: () => {}, output: () => {}, finding: (finding: Finding) => void findings.push(finding) }
  const entries = await proveHome(folder, await homeEntries(folder, locked), locked, log)
  return { paths: entries.map(({ path }) => path), findings }
}

test('what the lock file names is taken from every registry and repository, and nothing else at all', async () => {
  using tree = madeTree(home)
  expect((await homeEntries(tree.folder, locked)).map(({ path }) => path)).toEqual(WHOLE)
  expect(await proven(tree.folder)).toEqual({ paths: WHOLE, findings: [] })
})

test('a home that was never used holds nothing', async () => {
  expect(await homeEntries('/nowhere', locked)).toEqual([])
})

test('a package with other bytes than the lock file names, and links to elsewhere, do not come in', async () => {
  using tree = madeTree({
    ...home,
    [`registry/cache/${INDEX}/itoa-1.0.0.crate`]: 'poison',
    // Right bytes under another name.
    [`registry/cache/${REPLACED}/syn-2.0.0.crate`]: 'itoa',
    [`git/db/git-dep-${HASH}/objects/info`]: '-> /etc',
    [`registry/index/${REPLACED}/config.json`]: '-> /etc/passwd',
  })
  const { paths, findings } = await proven(tree.folder)
  expect(findings).toMatchObject([{ level: 'warning', message: expect.stringContaining('itoa-1.0.0.crate') }])
  expect(WHOLE.filter((path) => !paths.includes(path))).toEqual([
    `registry/index/${REPLACED}/config.json`,
    `registry/cache/${INDEX}/itoa-1.0.0.crate`,
    `registry/cache/${REPLACED}/syn-2.0.0.crate`,
    `git/db/git-dep-${HASH}/HEAD`,
    `git/db/git-dep-${HASH}/objects`,
    `git/db/git-dep-${HASH}/refs`,
  ])
})

test('names from a hostile lock file lead nowhere', async () => {
  using tree = madeTree(home)
  const climbing = Array.from({ length: 9 }, (_, steps) => `${'../'.repeat(steps)}credentials.toml`)
  const names = [...climbing, ...climbing.map((name) => `/${name}`), '..', '', '/etc/passwd', 'x\n']
  const hostile = names.flatMap((name) => [
    { name, version: '/../..', source: REGISTRY, checksum: '' },
    { name, version: '1', source: `git+file:///${name}?#`, checksum: '' },
  ])
  const paths = (await homeEntries(tree.folder, hostile)).map(({ path }) => path)
  expect(paths).toEqual([`registry/index/${INDEX}/config.json`, `registry/index/${REPLACED}/config.json`])
})
