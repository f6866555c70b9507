import { readFileSync } from 'node:fs'

/**
 * The true count of a test run as one line, from vitest's JSON: `N passed, N failed, N skipped`. What kept tests from
 * running at all, and checks that failed beside them (their number is the second argument), count as failures too: a
 * line that looks green must be green. Exits with 1 unless everything passed and nothing was skipped.
 */
const [, , path, checksFailed = '0'] = process.argv
const { passed, failed, skipped } = counted(path)
const allFailed = failed + Number(checksFailed)
console.log(`${passed} passed, ${allFailed} failed, ${skipped} skipped`)
process.exit(passed > 0 && allFailed === 0 && skipped === 0 ? 0 : 1)

/** @param {string} file */
function counted(file) {
  try {
    const results = JSON.parse(readFileSync(file, 'utf8'))
    const { numPassedTests: passed, numFailedTests, numPendingTests, numTodoTests, success } = results
    // A file that could not even be loaded has no tests, and yet the run did not succeed.
    const failed = success ? numFailedTests : Math.max(1, numFailedTests)
    return { passed, failed, skipped: numPendingTests + numTodoTests }
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}
