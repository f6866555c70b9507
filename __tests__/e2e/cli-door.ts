import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Report } from '../../src/report/report.ts'
import { kept } from '../lab/ground/machine.ts'

export type CliRun = {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  report: () => Report
}

export type CliOptions = {
  folder: string
  env?: Record<string, string>
  node?: string
  /** Called with the process while it runs, once for each line that it prints. */
  onLine?: (line: string, pid: number) => void
}

export const CLI = join(import.meta.dirname, '../../dist/cli.js')

/** Runs the committed bundle as a person at a terminal without one: in a folder, with a plain environment. */
export function cli(args: readonly string[], options: CliOptions): Promise<CliRun> {
  const { folder, env = {}, node = process.execPath, onLine } = options
  return new Promise((resolve, reject) => {
    const child = spawn(node, [CLI, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: homedir(), ...kept(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    createInterface({ input: child.stderr }).on('line', (line) => onLine?.(line, child.pid ?? 0))
    child.once('error', reject)
    child.once('close', (code, signal) => {
      const target = env['CARGO_TARGET_DIR'] ?? join(folder, 'target')
      const report = () => JSON.parse(readFileSync(join(target, 'rust-deploy/report.json'), 'utf8')) as Report
      resolve({ code, signal, stdout, stderr, report })
    })
  })
}
