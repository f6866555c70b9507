import {
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { findLocalPackages, type LocalPackage, type LocalPackages } from '../../src/cache/local-packages.ts'
import { makeSkeleton } from '../../src/cache/skeleton.ts'
import { Failed } from '../../src/report/ending.ts'
import { madeProject } from '../made-project.ts'

const signal = new AbortController().signal

async function madeScratch() {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'rust-deploy-scratch-')))
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}

function filesOf(folder: string): string[] {
  return globSync('**/*', { cwd: folder, withFileTypes: true, exclude: [] })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name).slice(folder.length + 1))
    .sort()
}

/** A project without cargo: what `findLocalPackages` would say of it. */
function localOf(root: string, sources: LocalPackage['sources'], more: Partial<LocalPackages> = {}): LocalPackages {
  const one = { name: 'app', folder: root, sources, dependencies: [], features: {} }
  return { workspaceRoot: root, rootManifest: '', packages: [one], manifestFolders: [root], ...more }
}

test('manifests and lock file are there to the letter, every target with nothing in it, and nothing else', async () => {
  using project = madeProject({
    'service/Cargo.toml': `# a remark
cargo-features = []
[workspace]
members = ["inner"]
[package]
name = "service"
version = "0.1.0"
edition = "2021"
build = "tools/make.rs"
links = "service"
[lib]
path = "code/lib.rs"
crate-type = ["cdylib", "staticlib"]
[[test]]
name = "odd"
path = "checks/odd.rs"
harness = false
[dependencies]
shared = { path = "../shared" }
[target.'cfg(windows)'.dependencies]
winonly = { path = "../winonly", optional = true }
[patch.crates-io]
patched = { path = "../vendor/patched" }
`,
    'service/Cargo.lock': 'version = 4\n',
    'service/tools/make.rs': 'fn main() { panic!() }\n',
    'service/code/lib.rs': 'pub mod more;\n',
    'service/code/more.rs': '',
    'service/src/main.rs': 'mod secret;\n',
    'service/src/secret.rs': '',
    'service/checks/odd.rs': '',
    'service/inner/Cargo.toml':
      '[package]\nname = "inner"\nversion = "0.1.0"\nedition = "2021"\n[lib]\nproc-macro = true\n[[example]]\nname = "both"\npath = "src/lib.rs"\n',
    'service/inner/src/lib.rs': '',
    'service/inner/benches/fast.rs': '',
    'shared/Cargo.toml': '[package]\nname = "shared"\nversion.workspace = true\nedition = "2021"\n',
    'shared/src/lib.rs': '',
    'winonly/Cargo.toml': '[package]\nname = "winonly"\nversion = "1.0.0"\nedition = "2021"\n',
    'winonly/src/lib.rs': '',
    'vendor/patched/Cargo.toml': '[package]\nname = "patched"\nversion = "1.0.0"\nedition = "2021"\n',
    'vendor/patched/src/lib.rs': '',
    'Cargo.toml':
      '[workspace]\nmembers = ["shared"]\nexclude = ["service", "winonly", "vendor"]\n[workspace.package]\nversion = "3.0.0"\n',
    '.env': 'TOKEN=secret',
  })
  await using scratch = await madeScratch()
  const directory = join(project.folder, 'service')
  const local = await findLocalPackages({ directory, environment: process.env, signal })
  const { folder, manifest } = await makeSkeleton({ directory, local, scratch: scratch.folder })
  expect(dirname(folder)).toBe(scratch.folder)
  expect(manifest).toBe(join(folder, 'service/Cargo.toml'))
  expect(filesOf(folder)).toEqual([
    'Cargo.toml',
    'service/Cargo.lock',
    'service/Cargo.toml',
    'service/checks/odd.rs',
    'service/code/lib.rs',
    'service/inner/Cargo.toml',
    'service/inner/benches/fast.rs',
    'service/inner/src/lib.rs',
    'service/src/main.rs',
    'service/tools/make.rs',
    'shared/Cargo.toml',
    'shared/src/lib.rs',
    'vendor/patched/Cargo.toml',
    'vendor/patched/src/lib.rs',
    'winonly/Cargo.toml',
    'winonly/src/lib.rs',
  ])
  const text = (file: string) => readFileSync(join(folder, file), 'utf8')
  for (const file of filesOf(folder).filter((name) => name.includes('Cargo.'))) {
    expect(text(file)).toBe(readFileSync(join(project.folder, file), 'utf8'))
  }
  for (const program of [
    'service/src/main.rs',
    'service/tools/make.rs',
    'service/checks/odd.rs',
    'service/inner/src/lib.rs',
  ]) {
    expect(text(program)).toContain('fn main() {}')
  }
  expect(text('service/code/lib.rs')).not.toContain('main')
})

