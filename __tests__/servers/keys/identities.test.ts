import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { defaultIdentities } from '../../../src/servers/keys/identities.ts'
import { removeFolder } from '../../remove-folder.ts'

function madeHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'rust-deploy-home-'))
  onTestFinished(() => removeFolder(home))
  return home
}

test('the keys that ssh takes by default are found, the best kind first', async () => {
  const home = madeHome()
  expect(await defaultIdentities(home)).toEqual([])
  mkdirSync(join(home, '.ssh'))
  for (const name of ['id_rsa', 'id_ed25519', 'id_ed25519.pub', 'id_dsa', 'id_ed25519_sk', 'deploy']) {
    writeFileSync(join(home, '.ssh', name), 'key')
  }
  symlinkSync('deploy', join(home, '.ssh', 'id_ecdsa'))
  const names = ['id_ed25519', 'id_ecdsa', 'id_rsa']
  expect(await defaultIdentities(home)).toEqual(names.map((name) => join(home, '.ssh', name)))
})

test('folders and links to nowhere are none', async () => {
  const home = madeHome()
  mkdirSync(join(home, '.ssh', 'id_rsa'), { recursive: true })
  symlinkSync('gone', join(home, '.ssh', 'id_ed25519'))
  expect(await defaultIdentities(home)).toEqual([])
  expect(await defaultIdentities(join(home, '.ssh', 'id_rsa', 'gone'))).toEqual([])
})
