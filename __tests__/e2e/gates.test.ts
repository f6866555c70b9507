import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import type { Report } from '../../src/report/report.ts'
import { type AdvisoryDatabase, madeAdvisoryDatabase } from '../lab/advisories/advisory-database.ts'
import { lockedProject, SMALLVEC } from '../lab/advisories/locked-project.ts'
import { freshPlaces, type Places } from '../lab/advisories/places.ts'
import { need } from '../lab/ground/need.ts'
import { startRunner } from '../lab/runner/runner.ts'
import { cargoTools } from '../lab/tools/cargo-tools.ts'
import { whyNoTools } from '../lab/tools/part.ts'
import { hello, madeProject } from '../made-project.ts'

const ROOT = join(import.meta.dirname, '../..')
/** What people are shown as an example is what this test sees; with WRITE_DOCS=1 it is written anew. */
const SHOWN = join(ROOT, 'docs/job-summary.md')

/** Times, commits and the version of Rust are others in each run, and which gate is the first to find something. */
function withoutChance(summary: string): string {
  const isFinding = (line: string) => line.startsWith('| ❌ |')
  const lines = summary.split('\n')
  return [...lines.filter((line) => !isFinding(line)), ...lines.filter(isFinding).sort()]
    .join('\n')
    .replace(/[0-9a-f]{40}/g, '<commit>')
    .replace(/\d+(\.\d+)? s\b|\d+ min \d+ s/g, '<time>')
    .replace(/\d+, \d+$/gm, '<time>')
    .replace(/rust-\d+\.\d+\.\d+/g, 'rust-<version>')
}

beforeEach((context) => need(context, 'tools', whyNoTools()))

/** One thing to find for each gate, each at a line of its own. */
const MAIN = `fn  main() {
    let names: Vec<String> = std::env::args().collect();
    if names.len() == 0 {
        println!("{}", hello(3));
    }
}

fn hello(times: usize) -> String {
    "hello ".repeat(times)
}

#[test]
fn says_hello_as_often_as_it_is_asked() {
    assert_eq!(hello(2), "hello hello");
}
`

const OVERFLOW = { id: 'RUSTSEC-2025-9001', package: 'smallvec', title: 'Buffer overflow', patched: ['>=1.6.1'] }

test('a project with one finding in every gate: each is an annotation at its line, once', async () => {
  await using database = await madeAdvisoryDatabase(OVERFLOW)
  using places = freshPlaces()
  mkdirSync(places.databases, { recursive: true })
  using project = lockedProject([SMALLVEC], {
    'src/main.rs': MAIN,
    '.cargo/audit.toml': `[database]\nurl = "${database.url}"\nstale = false\n`,
    'deny.toml': [
      `[advisories]\ndb-path = "${places.databases}"\ndb-urls = ["${database.url}"]\nignore = ["RUSTSEC-2025-9001"]`,
      '[licenses]\nallow = ["MIT", "Apache-2.0"]\nunused-allowed-license = "allow"',
      '[bans]\ndeny = [{ crate = "smallvec", reason = "arrays are enough" }]',
    ].join('\n'),
  })
  const { folder } = await cargoTools()
  await using runner = await startRunner({ action: ROOT, workspace: project.folder })
  const run = await runner.runStep({
    inputs: { command: 'check', gates: 'fmt, clippy, test, audit, deny' },
    env: { PATH: `${folder}:${process.env['PATH']}`, CARGO_HOME: places.home, ...database.environment },
  }).done
  const log = run.log.join('\n')
  expect(run.outcome, log).toBe('failure')
  expect(run.outputs['status']).toBe('failed')

  const lock = readFileSync(join(project.folder, 'Cargo.lock'), 'utf8').split('\n')
  const smallvec = lock.indexOf('name = "smallvec"') + 1
  const placed = run.annotations
    .filter(({ file }) => file !== undefined)
    .map(({ type, title, file, line }) => `${file}:${line} ${type} ${title}`)
  expect(placed.toSorted()).toEqual([
    `Cargo.lock:${smallvec} error RUSTSEC-2025-9001: Buffer overflow`,
    `Cargo.lock:${smallvec} error cargo-deny: banned`,
    'src/main.rs:1 error Not formatted',
    'src/main.rs:14 error Test says_hello_as_often_as_it_is_asked failed',
    'src/main.rs:3 error clippy::len_zero',
  ])
  const report: Report = JSON.parse(readFileSync(run.outputs['report'] ?? '', 'utf8'))
  expect(report.gates.map(({ gate, passed }) => [gate, passed])).toEqual(
    expect.arrayContaining(['fmt', 'clippy', 'test', 'audit', 'deny'].map((gate) => [gate, false])),
  )
  for (const { gate } of report.gates) expect(run.summary).toContain(`| ${gate} | ❌ `)
  if (process.env['WRITE_DOCS']) writeFileSync(SHOWN, run.summary)
  expect(withoutChance(run.summary)).toBe(withoutChance(readFileSync(SHOWN, 'utf8')))
})

