import { readFileSync, writeFileSync } from 'node:fs'
import { restoreCache, saveCache } from '@actions/cache'
import { ANSWER, type Answer, REQUEST, type Request } from './service.ts'

// A program of its own, which the service starts in a folder of its own. The toolkit takes its whole world from the
// environment and the working directory, prints workflow commands, and can be neither stopped nor timed: a process can.
const request: Request = JSON.parse(readFileSync(REQUEST, 'utf8'))
writeFileSync(ANSWER, JSON.stringify(await answer()))
// Explicit, since a download that failed leaves its connection open.
process.exit()

async function answer(): Promise<Answer> {
  const paths = [request.file]
  if (request.operation === 'save') return { saved: (await saveCache(paths, request.key)) > 0 }
  return { key: await restoreCache(paths, request.key, [...request.restoreKeys]) }
}
