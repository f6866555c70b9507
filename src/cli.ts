import { mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { program } from './identity.ts'
import { secretsIn } from './pipeline/gather.ts'
import { inert, inertResult } from './report/inert.ts'
import { plainDisplay } from './report/plain.ts'
import { Redaction } from './report/redact.ts'
import { resultText } from './report/result-text.ts'
import { terminalDisplay } from './report/terminal.ts'
import { type RunEnd, run } from './run.ts'
import { readCommandLine } from './settings/command-line.ts'
import { helpText } from './settings/help.ts'
import { Signals } from './signals.ts'
import { surroundingsOf } from './surroundings.ts'

const { env, argv, stdout, stderr } = process
const args = argv.slice(2)
// A reader that has seen enough (`| head -1`) is no failure of the run.
for (const stream of [stdout, stderr]) stream.on('error', () => {})

if (args.includes('--help') || args.includes('-h')) {
  stdout.write(helpText(stdout.columns ?? 80))
} else if (args.includes('--version')) {
  stdout.write(`${program}\n`)
} else {
  const scratch = mkdtempSync(join(tmpdir(), 'rust-deploy-'))
  const end = await runCommandLine(scratch)
  rmSync(scratch, { recursive: true, force: true })
  // Explicit, since idle connections of the storage client would keep the process for seconds. What a slow reader has not
  // taken yet would go with the process, and the last lines are those that say why.
  stdout.write('', () => stderr.write('', () => end.signals.end(end.exitCode)))
}

async function runCommandLine(scratch: string): Promise<RunEnd & { signals: Signals }> {
  const reading = readCommandLine(args, env)
  const redaction = new Redaction()
  redaction.hide(secretsIn(reading.given))
  // Progress goes to the standard error, so that the standard output is only the result.
  const write = (text: string) => void stderr.write(redaction.apply(text))
  const live = stderr.isTTY && !env['CI']
  // In a step of a workflow the runner reads commands from this stream too.
  const inStep = env['GITHUB_ACTIONS'] === 'true'
  const plain = inStep ? (text: string) => write(`${inert(text.trimEnd())}\n`) : write
  const display = live ? terminalDisplay({ write, columns: () => stderr.columns ?? 80 }) : plainDisplay(plain)
  const signals = new Signals((name) => display.problem('notice', `${name}: stopping …`))

  const end = await run(
    {
      reading,
      redaction,
      display,
      surroundings: surroundingsOf(env, {
        scratch,
        toolFolder:
          env['RUNNER_TOOL_CACHE'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'rust-deploy', 'tools'),
        colour: live,
        transfer: [process.execPath, join(import.meta.dirname, 'transfer.js')],
      }),
      reportFolder: (targetDirectory) =>
        targetDirectory === undefined ? scratch : resolve(targetDirectory, 'rust-deploy'),
    },
    signals.stop,
  )
  const result = redaction.apply(resultText(end.report, end.outputs, process.cwd()))
  stdout.write(inStep ? inertResult(result) : result)
  return { ...end, signals }
}
