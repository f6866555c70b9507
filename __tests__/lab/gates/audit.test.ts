import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type AuditOptions, auditGate } from '../../../src/gates/audit.ts'
import { refreshIndex } from '../../../src/gates/index-refresh.ts'
import { readLock } from '../../../src/gates/lock-file.ts'
import { Cancelled, Failed } from '../../../src/report/ending.ts'
import { judged, told } from '../../gates/judged.ts'
import { madeProject, manifestOf } from '../../made-project.ts'
import { madeAdvisoryDatabase } from '../advisories/advisory-database.ts'
import { lockedProject, SMALLVEC, YANKED } from '../advisories/locked-project.ts'
import { freshPlaces, type Places } from '../advisories/places.ts'
import { need } from '../ground/need.ts'
import { cargoTools } from '../tools/cargo-tools.ts'
import { whyNoTools } from '../tools/part.ts'

beforeEach((context) => need(context, 'tools', whyNoTools()))
let program = ''
beforeAll(async () => {
  if (whyNoTools() === undefined) program = (await cargoTools()).programs.get('cargo-audit') ?? ''
})

const OVERFLOW = { id: 'RUSTSEC-2025-9001', package: 'smallvec', title: 'Buffer overflow', patched: ['>=1.6.1'] }

/** What the gate is given for a project, in places of its own. */
function optionsFor(project: { folder: string }, places: Places, more: Partial<AuditOptions> = {}) {
  const { options } = judged(project.folder)
  const { environment, ...others } = more
  return {
    ...options,
    bringProgram: async () => program,
    mode: 'deny',
    lenient: false,
    databaseFolder: places.databases,
    ...others,
    environment: { ...options.environment, ...environment, CARGO_HOME: places.home },
  } satisfies AuditOptions
}

/** The part of audit.toml that says where the advisories are. */
function servedBy({ url }: { url: string }): string {
  return `[database]\nurl = "${url}"\nstale = false\n`
}

test('a vulnerability is an error at its line of Cargo.lock, with the way in and the way out', async () => {
  await using database = await madeAdvisoryDatabase(OVERFLOW)
  using project = lockedProject([SMALLVEC], { '.cargo/audit.toml': servedBy(database) })
  using places = freshPlaces()
  const options = optionsFor(project, places, { environment: database.environment })
  const before = readFileSync(join(project.folder, 'Cargo.lock'), 'utf8')
  const verdict = await auditGate(options)
  expect(verdict).toEqual({
    gate: 'audit',
    passed: false,
    counts: { errors: 1, warnings: 0 },
    said: 'Among the 2 packages of Cargo.lock: 1 vulnerability.',
    findings: [
      {
        level: 'error',
        title: 'RUSTSEC-2025-9001: Buffer overflow',
        message: [
          'smallvec 1.6.0 has a known vulnerability.',
          'It gets in by hello → smallvec 1.6.0.',
          'Run `cargo update smallvec@1.6.0 --precise 1.6.1`.',
          'https://rustsec.org/advisories/RUSTSEC-2025-9001',
        ].join('\n'),
        place: { file: 'Cargo.lock', line: lineOf(before, 'smallvec') },
      },
    ],
  })
  expect(readFileSync(join(project.folder, 'Cargo.lock'), 'utf8')).toBe(before)
  expect(existsSync(join(places.home, 'advisory-db'))).toBe(false)

  // The remedy that is told is one: after it nothing is found.
  execFileSync('cargo', ['update', 'smallvec@1.6.0', '--precise', '1.6.1'], {
    cwd: project.folder,
    env: options.environment,
    stdio: 'ignore',
  })
  expect(await auditGate(options)).toMatchObject({
    passed: true,
    said: 'No advisory concerns the 2 packages of Cargo.lock.',
    findings: [],
  })
})

