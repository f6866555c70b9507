import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { selfCheck } from '../../../src/cache/self-check.ts'
import { restoreCache, saveCache } from '../../../src/cache/store.ts'
import { sweep } from '../../../src/cache/sweep.ts'
import { type CacheUnit, readCacheUnit } from '../../../src/cache/units.ts'
import { type MadeProject, madeProject } from '../../made-project.ts'
import { startGithub } from '../github/github.ts'
import { attempt, run } from '../ground/command.ts'
import { Job } from './store-options.ts'

/** Small ones, with a build script (libc), a procedural macro (paste) and one that only another platform needs. */
const ALL = [
  'cfg-if = "1"',
  'itoa = "1"',
  'libc = "0.2"',
  'paste = "1"',
  '[target."cfg(windows)".dependencies]\nryu = "1"',
]
const WITHOUT_ITOA = ALL.filter((line) => !line.startsWith('itoa'))

let locks: { all: string; withoutItoa: string }
let host = ''

beforeAll(async () => {
  using project = app(ALL)
  using smaller = app(WITHOUT_ITOA)
  const lockOf = async ({ folder }: MadeProject, others?: string) => {
    if (others !== undefined) writeFileSync(join(folder, 'Cargo.lock'), others)
    await run(['cargo', 'fetch'], { cwd: folder })
    return run(['cat', 'Cargo.lock'], { cwd: folder })
  }
  const all = await lockOf(project)
  locks = { all, withoutItoa: await lockOf(smaller, all) }
  host = /^host: (.+)$/m.exec(await run(['rustc', '-vV']))?.[1] ?? ''
})

function app(dependencies: readonly string[], lock?: string): MadeProject {
  return madeProject({
    'Cargo.toml': `[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\nbuild = "build.rs"\n[dependencies]\n${dependencies.join('\n')}\n`,
    ...(lock !== undefined && { 'Cargo.lock': lock }),
    'build.rs': 'fn main() {}\n',
    'src/main.rs': 'fn main() { paste::paste! { println!("{}", libc::SIGTERM) } }\n',
  })
}

type Layout = { name: string; args: readonly string[]; env: Record<string, string> }
const LAYOUTS: readonly Layout[] = [
  { name: 'of today', args: [], env: {} },
  { name: 'to come', args: ['-Zbuild-dir-new-layout'], env: { RUSTC_BOOTSTRAP: '1' } },
]

type Built = { units: CacheUnit[]; compiled: string[]; stderr: string[] }

async function build(
  folder: string,
  buildDirectory: string,
  layout: Layout,
  more: Record<string, string> = {},
): Promise<Built> {
  const args = [
    'build',
    '--release',
    '--locked',
    '--offline',
    '--verbose',
    '--target',
    host,
    '--message-format',
    'json',
  ]
  const env = { ...process.env, CARGO_TARGET_DIR: buildDirectory, ...layout.env, ...more }
  const { code, stdout, stderr } = await attempt(['cargo', ...layout.args, ...args], { cwd: folder, env })
  expect(code, stderr).toBe(0)
  const units = stdout.split('\n').flatMap((line) => readCacheUnit(line, new Set()) ?? [])
  return { units, compiled: units.filter(({ fresh }) => !fresh).map(({ name }) => name), stderr: stderr.split('\n') }
}

