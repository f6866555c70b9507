import { sweep } from './ground/release.ts'
import { parts } from './parts.ts'
import { sweepTracked } from './runner/orphans.ts'

/** `npm run lab -- <part>` starts a part for a developer at a terminal and keeps it until Ctrl-C. */
const [name, ...args] = process.argv.slice(2)
const part = parts.find((candidate) => candidate.name === name)

if (name === 'sweep') {
  await sweep()
  await sweepTracked()
  console.log('What dead owners left behind is gone.')
} else if (part === undefined) {
  console.log('Usage: npm run lab -- <part>\n')
  for (const each of parts) console.log(`  ${each.name.padEnd(10)}${each.about}${why(each.whyNot())}`)
  console.log('  sweep     removes what parts whose owner died have left behind')
  process.exitCode = name === undefined ? 0 : 2
} else {
  const whyNot = part.whyNot()
  if (whyNot !== undefined) {
    console.error(`${part.name} cannot run here: ${whyNot}`)
    process.exit(1)
  }
  // Heard from the beginning, so that there is no moment in which Ctrl-C would leave something behind.
  const stopped = stopSignal()
  console.log('preparing (the first time takes a while) …')
  await part.prepare()
  await using started = await part.show(args)
  console.log(`\n${started.lines.join('\n')}\n\nCtrl-C ends it.`)
  await stopped
  console.log('ending …')
}

function stopSignal(): Promise<void> {
  return new Promise<void>((resolve) => {
    // A timer keeps the process alive where the part itself does not.
    const alive = setInterval(() => {}, 60_000)
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        clearInterval(alive)
        resolve()
      })
    }
  })
}

function why(whyNot: string | undefined): string {
  return whyNot === undefined ? '' : ` (not here: ${whyNot})`
}
