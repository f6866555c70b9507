import { restoreCache, saveCache } from '@actions/cache'

/** What the usual cache action does, with its library and its defaults. */
const [operation, key = '', ...paths] = process.argv.slice(2)
const found = operation === 'save' ? await saveCache(paths, key) : await restoreCache(paths, key)
console.log(`found ${found}`)
process.exit()
