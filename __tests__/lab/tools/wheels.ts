import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from '../ground/cached.ts'
import { run } from '../ground/command.ts'
import { debianPackages } from '../ground/packages.ts'

/** A program that is on PyPI too: where it stands in its wheel, and the hashes of its files for x86_64 and aarch64. */
export type Wheel = { project: string; version: string; binary: string; sha256: readonly string[] }

export const ZIGBUILD: Wheel = {
  project: 'cargo-zigbuild',
  version: '0.23.0',
  binary: 'bin/cargo-zigbuild',
  sha256: [
    '3a2e021435a5e3c8b3a70bfc490580a3af6952185aa5ffb722b005d1fbe000c9',
    'd984af93da7a230606452ef5f6df47e6a081b12dcead8a3e8e5ff024728c94f0',
  ],
}

export const ZIG: Wheel = {
  project: 'ziglang',
  version: '0.16.0',
  binary: 'ziglang/zig',
  sha256: [
    '9fcda73f62b851dd72a54b710ad40a209896db14cfb13649e62191243556342b',
    'e27d409812b11e0fb89ed0200cf2e55b6464d43f9461553104e4a4f9a94a1fd5',
  ],
}

export const zigbuildProgram = () => program(ZIGBUILD)
/** Its library stands beside it, so it runs from there or through a symbolic link. */
export const zigProgram = () => program(ZIG)

async function program(wheel: Wheel): Promise<string> {
  const folder = await cached(wheel.project, wheel, async (made) => {
    await debianPackages('python3-pip')
    const requirement = join(made, 'wheel.txt')
    const hashes = wheel.sha256.map((sha256) => `--hash=sha256:${sha256}`)
    writeFileSync(requirement, [`${wheel.project}==${wheel.version}`, ...hashes].join(' '))
    const pip = ['/usr/bin/python3', '-m', 'pip', 'install', '--quiet', '--no-deps', '--require-hashes'] as const
    await run([...pip, '--only-binary=:all:', '--no-compile', '--target', made, '--requirement', requirement], {
      timeoutMs: 600_000,
    })
  })
  return join(folder, wheel.binary)
}
