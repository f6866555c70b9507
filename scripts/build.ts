import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { licencesOf } from './licences.ts'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

for (const old of readdirSync(dist, { withFileTypes: true })) rmSync(join(dist, old.name), { recursive: true })

const bundle = await rolldown({
  cwd: root,
  input: { main: 'src/main.ts', post: 'src/post.ts', cli: 'src/cli.ts', transfer: 'src/cache/transfer.ts' },
  platform: 'node',
  // @actions/core drags in an HTTP client that only its OIDC half uses. None of these packages does anything by being
  // imported, so what is not used can go: 5 kB instead of 420.
  treeshake: {
    moduleSideEffects: (id) => !/node_modules\/(@actions\/(core|exec|http-client|io)|undici|tunnel)\//.test(id),
  },
})
const { output } = await bundle.write({
  dir: dist,
  format: 'esm',
  minify: true,
  entryFileNames: '[name].js',
  // Without hashes, so that the history of dist shows what changed.
  chunkFileNames: 'chunk-[name].js',
  plugins: [licencesOf()],
})
await bundle.close()

const size = output.reduce((sum, file) => sum + Buffer.byteLength(file.type === 'chunk' ? file.code : file.source), 0)
console.log(`${output.length} files, ${(size / 1e6).toFixed(2)} MB`)