/** The gates that judge Cargo.lock, on a project for which there is one advisory and one ban. */
async function judgedByTools(gates: string, database: AdvisoryDatabase, places: Places) {
  mkdirSync(places.databases, { recursive: true })
  using project = lockedProject([SMALLVEC], {
    '.cargo/audit.toml': `[database]\nurl = "${database.url}"\nstale = false\n`,
    'deny.toml': [
      `[advisories]\ndb-path = "${places.databases}"\ndb-urls = ["${database.url}"]`,
      '[licenses]\nallow = ["MIT", "Apache-2.0"]\nunused-allowed-license = "allow"',
      '[bans]\ndeny = ["smallvec"]',
    ].join('\n'),
  })
  const { folder } = await cargoTools()
  await using runner = await startRunner({ action: ROOT, workspace: project.folder })
  const run = await runner.runStep({
    inputs: { command: 'check', gates },
    env: { PATH: `${folder}:${process.env['PATH']}`, CARGO_HOME: places.home, ...database.environment },
  }).done
  const report: Report = JSON.parse(readFileSync(run.outputs['report'] ?? '', 'utf8'))
  const titles = run.annotations.map(({ type, title }) => `${type} ${title}`).toSorted()
  return { outcome: run.outcome, titles, gates: report.gates, log: run.log.join('\n') }
}

test('audit:warn and deny:warn tell everything as a warning, and pass', async () => {
  await using database = await madeAdvisoryDatabase(OVERFLOW)
  using places = freshPlaces()
  const { outcome, titles, gates, log } = await judgedByTools('audit:warn, deny:warn', database, places)
  expect([outcome, titles], log).toEqual([
    'success',
    [
      'warning RUSTSEC-2025-9001: Buffer overflow',
      'warning RUSTSEC-2025-9001: Buffer overflow',
      'warning cargo-deny: banned',
    ],
  ])
  expect(gates).toEqual([
    {
      ...{ gate: 'audit', passed: true, errors: 0, warnings: 1 },
      said: 'Among the 2 packages of Cargo.lock: 1 vulnerability. `audit:warn` only reports that.',
    },
    {
      ...{ gate: 'deny', passed: true, errors: 0, warnings: 2 },
      said: 'cargo-deny gives 2 warnings, and `deny:warn` only reports them.',
    },
  ])
})

test('a database that cannot be had stops audit and deny, but not audit:warn and deny:warn', async () => {
  await using database = await madeAdvisoryDatabase(OVERFLOW)
  database.answer('with an error')
  using places = freshPlaces()
  const warned = await judgedByTools('audit:warn, deny:warn', database, places)
  expect([warned.outcome, warned.titles], warned.log).toEqual([
    'success',
    ['warning Advisories were not checked', 'warning Nothing was audited', 'warning cargo-deny: banned'],
  ])
  expect(warned.gates.map(({ passed, errors, warnings }) => [passed, errors, warnings])).toEqual([
    [true, 0, 1],
    [true, 0, 2],
  ])
  const strict = await judgedByTools('audit, deny', database, places)
  expect([strict.outcome, strict.titles], strict.log).toEqual([
    'failure',
    expect.arrayContaining(['error Advisories were not checked', 'error Nothing was audited']),
  ])
  expect(strict.gates.map(({ gate, passed }) => [gate, passed])).toEqual([
    ['audit', false],
    ['deny', false],
  ])
})

test('nextest runs the tests when it is asked for, and its report can be found', async () => {
  using places = freshPlaces()
  using project = madeProject(hello({ 'src/main.rs': MAIN }))
  const { folder } = await cargoTools()
  await using runner = await startRunner({ action: ROOT, workspace: project.folder })
  const run = await runner.runStep({
    inputs: { command: 'check', gates: 'test:nextest' },
    env: { PATH: `${folder}:${process.env['PATH']}`, CARGO_HOME: places.home },
  }).done
  expect(run.outcome, run.log.join('\n')).toBe('failure')
  const report: Report = JSON.parse(readFileSync(run.outputs['report'] ?? '', 'utf8'))
  const junit = join(project.folder, 'target/rust-deploy/junit.xml')
  expect(report.gates).toEqual([
    { gate: 'test', passed: false, errors: 1, warnings: 0, said: '1 test failed, 0 passed.', junit },
  ])
  expect(run.log).toContain(`The report of the tests is in ${junit}.`)
  expect(readFileSync(junit, 'utf8')).toContain('says_hello_as_often_as_it_is_asked')
})