test('unsound and yanked packages fail; unmaintained ones and notices are told', async () => {
  await using database = await madeAdvisoryDatabase(
    { id: 'RUSTSEC-2025-9002', package: 'smallvec', title: 'Dangling', informational: 'unsound', patched: ['>=2'] },
    { id: 'RUSTSEC-2025-9003', package: 'smallvec', title: 'Left alone', informational: 'unmaintained' },
    { id: 'RUSTSEC-2025-9004', package: 'autocfg', title: 'By the way', informational: 'notice' },
  )
  using project = lockedProject([SMALLVEC, YANKED], { '.cargo/audit.toml': servedBy(database) })
  using places = freshPlaces()
  const { passed, said, findings, counts } = await auditGate(
    optionsFor(project, places, { environment: database.environment }),
  )
  expect(told(findings).map((line) => line.replace(/^Cargo.lock:\d+ /, ''))).toEqual([
    'error RUSTSEC-2025-9002: Dangling: smallvec 1.6.0 is unsound: safe code can make it break the rules that memory safety rests on.',
    'error autocfg 0.1.3 is yanked: autocfg 0.1.3 was taken back by its authors (yanked).',
    'warning RUSTSEC-2025-9003: Left alone: smallvec 1.6.0 is no longer maintained.',
    'warning RUSTSEC-2025-9004: By the way: autocfg 0.1.3 has an advisory that is only for your information.',
  ])
  expect(said).toBe('Among the 3 packages of Cargo.lock: 1 unsound, 1 yanked, 1 unmaintained, 1 notice.')
  expect({ passed, counts }).toEqual({ passed: false, counts: { errors: 2, warnings: 2 } })

  const warned = await auditGate(optionsFor(project, places, { environment: database.environment, mode: 'warn' }))
  expect(warned.said).toBe(`${said} \`audit:warn\` only reports that.`)
  expect(warned).toMatchObject({ passed: true, counts: { errors: 0, warnings: 4 } })
})

test("the project's audit.toml decides what is ignored and what fails", async () => {
  await using database = await madeAdvisoryDatabase(
    OVERFLOW,
    { id: 'RUSTSEC-2025-9002', package: 'smallvec', title: 'Dangling', informational: 'unsound' },
    { id: 'RUSTSEC-2025-9003', package: 'smallvec', title: 'Left alone', informational: 'unmaintained' },
  )
  using places = freshPlaces()
  const judgedBy = async (...lines: readonly string[]) => {
    using project = lockedProject([SMALLVEC], { '.cargo/audit.toml': [...lines, servedBy(database)].join('\n') })
    const { passed, findings } = await auditGate(optionsFor(project, places, { environment: database.environment }))
    return { passed, told: findings.map(({ level, title }) => `${level} ${title.slice(0, 17)}`) }
  }
  expect(await judgedBy('[advisories]', 'ignore = ["RUSTSEC-2025-9001", "RUSTSEC-2025-9002"]')).toEqual({
    passed: true,
    told: ['warning RUSTSEC-2025-9003'],
  })
  expect(
    await judgedBy('[advisories]\nignore = ["RUSTSEC-2025-9001"]', '[output]\ndeny = ["unmaintained"]\nquiet = false'),
  ).toEqual({ passed: false, told: ['warning RUSTSEC-2025-9002', 'error RUSTSEC-2025-9003'] })
  expect(
    await judgedBy('[advisories]\nignore = ["RUSTSEC-2025-9001"]\ninformational_warnings = ["unmaintained"]'),
  ).toEqual({ passed: true, told: ['warning RUSTSEC-2025-9003'] })
})

test('a database that audit.toml gives is taken as it is, and no server is asked', async () => {
  await using database = await madeAdvisoryDatabase(OVERFLOW)
  const ownDatabase = `[database]\npath = "${database.folder}"\nfetch = false\nstale = true\n[yanked]\nenabled = false\n`
  using project = lockedProject([SMALLVEC], { '.cargo/audit.toml': ownDatabase })
  using places = freshPlaces()
  expect(await auditGate(optionsFor(project, places))).toMatchObject({ passed: false, counts: { errors: 1 } })
  expect(database.asked()).toBe(0)
  expect(existsSync(places.databases)).toBe(false)
})

test('a database with a place of its own in audit.toml is fetched there', async () => {
  await using database = await madeAdvisoryDatabase(OVERFLOW)
  const config = `${servedBy(database)}path = "target/advisories"\n`
  using project = lockedProject([SMALLVEC], { '.cargo/audit.toml': config })
  using places = freshPlaces()
  const options = optionsFor(project, places, { environment: database.environment })
  expect(await auditGate(options)).toMatchObject({ passed: false, counts: { errors: 1 } })
  expect(existsSync(join(project.folder, 'target/advisories/crates'))).toBe(true)
  expect(existsSync(places.databases)).toBe(false)
  database.answer('with an error')
  expect((await auditGate(options)).findings[0]).toMatchObject({ title: 'The advisory database is old' })
})

test('a wrong audit.toml is no verdict but a sentence', async () => {
  using project = lockedProject([SMALLVEC], { '.cargo/audit.toml': '[advisories]\nignored = []\n' })
  using places = freshPlaces()
  await expect(auditGate(optionsFor(project, places))).rejects.toThrow(
    /^cargo-audit could not judge Cargo.lock: .*unknown field `ignored`.* Look at .*audit\.toml\.$/s,
  )
})

