import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type DenyOptions, denyGate } from '../../../src/gates/deny.ts'
import { Cancelled, Failed } from '../../../src/report/ending.ts'
import { judged, told } from '../../gates/judged.ts'
import { type AdvisoryDatabase, madeAdvisoryDatabase } from '../advisories/advisory-database.ts'
import { lockedProject, SMALLVEC, YANKED } from '../advisories/locked-project.ts'
import { freshPlaces, type Places } from '../advisories/places.ts'
import { need } from '../ground/need.ts'
import { cargoTools } from '../tools/cargo-tools.ts'
import { whyNoTools } from '../tools/part.ts'

beforeEach((context) => need(context, 'tools', whyNoTools()))
let program = ''
beforeAll(async () => {
  if (whyNoTools() === undefined) program = (await cargoTools()).programs.get('cargo-deny') ?? ''
})

const OVERFLOW = { id: 'RUSTSEC-2025-9001', package: 'smallvec', title: 'Buffer overflow', patched: ['>=1.6.1'] }
const LICENCES = '[licenses]\nallow = ["MIT", "Apache-2.0"]\nunused-allowed-license = "allow"\n'

/** What of deny.toml says where the advisories are. */
function servedBy({ url }: { url: string }, { databases }: Places): string {
  mkdirSync(databases, { recursive: true })
  return `[advisories]\ndb-path = "${databases}"\ndb-urls = ["${url}"]\n`
}

function optionsFor(project: { folder: string }, places: Places, database: AdvisoryDatabase): DenyOptions {
  const { options } = judged(project.folder)
  return {
    ...options,
    bringProgram: async () => program,
    mode: 'deny',
    lenient: false,
    environment: { ...options.environment, ...database.environment, CARGO_HOME: places.home },
  }
}

test('advisories, bans and what deny.toml says in vain, each at its line', async () => {
  await using database = await madeAdvisoryDatabase(OVERFLOW)
  using places = freshPlaces()
  const config = [
    servedBy(database, places),
    LICENCES,
    '[bans]\ndeny = [{ crate = "autocfg", reason = "::error::it is not\\nneeded" }]\nskip = ["absent@1"]',
  ].join('\n')
  using project = lockedProject([SMALLVEC, YANKED], { 'deny.toml': config })
  const { passed, counts, said, findings } = await denyGate(optionsFor(project, places, database))
  expect({ passed, counts, said }).toEqual({
    passed: false,
    counts: { errors: 2, warnings: 2 },
    said: 'cargo-deny gives 2 errors and 2 warnings.',
  })
  const lock = readFileSync(join(project.folder, 'Cargo.lock'), 'utf8').split('\n')
  const ban = config.split('\n').findIndex((line) => line.startsWith('deny = ')) + 1
  expect(findings.toSorted((one, other) => (one.title < other.title ? -1 : 1))).toEqual([
    {
      level: 'error',
      title: 'RUSTSEC-2025-9001: Buffer overflow',
      message:
        'smallvec 1.6.0: Buffer overflow.\nIt gets in by hello → smallvec 1.6.0.\nSolution: Upgrade to >=1.6.1 (try `cargo update -p smallvec`).\nhttps://rustsec.org/advisories/RUSTSEC-2025-9001',
      place: { file: 'Cargo.lock', line: lock.indexOf('name = "smallvec"') + 1 },
    },
    {
      level: 'error',
      title: 'cargo-deny: banned',
      message: `crate 'autocfg = 0.1.3' is explicitly banned.\ndeny.toml:${ban}: banned here: autocfg\ndeny.toml:${ban}: reason: ::error::it is not\\nneeded\nIt gets in by hello → autocfg 0.1.3.`,
      place: { file: 'Cargo.lock', line: lock.indexOf('name = "autocfg"') + 1 },
    },
    {
      level: 'warning',
      title: 'cargo-deny: unmatched-skip',
      message: `skipped crate 'absent = =1' was not encountered.\ndeny.toml:${ban + 1}: unmatched skip configuration: absent@1`,
      place: { file: 'deny.toml', line: ban + 1, column: 10 },
    },
    expect.objectContaining({ level: 'warning', title: 'cargo-deny: yanked' }),
  ])
})

