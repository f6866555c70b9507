import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { addressOf, pathOnMirror } from '../../../src/toolchain/tools/address.ts'
import { type PinnedTools, pinnedTools } from '../../../src/toolchain/tools/pins.ts'

const tools: PinnedTools = pinnedTools
const rows = Object.entries(tools).flatMap(([tool, { version, pins }]) =>
  Object.entries(pins).map(([system, pin]) => ({ tool, version, system, ...pin })),
)

test('every tool is pinned for Linux and macOS, on x86_64 and aarch64', () => {
  for (const { pins } of Object.values(tools)) {
    expect(Object.keys(pins)).toEqual(['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'])
  }
})

test.each(rows)(
  '$tool for $system is one exact file of one exact release',
  ({ tool, version, url, sha256, binary }) => {
    expect(new URL(url).protocol).toBe('https:')
    expect(url).toContain(version)
    expect(url).toMatch(/\.(tar\.gz|tgz|tar\.xz)$/)
    expect(sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(basename(binary)).toBe(tool)
    expect(binary).not.toMatch(/^\/|\.\./)
  },
)

test('no two different files have the same hash or the same place on a mirror', () => {
  const urls = new Set(rows.map(({ url }) => url))
  expect(new Set(rows.map(({ sha256 }) => sha256)).size).toBe(urls.size)
  expect(new Set(rows.map(({ url, tool, version }) => pathOnMirror(url, tool, version))).size).toBe(urls.size)
})

const url = 'https://releases.invalid/zig-x86_64-linux-0.16.0.tar.xz'
const from = (mirror: string) => addressOf({ url, tool: 'zig', version: '0.16.0', mirror }).href

test('a mirror takes the place of every home', () => {
  const held = 'zig/0.16.0/zig-x86_64-linux-0.16.0.tar.xz'
  expect(from('')).toBe(url)
  expect(from('https://mirror.example')).toBe(`https://mirror.example/${held}`)
  expect(from('https://mirror.example/a/b//')).toBe(`https://mirror.example/a/b/${held}`)
  expect(from('http://127.0.0.1:81/')).toBe(`http://127.0.0.1:81/${held}`)
  expect(from('http://[::1]:81')).toBe(`http://[::1]:81/${held}`)
})

test.each([
  'mirror.example',
  'http://mirror.example',
  'http://127.0.0.1.example',
  'http://localhost.example',
  'ftp://mirror.example',
  'file:///tmp',
  'https://name:secret@mirror.example',
  'https://mirror.example/?token=secret',
  'https://mirror.example/#part',
])('a mirror at %s is refused, in words that do not repeat what may be a secret', (mirror) => {
  const refused = () => from(mirror)
  expect(refused).toThrow('Write an https address without a login')
  expect(refused).not.toThrow('secret')
})