test.each(['with an error', 'half', 'never'] as const)('a database whose server answers %s', async (how) => {
  await using database = await madeAdvisoryDatabase(OVERFLOW)
  const config = `${servedBy(database)}[yanked]\nenabled = false\n`
  using project = lockedProject([SMALLVEC], { '.cargo/audit.toml': config })
  using places = freshPlaces()
  const options = optionsFor(project, places, { environment: database.environment, patienceMs: 1000 })
  database.answer(how)
  const nothing = await auditGate(options)
  database.answer(how)
  expect(nothing).toMatchObject({ passed: false, counts: { errors: 1, warnings: 0 } })
  expect(nothing.said).toBe('Nothing was audited, because the advisory database cannot be had.')
  expect(nothing.findings[0]?.message).toContain(`Check that this machine reaches ${database.url}`)
  const through = { passed: true, counts: { errors: 0, warnings: 1 } }
  expect(await auditGate({ ...options, lenient: true })).toMatchObject(through)
  database.answer(how)
  expect(await auditGate({ ...options, mode: 'warn' })).toMatchObject(through)
  // What was begun and ended by force is not in the way of the next run.
  database.answer('well')
  expect(await auditGate({ ...options, patienceMs: 60_000 })).toMatchObject({ passed: false, counts: { errors: 1 } })
  expect(readdirSync(places.databases).filter((name) => name.startsWith('new-'))).toEqual([])

  // From now on there is an old one: it still judges, and says that it is old.
  database.publish({ ...OVERFLOW, id: 'RUSTSEC-2025-9009', package: 'absent' })
  database.answer(how)
  const old = await auditGate(options)
  expect(old.findings.map(({ level, title }) => `${level} ${title}`)).toEqual([
    'error The advisory database is old',
    'error RUSTSEC-2025-9001: Buffer overflow',
  ])
  expect(old.findings[0]?.message).toMatch(/judged by what was fetched on \d{4}-\d\d-\d\d\. Check that/)
  database.answer(how)
  const lenient = await auditGate({ ...options, lenient: true })
  expect(lenient.findings.map(({ level }) => level)).toEqual(['warning', 'error'])
  database.answer('well')
  expect(await auditGate({ ...options, patienceMs: 60_000 })).toMatchObject({ counts: { errors: 1 } })
})

test('a database that nobody has changed for years is refused, unless audit.toml allows it', async () => {
  await using database = await madeAdvisoryDatabase(OVERFLOW)
  database.abandon()
  using project = lockedProject([SMALLVEC], { '.cargo/audit.toml': servedBy(database) })
  using places = freshPlaces()
  const options = optionsFor(project, places, { environment: database.environment })
  const { passed, findings } = await auditGate(options)
  expect(passed).toBe(false)
  expect(findings[0]?.message).toMatch(/repository is stale .*\nIf that is meant, say `stale = true`/)
  const allowed = servedBy(database).replace('stale = false', 'stale = true')
  writeFileSync(join(project.folder, '.cargo/audit.toml'), allowed)
  expect((await auditGate(options)).findings).toMatchObject([{ title: 'RUSTSEC-2025-9001: Buffer overflow' }])
})

test('the database is updated, not fetched anew, and one of another address is never taken for it', async () => {
  await using database = await madeAdvisoryDatabase()
  await using other = await madeAdvisoryDatabase(OVERFLOW)
  using project = lockedProject([SMALLVEC], { '.cargo/audit.toml': servedBy(database) })
  using places = freshPlaces()
  const options = optionsFor(project, places, { environment: database.environment })
  expect(await auditGate(options)).toMatchObject({ passed: true, findings: [] })
  database.publish({ ...OVERFLOW, id: 'RUSTSEC-2025-9009' })
  expect((await auditGate(options)).findings).toMatchObject([{ title: 'RUSTSEC-2025-9009: Buffer overflow' }])
  expect(readdirSync(places.databases).filter((name) => !name.endsWith('.lock'))).toHaveLength(1)

  writeFileSync(join(project.folder, '.cargo/audit.toml'), servedBy(other))
  const moved = await auditGate({ ...options, environment: { ...options.environment, ...other.environment } })
  expect(moved.findings).toMatchObject([{ title: 'RUSTSEC-2025-9001: Buffer overflow' }])
})