test('what cargo cannot read is refused with its own words', async () => {
  using project = madeProject({
    'Cargo.toml': '[package]\nname = "app"\nversion = "0.1.0"\n[dependencies]\nx = { path = "../gone" }\n',
    'src/main.rs': '',
  })
  const found = findLocalPackages({ directory: project.folder, environment: process.env, signal })
  await expect(found).rejects.toThrow(/^cargo cannot read the package in .*gone.*\.$/)
})

test.each([
  ['far above', '../../../../../../../../../../../../etc/hostile.rs'],
  ['beside', '../hostile.rs'],
  ['absolute', '/etc/hostile.rs'],
])('a source that is named %s is written inside the skeleton', async (_, path) => {
  await using scratch = await madeScratch()
  const root = join(scratch.folder, 'project')
  mkdirSync(root)
  for (const file of ['Cargo.toml', 'Cargo.lock']) writeFileSync(join(root, file), '')
  const local = localOf(root, [{ path: join(path.startsWith('/') ? '' : root, path), isLibrary: false }])
  const { folder } = await makeSkeleton({ directory: root, local, scratch: scratch.folder })
  expect(filesOf(folder).filter((file) => file.endsWith('hostile.rs'))).toHaveLength(1)
  expect(filesOf(scratch.folder).filter((file) => !file.startsWith('skeleton-'))).toEqual([
    'project/Cargo.lock',
    'project/Cargo.toml',
  ])
  expect(existsSync('/etc/hostile.rs')).toBe(false)
})

test('a target that is named as a manifest, or twice, changes no manifest', async () => {
  await using scratch = await madeScratch()
  const root = join(scratch.folder, 'project')
  mkdirSync(root)
  for (const file of ['Cargo.toml', 'Cargo.lock']) writeFileSync(join(root, file), `# ${file}`)
  const names = ['Cargo.toml', 'Cargo.lock', 'src/a b\n::set-output.rs', 'src/a b\n::set-output.rs']
  const local = localOf(
    root,
    names.map((name) => ({ path: join(root, name), isLibrary: true })),
  )
  const { folder } = await makeSkeleton({ directory: root, local, scratch: scratch.folder })
  expect(readFileSync(join(folder, 'Cargo.toml'), 'utf8')).toBe('# Cargo.toml')
  expect(filesOf(folder)).toHaveLength(3)
})

test('what cannot be written is a sentence, and leaves nothing behind', async () => {
  await using scratch = await madeScratch()
  const root = join(scratch.folder, 'project')
  mkdirSync(root)
  writeFileSync(join(root, 'Cargo.toml'), '')
  const made = (names: readonly string[]) =>
    makeSkeleton({
      directory: root,
      local: localOf(
        root,
        names.map((name) => ({ path: `${root}/${name}`, isLibrary: true })),
      ),
      scratch: scratch.folder,
    })
  // No Cargo.lock yet.
  await expect(made([])).rejects.toThrow(/^The dependencies cannot be compiled ahead: .*Cargo\.lock.*\.$/)
  writeFileSync(join(root, 'Cargo.lock'), '')
  for (const names of [['Cargo.toml/lib.rs'], ['a\0b.rs'], ['src', 'src/lib.rs'], ['x'.repeat(300)]]) {
    await expect(made(names)).rejects.toThrow(Failed)
  }
  expect(filesOf(scratch.folder)).toEqual(['project/Cargo.lock', 'project/Cargo.toml'])
  expect(globSync('skeleton-*', { cwd: scratch.folder })).toEqual([])
})

test('a link in the project is read as cargo reads it, and never written through', async () => {
  await using scratch = await madeScratch()
  using project = madeProject({
    'Cargo.toml': '',
    'Cargo.lock': '',
    'elsewhere/Cargo.toml': '# elsewhere',
    'elsewhere/src/x': '',
  })
  symlinkSync(join(project.folder, 'elsewhere'), join(project.folder, 'linked'))
  const linked = join(project.folder, 'linked')
  const local = localOf(project.folder, [{ path: join(linked, 'src/lib.rs'), isLibrary: true }], {
    manifestFolders: [project.folder, linked],
  })
  const { folder } = await makeSkeleton({ directory: project.folder, local, scratch: scratch.folder })
  expect(readFileSync(join(folder, 'linked/Cargo.toml'), 'utf8')).toBe('# elsewhere')
  expect(realpathSync(join(folder, 'linked/src/lib.rs'))).toBe(join(folder, 'linked/src/lib.rs'))
  expect(existsSync(join(project.folder, 'elsewhere/src/lib.rs'))).toBe(false)
})

test('a folder inside the project is no place for it', async () => {
  using project = madeProject({ 'Cargo.toml': '', 'Cargo.lock': '', 'tmp/x': '' })
  const scratch = join(project.folder, 'tmp')
  const made = makeSkeleton({ directory: project.folder, local: localOf(project.folder, []), scratch })
  await expect(made).rejects.toThrow(/is inside the project: .*\.$/)
  expect(statSync(scratch).isDirectory()).toBe(true)
  rmSync(scratch, { recursive: true })
})
