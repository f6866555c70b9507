import { expect, test } from 'vitest'
import { sourceTime } from '../../src/pipeline/reproducing.ts'
import type { GraphPackage } from '../../src/project/graph.ts'

const REGISTRY = 'registry+https://github.com/rust-lang/crates.io-index'
const commit = (committedAt: number) => ({ git: { committedAt } }) as Parameters<typeof sourceTime>[0]
const graphOf = (...packages: [source: string | undefined, buildScript: string | undefined][]) => ({
  graph: packages.map(([source, buildScript]) => ({ source, buildScript }) as GraphPackage),
})

test('build scripts of dependencies see the same time in every commit, so what they made can be used again', () => {
  const graph = graphOf([undefined, undefined], [REGISTRY, 'build.rs'])
  expect(sourceTime(commit(1_700_000_000), graph)).toBe(sourceTime(commit(1_800_000_000), graph))
})

test("a build script of the project's own sees the time of the commit", () => {
  expect(sourceTime(commit(1_700_000_000), graphOf([undefined, 'build.rs'], [REGISTRY, 'build.rs']))).toBe(
    1_700_000_000,
  )
})

test('without a commit there is a time all the same', () => {
  expect(sourceTime({ git: undefined }, graphOf([undefined, 'build.rs']))).toBe(315_532_800)
})
