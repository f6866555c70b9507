import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { removeFolder } from '../__tests__/remove-folder.ts'
import { median, type Row } from './measure.ts'

const root = join(import.meta.dirname, '..')
const RUNS = 21

/**
 * How long the committed bundle takes to its first line, and how much code it loads, beside the same program bundled so
 * that everything is loaded at the start.
 */
export async function start(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'rust-deploy-bench-'))
  try {
    const eager = join(folder, 'eager')
    await bundleEverything(eager)
    const ours = join(root, 'dist/main.js')
    const theirs = join(eager, 'main.js')
    const empty = join(folder, 'empty.mjs')
    writeFileSync(empty, 'process.stdout.write("\\n")\n')

    const times: Record<string, number[]> = { ours: [], theirs: [], empty: [] }
    // In turn, so that a slow moment of the machine meets all of them.
    for (let run = 0; run < RUNS + 1; run++) {
      for (const [name, path] of Object.entries({ ours, theirs, empty })) {
        const milliseconds = await firstLine(path, folder)
        // The first round warms the disk's cache.
        if (run > 0) times[name]?.push(milliseconds)
      }
    }
    const loaded = [ours, theirs].map((path) => loadedBytes(path, folder))
    return [
      {
        what: 'main.js to its first line',
        ours: `${median(times['ours']).toFixed(0)} ms`,
        theirs: `${median(times['theirs']).toFixed(0)} ms (everything loaded)`,
        ratio: median(times['ours']) / median(times['theirs']),
        goal: '≤ 150 ms',
        met: median(times['ours']) <= 150,
      },
      {
        what: 'the same against an empty script',
        ours: `${median(times['ours']).toFixed(0)} ms`,
        theirs: `${median(times['empty']).toFixed(0)} ms (Node alone)`,
        ratio: median(times['ours']) / median(times['empty']),
        goal: '',
        met: true,
      },
      {
        what: 'code that a plan loads',
        ours: `${((loaded[0] ?? 0) / 1e3).toFixed(0)} kB`,
        theirs: `${((loaded[1] ?? 0) / 1e3).toFixed(0)} kB (everything loaded)`,
        ratio: (loaded[0] ?? 0) / (loaded[1] ?? 1),
        goal: '< 1 MB',
        met: (loaded[0] ?? 0) < 1e6,
      },
      {
        what: 'the whole bundle, without licence texts',
        ours: `${(bundleBytes() / 1e6).toFixed(2)} MB`,
        theirs: `${((loaded[1] ?? 0) / 1e6).toFixed(2)} MB (everything in one file, main only)`,
        ratio: bundleBytes() / (loaded[1] ?? 1),
        goal: '≤ 3.5 MB',
        met: bundleBytes() <= 3.5e6,
      },
    ]
  } finally {
    removeFolder(folder)
  }
}

function bundleBytes(): number {
  const dist = join(root, 'dist')
  return readdirSync(dist)
    .filter((name) => name.endsWith('.js'))
    .reduce((sum, name) => sum + statSync(join(dist, name)).size, 0)
}

/** The same program with plain settings: no lazy chunks, and nothing said about side effects. */
async function bundleEverything(dir: string): Promise<void> {
  const bundle = await rolldown({ cwd: root, input: { main: 'src/main.ts' }, platform: 'node' })
  await bundle.write({ dir, format: 'esm', minify: true, entryFileNames: '[name].js', codeSplitting: false })
  await bundle.close()
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}\n')
}

function environment(folder: string): NodeJS.ProcessEnv {
  // A plan of a folder without a project: the shortest way through, refused at its end.
  return { PATH: process.env['PATH'], INPUT_COMMAND: 'plan', RUNNER_TEMP: folder }
}

function firstLine(path: string, folder: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now()
    const child = spawn(process.execPath, [path], {
      cwd: folder,
      env: environment(folder),
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let milliseconds = Number.NaN
    child.stdout.once('data', () => {
      milliseconds = performance.now() - began
    })
    child.once('error', reject)
    child.once('close', () => resolve(milliseconds))
  })
}

/** The sizes of the files that Node really opened as modules, by its own word. */
function loadedBytes(path: string, folder: string): number {
  const hook = `import { registerHooks } from 'node:module'
import { appendFileSync, statSync } from 'node:fs'
registerHooks({ load(url, context, next) {
  if (url.startsWith('file:')) appendFileSync(process.env.LOADED, statSync(new URL(url)).size + '\\n')
  return next(url, context)
} })`
  const hookPath = join(folder, 'hook.mjs')
  const list = join(folder, `loaded-${Math.random()}`)
  writeFileSync(hookPath, hook)
  writeFileSync(list, '')
  // The plan is refused, as it should be: only what it loaded counts.
  spawnSync(process.execPath, ['--import', hookPath, path], {
    env: { ...environment(folder), LOADED: list },
    cwd: folder,
  })
  return readFileSync(list, 'utf8')
    .split('\n')
    .reduce((sum, line) => sum + Number(line), 0)
}
