import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { joinRustflags } from '../../../src/build/rustflags.ts'
import { lockOf, madeProject, manifestOf } from '../../made-project.ts'
import { removeFolder } from '../../remove-folder.ts'
import { environment, hostTriple } from '../cache/cook-lab.ts'

type Case = {
  variables?: Record<string, string>
  /** The project's `.cargo/config.toml`. */
  config?: string
  configured?: { build?: string[]; target?: string[] }
}

test('cargo still gives rustc every flag of the user, and ours', async () => {
  const triple = await hostTriple()
  const ofTarget = `CARGO_TARGET_${triple.toUpperCase().replaceAll('-', '_')}_RUSTFLAGS`
  using project = madeProject({
    'Cargo.toml': manifestOf('flags'),
    'Cargo.lock': lockOf('flags'),
    'src/main.rs': 'fn main() {}\n',
    // cargo tells a build script which flags it gives to rustc for the target.
    'build.rs':
      'fn main() { std::fs::write("flags", std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap()).unwrap(); println!("cargo:rerun-if-changed=now") }\n',
    '.gitignore': 'target\n',
  })
  let runs = 0
  const flagsWith = (more: Record<string, string>): string[] => {
    runs += 1
    writeFileSync(join(project.folder, 'now'), String(runs))
    rmSync(join(project.folder, 'flags'), { force: true })
    const args = ['check', '--locked', '--offline', '--target', triple]
    execFileSync('cargo', args, { cwd: project.folder, env: { ...environment, ...more }, stdio: 'pipe' })
    const said = readFileSync(join(project.folder, 'flags'), 'utf8')
    return said === '' ? [] : said.split('\x1f')
  }
  const add = ['--cfg=ours', '--remap-path-prefix=/a=/b']
  const cases: Case[] = [
    {},
    { variables: { RUSTFLAGS: '--cfg=user -Cdebuginfo=0' } },
    {
      variables: { RUSTFLAGS: '' },
      config: '[build]\nrustflags = ["--cfg=file"]\n',
      configured: { build: ['--cfg=file'] },
    },
    { variables: { CARGO_ENCODED_RUSTFLAGS: '--cfg\x1fuser' } },
    { variables: { CARGO_BUILD_RUSTFLAGS: '--cfg=user' } },
    { config: '[build]\nrustflags = ["--cfg=file"]\n', configured: { build: ['--cfg=file'] } },
    { config: `[target.${triple}]\nrustflags = "--cfg=file"\n`, configured: { target: ['--cfg=file'] } },
    {
      config: `[build]\nrustflags = ["--cfg=build"]\n[target.'cfg(unix)']\nrustflags = ["--cfg=file"]\n`,
      configured: { build: ['--cfg=build'], target: ['--cfg=file'] },
      variables: { [ofTarget]: '--cfg=user' },
    },
  ]
  for (const { variables = {}, config, configured = {} } of cases) {
    removeFolder(join(project.folder, '.cargo'))
    mkdirSync(join(project.folder, '.cargo'))
    if (config !== undefined) writeFileSync(join(project.folder, '.cargo/config.toml'), config)
    const own = flagsWith(variables)
    for (const ours of [add, ['--remap-path-prefix=/a folder=/b']]) {
      const joined = joinRustflags({
        environment: variables,
        triple,
        configured: { build: [], target: [], ...configured },
        add: ours,
      })
      // cargo puts those of a file behind those of a variable in one case, and before them in another.
      expect(flagsWith({ ...variables, ...joined }).toSorted(), JSON.stringify({ variables, config })).toEqual(
        [...own, ...ours].toSorted(),
      )
    }
  }
})