for (const layout of LAYOUTS) {
  test(`what cargo made in the layout ${layout.name} is fresh in another checkout, and project code is not there`, async () => {
    await using github = await startGithub()
    using job = new Job(github.env())
    using first = app(ALL, locks.all)
    const buildDirectory = job.path('first/target')
    const { units, compiled } = await build(first.folder, buildDirectory, layout)
    expect(compiled).toContain('itoa')

    const { kept, stale } = await sweep({ buildDirectory, units })
    expect(stale).toEqual([])
    expect(await saveCache(job.save(buildDirectory, kept, 'deps-1'))).toMatchObject({ saved: true })

    using second = app(ALL, locks.all)
    const elsewhere = job.path('second/deeper/target')
    expect(await restoreCache(job.restore(elsewhere, 'deps-1'))).toMatchObject({ hit: 'exact' })
    expect(names(elsewhere).filter((path) => /\bapp\b/.test(path))).toEqual([])
    const again = await build(second.folder, elsewhere, layout)
    expect(again.compiled.filter((name) => name !== 'app')).toEqual([])
    expect(again.units.map(({ name }) => name).sort()).toEqual(units.map(({ name }) => name).sort())
    expect(selfCheck({ hit: 'exact', units: again.units, stderr: again.stderr })).toBe(undefined)

    const changed = await build(second.folder, elsewhere, layout, { RUSTFLAGS: '-Cdebuginfo=1' })
    const finding = selfCheck({ hit: 'exact', units: changed.units, stderr: changed.stderr })
    expect(finding?.message).toMatch(/still \d+ were compiled: cfg-if 1\.\d+\.\d+ \(.+\), itoa/)
  })

  test(`a dependency that is gone is swept from the layout ${layout.name}, and nothing else is`, async () => {
    await using github = await startGithub()
    using job = new Job(github.env())
    using first = app(ALL, locks.all)
    const before = await build(first.folder, job.path('target'), layout)
    const whole = await sweep({ buildDirectory: job.path('target'), units: before.units })
    await saveCache(job.save(job.path('target'), whole.kept, 'deps-1'))

    using second = app(WITHOUT_ITOA, locks.withoutItoa)
    const buildDirectory = job.path('later')
    const hit = await restoreCache(job.restore(buildDirectory, 'deps-2', { restoreKeys: ['deps-'] }))
    expect(hit).toMatchObject({ hit: 'prefix', key: 'deps-1' })
    const after = await build(second.folder, buildDirectory, layout)
    expect(after.compiled.filter((name) => name !== 'app')).toEqual([])
    const { kept, stale } = await sweep({ buildDirectory, units: after.units })
    expect(stale).toEqual([expect.stringMatching(/^itoa-[0-9a-f]{16}$/)])
    const paths = (entries: typeof kept) => entries.map(({ path }) => path)
    expect(
      paths(whole.kept)
        .filter((path) => !paths(kept).includes(path))
        .every((path) => path.includes('itoa')),
    ).toBe(true)
    // Nothing live was pruned for that.
    expect(names(buildDirectory).some((path) => path.includes('itoa'))).toBe(true)

    expect(await saveCache(job.save(buildDirectory, kept, 'deps-2'))).toMatchObject({ saved: true })
    await restoreCache(job.restore(job.path('last'), 'deps-2'))
    expect(names(job.path('last')).filter((path) => path.includes('itoa'))).toEqual([])
    expect((await build(second.folder, job.path('last'), layout)).compiled.filter((name) => name !== 'app')).toEqual([])
  })
}

test('a build directory that has been used keeps what it has', async () => {
  await using github = await startGithub()
  using job = new Job(github.env())
  using project = app(ALL, locks.all)
  const [today = { name: '', args: [], env: {} }] = LAYOUTS
  const buildDirectory = job.path('target')
  const { units } = await build(project.folder, buildDirectory, today)
  await saveCache(job.save(buildDirectory, (await sweep({ buildDirectory, units })).kept, 'deps-1'))
  const before = names(buildDirectory)
  expect(await restoreCache(job.restore(buildDirectory, 'deps-1'))).toMatchObject({ hit: 'exact' })
  expect(names(buildDirectory)).toEqual(before)
  expect((await build(project.folder, buildDirectory, today)).compiled).toEqual([])

  // A half that is missing is not put together from two builds.
  const half = job.path('half')
  const library = before.find((path) => /\/deps\/libitoa-.*\.rlib$/.test(path)) ?? ''
  mkdirSync(dirname(join(half, library)), { recursive: true })
  cpSync(join(buildDirectory, library), join(half, library))
  await restoreCache(job.restore(half, 'deps-1'))
  expect(names(half).filter((path) => path.includes('itoa'))).toEqual([library])
  expect((await build(project.folder, half, today)).compiled.sort()).toEqual(['app', 'app', 'itoa'])
})

function names(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort() : []
}
