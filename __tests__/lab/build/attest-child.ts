import { text } from 'node:stream/consumers'
import { attest } from '../../../src/build/attest.ts'

// A process of its own, since the client reads its whole world from the environment when it is loaded.
const findings: unknown[] = []
const options = JSON.parse(await text(process.stdin))
const log = { info() {}, output() {}, finding: (finding: unknown) => void findings.push(finding) }
const result = await attest({ ...options, log, signal: new AbortController().signal }).catch((error: unknown) => ({
  kind: 'failed',
  why: String(error),
}))
process.stdout.write(`\n@result ${JSON.stringify({ ...result, findings })}\n`, () => process.exit())
