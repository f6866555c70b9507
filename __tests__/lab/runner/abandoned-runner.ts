import { startRunner } from './runner.ts'

/** A test that will be killed half-way, as a process of its own: it says what is running, and waits for its end. */
const runner = await startRunner({ action: process.argv[2] ?? '' })
const step = runner.runStep()
const line = await step.said('is ready')
console.log(`${step.pid}\n${line}`)
await step.done
