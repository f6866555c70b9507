import { defineConfig } from 'vitest/config'

/** .ci/run reads the true count from here. */
const results = process.env['TEST_RESULTS']

/** A process for each file: the tests of the lab own real things, and ownership is by process. */
const shared = { pool: 'forks', maxWorkers: 2, testTimeout: 60_000, hookTimeout: 600_000 } as const

export default defineConfig({
  // It would warn about source maps that packages leave out.
  logLevel: 'error',
  test: {
    reporters: results === undefined ? ['default'] : ['default', ['json', { outputFile: results }]],
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['__tests__/**/*.test.ts'],
          exclude: ['__tests__/lab/**', '__tests__/e2e/**'],
          // It imports JSON the way bundlers understand and Node does not.
          server: { deps: { inline: [/@actions\/(workflow-parser|expressions)/] } },
        },
      },
      {
        test: {
          ...shared,
          name: 'lab',
          include: ['__tests__/lab/**/*.test.ts', '__tests__/e2e/**/*.test.ts'],
          globalSetup: ['__tests__/lab/prepare.ts'],
          // Toolchains, workflows and compilers run here: a slow machine is no failure.
          testTimeout: 300_000,
        },
      },
    ],
  },
})
