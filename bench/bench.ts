import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release } from 'node:os'
import { join } from 'node:path'
import { build } from './build.ts'
import type { Row } from './measure.ts'
import { start } from './start.ts'

/** `npm run bench` measures everything, `npm run bench -- start` one part; each rewrites its part of the README beside it. */
const parts: Record<string, () => Promise<Row[]>> = { start, build }

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !(name in parts))
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}; there is ${Object.keys(parts).join(', ')}.`)
  process.exit(2)
}

for (const [name, measure] of Object.entries(parts)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  const [load = 0] = loadavg()
  const rows = await measure()
  console.log(`\n${name}\n`)
  for (const { what, ours, theirs, ratio, goal, met } of rows) {
    console.log(
      `  ${what}: ${ours}${theirs && `, beside ${theirs}`}, ratio ${ratio.toFixed(2)}${goal && `, goal ${goal}: ${met ? 'met' : 'MISSED'}`}`,
    )
  }
  keep(name, rows, load)
}

function keep(name: string, rows: readonly Row[], load: number): void {
  const path = join(import.meta.dirname, 'README.md')
  const cpu = cpus()[0]?.model.trim() ?? 'unknown processor'
  const machine = `${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores of ${cpu}, Linux ${release().split('-')[0]}, Node ${process.versions.node}, load ${load.toFixed(1)} before it`
  const table = rows.map(
    ({ what, ours, theirs, ratio, goal, met }) =>
      `| ${what} | ${ours} | ${theirs} | ${ratio.toFixed(2)} | ${goal} | ${goal && (met ? 'yes' : '**no**')} |`,
  )
  const part = [
    `<!-- measured: ${name} -->`,
    `Measured ${machine}.`,
    '',
    '| what | ours | beside it | ratio | goal | met |',
    '| --- | --- | --- | --- | --- | --- |',
    ...table,
    `<!-- end of ${name} -->`,
  ].join('\n')
  const text = readFileSync(path, 'utf8')
  const mark = new RegExp(`<!-- measured: ${name} -->[\\s\\S]*?<!-- end of ${name} -->`)
  writeFileSync(path, mark.test(text) ? text.replace(mark, () => part) : `${text.trimEnd()}\n\n## ${name}\n\n${part}\n`)
}
