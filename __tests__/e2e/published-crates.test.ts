import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { run } from '../lab/ground/command.ts'
import { need } from '../lab/ground/need.ts'
import { debianPackages } from '../lab/ground/packages.ts'
import { rustupPart } from '../lab/rustup/part.ts'
import { type MadeProject, madeProject } from '../made-project.ts'
import { type FreshMachine, freshMachine, opened } from './fresh-machine.ts'

let machine: FreshMachine
beforeAll(async () => {
  if (rustupPart.whyNot() !== undefined) return
  machine = await freshMachine()
  // The crates are brought by cargo before the first run could install one.
  await run(['rustup', 'toolchain', 'install', 'stable', '--profile', 'minimal', '--no-self-update'], machine)
})
afterAll(() => machine?.[Symbol.asyncDispose]())
beforeEach((context) => need(context, 'rustup', rustupPart.whyNot()))

/** A crate as its authors published it. cargo brings it and compares its hash; nothing is compiled. */
async function bring(crate: string, into: string): Promise<void> {
  const nowhere = mkdtempSync(join(tmpdir(), 'rust-deploy-nowhere-'))
  try {
    await run(['cargo', 'info', '--quiet', crate, '--registry', 'crates-io'], { ...machine, cwd: nowhere })
  } finally {
    rmSync(nowhere, { recursive: true })
  }
  const sources = join(machine.env['CARGO_HOME'] ?? '', 'registry/src/*', crate.replace('@', '-'))
  const [source] = globSync(sources)
  if (source === undefined) throw new Error(`cargo did not unpack ${crate} to ${sources}`)
  cpSync(source, into, { recursive: true })
}

async function published(crate: string): Promise<MadeProject> {
  const project = madeProject({ '.gitignore': 'target\n' })
  await bring(crate, project.folder)
  project.commit()
  return project
}

test('zopfli: a library and a program that uses it', async () => {
  using project = await published('zopfli@0.8.4')
  const report = await machine.builds(project.folder, 'fmt')
  using made = opened(report, 'zopfli')
  expect(made.parts).toMatchObject({ bumpalo: 'required', crc32fast: 'required', 'simd-adler32': 'required' })
  expect(Object.keys(made.parts)).not.toContain('proptest')
  const text = join(project.folder, 'Cargo.lock')
  await run([made.program, text])
  expect(execFileSync('gzip', ['-dc', `${text}.gz`])).toEqual(readFileSync(text))
})

test('lddtree: build scripts and procedural macros below it', async () => {
  using project = await published('lddtree@0.5.1')
  const report = await machine.builds(project.folder, 'fmt')
  using made = opened(report, 'lddtree')
  expect(made.parts).toMatchObject({ goblin: 'required', scroll_derive: 'excluded', syn: 'excluded' })
  // It reads the headers of its fellow, and sees what ours say of it: it needs no library.
  expect(await run([made.program, process.execPath])).toContain('libc.so.6')
  expect(await run([made.program, made.program])).not.toContain('.so')
})

test('b3sum and blake3: a workspace in which one member compiles C', async () => {
  await debianPackages('musl-tools')
  using project = madeProject({
    '.gitignore': 'target\n',
    'Cargo.toml':
      '[workspace]\nresolver = "2"\nmembers = ["b3sum", "blake3"]\n[patch.crates-io]\nblake3 = { path = "blake3" }\n',
  })
  for (const name of ['b3sum', 'blake3']) await bring(`${name}@1.8.7`, join(project.folder, name))
  // What is published has one lock file each, and a workspace has one: cargo adapts it, and changes no version.
  renameSync(join(project.folder, 'b3sum/Cargo.lock'), join(project.folder, 'Cargo.lock'))
  await run(['cargo', 'update', '--quiet', '--workspace'], { ...machine, cwd: project.folder })
  project.commit()

  const { code, stderr, report } = await machine.runs(project.folder, 'build', '--gates', 'fmt', '--package', 'b3sum')
  expect(code, stderr).toBe(0)
  expect(stderr).toMatch(/linked with cc, and \S*musl-gcc for blake3 1\.8\.7/)
  using made = opened(report(), 'b3sum')
  expect(made.parts).toMatchObject({ blake3: 'required', cc: 'excluded', clap_derive: 'excluded' })
  const nothing = join(made.program, '../nothing')
  writeFileSync(nothing, '')
  expect(made.says('--no-names', '/nothing')).toBe('af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262\n')
})