test('an index that cannot be reached is said, and fails nothing', async () => {
  await using database = await madeAdvisoryDatabase()
  using project = lockedProject([SMALLVEC, YANKED], { '.cargo/audit.toml': servedBy(database) })
  using places = freshPlaces()
  const environment = { ...database.environment, CARGO_NET_OFFLINE: 'true' }
  const { passed, findings } = await auditGate(optionsFor(project, places, { environment }))
  expect(passed).toBe(true)
  expect(told(findings)).toEqual([
    expect.stringMatching(
      /^-:- warning Yanked packages: It is not known of 2 packages whether they were yanked: .+\.$/,
    ),
  ])
})

test('an index of yesterday is refreshed, so that what was yanked today is seen', async () => {
  await using database = await madeAdvisoryDatabase()
  using project = lockedProject([YANKED], { '.cargo/audit.toml': servedBy(database) })
  using places = freshPlaces()
  const options = optionsFor(project, places, { environment: database.environment })
  expect(await auditGate(options)).toMatchObject({ passed: false, said: expect.stringContaining('1 yanked') })
  // As it was before they took it back: the page, and the mark by which the server would know that it is old.
  const index = join(places.home, 'registry/index')
  const page = join(index, readdirSync(index)[0] ?? '', '.cache/au/to/autocfg')
  const now = readFileSync(page, 'latin1')
  const before = now.replace(/"yanked": ?true/g, '"yanked":false').replace(/etag: [^\0]*/, 'etag: "before"')
  writeFileSync(page, before, 'latin1')
  const offline = { ...options, environment: { ...options.environment, CARGO_NET_OFFLINE: 'true' } }
  expect(await auditGate(offline)).toMatchObject({
    passed: true,
    findings: [{ title: 'Yanked packages', message: expect.stringContaining('may not be seen') }],
  })
  expect(await auditGate(options)).toMatchObject({ passed: false, said: expect.stringContaining('1 yanked') })
})

test('the index is refreshed without asking for the private repositories of git dependencies', async () => {
  using library = madeProject({ 'Cargo.toml': manifestOf('library'), 'src/lib.rs': '' })
  using project = lockedProject([SMALLVEC])
  using places = freshPlaces()
  const { environment } = optionsFor(project, places)
  appendFileSync(join(project.folder, 'Cargo.toml'), `library = { git = "file://${library.folder}" }\n`)
  execFileSync('cargo', ['fetch'], { cwd: project.folder, env: environment, stdio: 'ignore' })
  rmSync(join(library.folder, '.git'), { recursive: true })
  const lock = readFileSync(join(project.folder, 'Cargo.lock'), 'utf8')
  expect(lock).toContain('source = "git+file://')
  const { signal } = new AbortController()
  const packages = readLock(lock)
  const refresh = { root: project.folder, environment, patienceMs: 60_000, signal }
  expect(await refreshIndex({ ...refresh, packages })).toBeUndefined()
  expect(readFileSync(join(project.folder, 'Cargo.lock'), 'utf8')).toBe(lock)
})

test('what a hostile database says is only text', async () => {
  const nasty = '\x1b[31m::error file=x::y%0A##[add-mask]z\x07\u202e\u2028 <script>`'
  await using database = await madeAdvisoryDatabase({
    ...OVERFLOW,
    title: nasty,
    description: `::set-output name=x::y\n${nasty}\n`.repeat(1000),
  })
  using project = lockedProject([SMALLVEC], { '.cargo/audit.toml': servedBy(database) })
  using places = freshPlaces()
  const { options, lines } = judged(project.folder)
  const { findings } = await auditGate({
    ...optionsFor(project, places, { environment: database.environment }),
    log: options.log,
  })
  expect(findings).toHaveLength(1)
  expect(findings[0]?.title).toBe('RUSTSEC-2025-9001: ::error file=x::y%0A##[add-mask]z <script>`')
  expect(findings[0]?.message).not.toContain('::')
  expect(lines.join('\n')).not.toMatch(/::|##\[/)
})

test('no cargo-audit, and a run that was stopped', async () => {
  await using database = await madeAdvisoryDatabase(OVERFLOW)
  using project = lockedProject([SMALLVEC], { '.cargo/audit.toml': servedBy(database) })
  using places = freshPlaces()
  const options = optionsFor(project, places, { environment: database.environment })
  await expect(auditGate({ ...options, bringProgram: async () => join(places.home, 'cargo-audit') })).rejects.toThrow(
    Failed,
  )
  database.answer('never')
  const stopped = new AbortController()
  const running = auditGate({ ...options, signal: stopped.signal })
  await vi.waitUntil(() => database.asked() > 0, { timeout: 60_000 })
  stopped.abort()
  await expect(running).rejects.toThrow(Cancelled)
})

function lineOf(lock: string, name: string): number {
  return lock.split('\n').indexOf(`name = "${name}"`) + 1
}