test('a project that keeps its rules passes, and a licence that they do not allow fails', async () => {
  // For cargo-deny a database without any advisory is none.
  await using database = await madeAdvisoryDatabase({ ...OVERFLOW, package: 'absent' })
  using places = freshPlaces()
  using project = lockedProject([SMALLVEC], { '.cargo/deny.toml': `${servedBy(database, places)}${LICENCES}` })
  const options = optionsFor(project, places, database)
  expect(await denyGate(options)).toEqual({
    gate: 'deny',
    passed: true,
    counts: { errors: 0, warnings: 0 },
    said: 'cargo-deny has nothing against the 2 packages.',
    findings: [],
  })
  const strict = LICENCES.replace('"MIT", "Apache-2.0"', '"Zlib"')
  writeFileSync(join(project.folder, '.cargo/deny.toml'), `${servedBy(database, places)}${strict}`)
  const { passed, findings } = await denyGate(options)
  expect(passed).toBe(false)
  expect(told(findings).join('\n')).toMatch(/^Cargo\.lock:\d+ error cargo-deny: rejected: .*smallvec/m)
})

test.each(['with an error', 'never'] as const)('a database whose server answers %s', async (how) => {
  await using database = await madeAdvisoryDatabase(OVERFLOW)
  using places = freshPlaces()
  const config = `${servedBy(database, places)}${LICENCES}[bans]\ndeny = ["autocfg"]\n`
  using project = lockedProject([SMALLVEC, YANKED], { 'deny.toml': config })
  const options = optionsFor(project, places, database)
  database.answer(how)
  const impatient = { ...options, ...(how === 'never' && { patienceMs: 1000 }) }
  const strict = await denyGate(impatient)
  expect(strict.findings.map(({ level, title }) => `${level} ${title}`)).toEqual([
    'error Advisories were not checked',
    'error cargo-deny: banned',
  ])
  const lenient = await denyGate({ ...impatient, lenient: true })
  expect(lenient.findings.map(({ level }) => level)).toEqual(['warning', 'error'])
  expect(lenient.findings[0]?.message).toMatch(/^The advisory database cannot be had: .+\.\nIt is not known whether/)
  const hint = 'Look at the moon.'
  expect((await denyGate({ ...impatient, hint })).findings[0]?.message).toMatch(/run it again\. Look at the moon\.$/)
  const warning = await denyGate({ ...impatient, hint, mode: 'warn' })
  expect(warning).toMatchObject({ passed: true, counts: { errors: 0, warnings: 2 } })
  expect(warning.said).toBe('cargo-deny gives 2 warnings, and `deny:warn` only reports them.')
  expect(warning.findings.map(({ level }) => level)).toEqual(['warning', 'warning'])
  expect(warning.findings[0]?.message).toMatch(/It is not known whether an advisory concerns Cargo\.lock\.$/)
})

test('a deny.toml that cannot be read is a finding at its line, or a sentence', async () => {
  await using database = await madeAdvisoryDatabase()
  using places = freshPlaces()
  using project = lockedProject([SMALLVEC], { 'deny.toml': '[licenses]\nallowed = ["MIT"]\n' })
  const options = optionsFor(project, places, database)
  const { passed, findings } = await denyGate(options)
  expect(passed).toBe(false)
  expect(told(findings)).toEqual([expect.stringMatching(/^deny\.toml:2 error cargo-deny: unexpected-keys: found 1 /)])
  writeFileSync(join(project.folder, 'deny.toml'), '[licenses]\nallow = ["MIT"\n')
  await expect(denyGate(options)).rejects.toThrow(
    /^cargo-deny could not judge the packages: failed to parse config from .*deny\.toml/,
  )
})

test('no deny.toml, no cargo-deny, and a run that was stopped', async () => {
  await using database = await madeAdvisoryDatabase()
  using places = freshPlaces()
  using project = lockedProject([SMALLVEC])
  const options = optionsFor(project, places, database)
  await expect(denyGate(options)).rejects.toThrow(/^The gate `deny` needs a deny\.toml.*cargo deny init/)
  writeFileSync(join(project.folder, 'deny.toml'), servedBy(database, places))
  await expect(denyGate({ ...options, bringProgram: async () => join(places.home, 'cargo-deny') })).rejects.toThrow(
    Failed,
  )
  database.answer('never')
  const stopped = new AbortController()
  const running = denyGate({ ...options, signal: stopped.signal })
  await vi.waitUntil(() => database.asked() > 0, { timeout: 60_000 })
  stopped.abort()
  await expect(running).rejects.toThrow(Cancelled)
})
