import { globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

const FLOOR = ['json', 'report', 'process']
const ROOMS = ['project', 'toolchain', 'cache', 'gates', 'build', 'servers']

/** What may be imported from where. A folder that is not here is a room that nobody has thought about. */
const ALLOWED: Record<string, readonly string[]> = {
  json: [],
  report: ['json'],
  process: ['report', 'json'],
  ...Object.fromEntries(ROOMS.map((room) => [room, FLOOR])),
  settings: ['json', 'report'],
  pipeline: ['settings', ...ROOMS, ...FLOOR],
  // The doors and what they share.
  '.': ['.', 'pipeline', 'settings', ...FLOOR],
}

const files = globSync('src/**/*.ts')

test('knowledge goes from the doors down, and rooms do not know each other', () => {
  const wrong = files.flatMap((file) => {
    const room = roomOf(file)
    return importsOf(file)
      .map((path) => roomOf(join(dirname(file), path)))
      .filter((other) => other !== room && !ALLOWED[room]?.includes(other))
      .map((other) => `${file} imports ${other}`)
  })
  expect(wrong).toEqual([])
  expect(new Set(files.map(roomOf))).toEqual(new Set(Object.keys(ALLOWED)))
})

test('only the doors touch the environment, the arguments and the standard streams', () => {
  // The last is a program of its own too, which the cache starts.
  const doors = ['src/main.ts', 'src/cli.ts', 'src/post.ts', 'src/signals.ts', 'src/cache/transfer.ts']
  const touching = files.filter((file) =>
    /process\.(env|argv|stdin|stdout|stderr|exit)\b/.test(readFileSync(file, 'utf8')),
  )
  // Whether colours are wanted is asked of the stream that they go to.
  expect(touching.filter((file) => !doors.includes(file))).toEqual(['src/report/terminal.ts'])
})

test('what main loads at its start is small: the storage client comes only when it is wanted', () => {
  const loaded = new Set<string>()
  const load = (file: string) => {
    if (loaded.has(file)) return
    loaded.add(file)
    for (const [, next = ''] of readFileSync(join('dist', file), 'utf8').matchAll(/(?:from|import)"\.\/([^"]+)"/g))
      load(next)
  }
  load('main.js')
  expect([...loaded]).not.toContain('chunk-artifact.js')
  expect([...loaded].reduce((sum, file) => sum + statSync(join('dist', file)).size, 0)).toBeLessThan(1_000_000)
})

test('children are started in one place, and never through a shell', () => {
  const starting = files.filter((file) => readFileSync(file, 'utf8').includes("'node:child_process'"))
  expect(starting).toEqual(['src/process/command.ts'])
  expect(readFileSync('src/process/command.ts', 'utf8')).not.toMatch(/shell:|\bexec(Sync|File)?\b/)
})

function importsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+\.ts)'/g)].map(([, path = '']) => path)
}

function roomOf(file: string): string {
  const folder = dirname(relative('src', file))
  return folder.split('/')[0] ?? '.'
}
