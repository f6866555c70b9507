import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { verify } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { Refused } from '../../../src/report/ending.ts'
import { findAgent } from '../../../src/servers/keys/agent.ts'
import { defaultIdentities } from '../../../src/servers/keys/identities.ts'
import { type PrivateKey, readPrivateKey } from '../../../src/servers/keys/private-key.ts'
import { removeFolder } from '../../remove-folder.ts'
import { need } from '../ground/need.ts'
import { debianPackages, whyNoDebianRoot } from '../ground/packages.ts'

const PASSPHRASE = 'correct horse'
let folder = ''

beforeEach((context) => need(context, 'ssh-keygen, openssl and puttygen', whyNoDebianRoot()))
beforeAll(async () => {
  if (whyNoDebianRoot() === undefined) await debianPackages('openssh-client', 'openssl', 'putty-tools')
  folder = mkdtempSync(join(tmpdir(), 'rust-deploy-keys-'))
})
afterAll(() => removeFolder(folder))

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] }).toString()
}

let made = 0
const newPath = () => join(folder, `key-${made++}`)

/** The path of a new key. */
function keygen(...args: string[]): string {
  const path = newPath()
  run('ssh-keygen', '-q', '-f', path, '-C', 'made by a test', ...(args.includes('-N') ? args : [...args, '-N', '']))
  return path
}

function openssl(...args: string[]): string {
  const path = newPath()
  writeFileSync(path, run('openssl', ...args), { mode: 0o600 })
  return path
}

const ENCRYPTED = ['-N', PASSPHRASE]
const PASSOUT = ['-passout', `pass:${PASSPHRASE}`]
const plainEc = () => openssl('ecparam', '-genkey', '-noout', '-name', 'secp384r1')

/** Every form in which these programs write keys. */
const FORMS: Record<string, () => string> = {
  'OpenSSH Ed25519': () => keygen('-t', 'ed25519'),
  'OpenSSH RSA': () => keygen('-t', 'rsa', '-b', '2048'),
  'OpenSSH RSA of the least length': () => keygen('-t', 'rsa', '-b', '1024'),
  'OpenSSH ECDSA 256': () => keygen('-t', 'ecdsa', '-b', '256'),
  'OpenSSH ECDSA 384': () => keygen('-t', 'ecdsa', '-b', '384'),
  'OpenSSH ECDSA 521': () => keygen('-t', 'ecdsa', '-b', '521'),
  'OpenSSH encrypted as by default': () => keygen('-t', 'ed25519', ...ENCRYPTED),
  'OpenSSH RSA encrypted, CBC': () => keygen('-t', 'rsa', '-b', '1024', '-a', '1', '-Z', 'aes256-cbc', ...ENCRYPTED),
  'OpenSSH ECDSA encrypted, GCM': () => keygen('-t', 'ecdsa', '-a', '1', '-Z', 'aes256-gcm@openssh.com', ...ENCRYPTED),
  'OpenSSH encrypted, 3DES': () => keygen('-t', 'ed25519', '-a', '1', '-Z', '3des-cbc', ...ENCRYPTED),
  'PEM RSA of ssh-keygen': () => keygen('-t', 'rsa', '-b', '2048', '-m', 'PEM'),
  'PEM ECDSA of ssh-keygen': () => keygen('-t', 'ecdsa', '-m', 'PEM'),
  'PEM RSA encrypted by ssh-keygen': () => keygen('-t', 'rsa', '-b', '1024', '-m', 'PEM', ...ENCRYPTED),
  'PEM ECDSA encrypted by ssh-keygen': () => keygen('-t', 'ecdsa', '-m', 'PEM', ...ENCRYPTED),
  'PKCS#8 of ssh-keygen': () => keygen('-t', 'rsa', '-b', '1024', '-m', 'PKCS8'),
  'PKCS#8 encrypted by ssh-keygen': () => keygen('-t', 'ecdsa', '-m', 'PKCS8', ...ENCRYPTED),
  'PKCS#8 Ed25519 of openssl': () => openssl('genpkey', '-algorithm', 'ed25519'),
  'PKCS#8 Ed25519 encrypted by openssl': () =>
    openssl('genpkey', '-algorithm', 'ed25519', '-aes-256-cbc', '-pass', `pass:${PASSPHRASE}`),
  'PKCS#8 encrypted with scrypt': () => openssl('pkcs8', '-topk8', '-scrypt', '-in', plainEc(), ...PASSOUT),
  'PKCS#8 encrypted the way of PKCS#12': () =>
    openssl('pkcs8', '-topk8', '-v1', 'PBE-SHA1-3DES', '-in', plainEc(), ...PASSOUT),
  'PEM with parameters of the curve before it': () => openssl('ecparam', '-genkey', '-name', 'prime256v1'),
  'PEM with the curve spelt out': () =>
    openssl('ecparam', '-genkey', '-noout', '-name', 'prime256v1', '-param_enc', 'explicit'),
  'PEM RSA encrypted by openssl, 3DES': () => openssl('genrsa', '-traditional', '-des3', ...PASSOUT, '1024'),
  'PEM RSA encrypted by openssl, AES': () => openssl('genrsa', '-traditional', '-aes192', ...PASSOUT, '1024'),
}

test.each(Object.keys(FORMS))('a key of the real programs is read and can be used: %s', async (form) => {
  const path = FORMS[form]?.() ?? ''
  const text = readFileSync(path, 'utf8')
  const key = await readPrivateKey({ text, passphrase: PASSPHRASE })
  expectUsable(key)
  // ssh-keygen reads no Ed25519 of openssl's.
  if (!form.startsWith('PKCS#8 Ed25519')) expect(key.publicLine).toBe(publicLineOf(path))
  expect(key).toEqual(await readPrivateKey({ text: oneLine(text), passphrase: PASSPHRASE }))
  expect(openedBySshKeygen(key)).toEqual([key.publicLine, key.fingerprint])
  if (!form.includes('encrypted')) return
  await expect(readPrivateKey({ text })).rejects.toThrow('there is no passphrase')
  await expect(readPrivateKey({ text, passphrase: 'wrong' })).rejects.toThrow('cannot be opened')
})

const oneLine = (text: string) => `"${text.trim().replace(/\n/g, '\\n')}"`

/** ssh2 signs with what it reads, and node:crypto believes the public line. */
function expectUsable(key: PrivateKey): void {
  const parsed = ssh2.utils.parseKey(key.text)
  const half = ssh2.utils.parseKey(key.publicLine)
  if (parsed instanceof Error || half instanceof Error) throw new Error(`ssh2 does not read a ${key.type}`)
  expect([parsed.type, parsed.isPrivateKey()]).toEqual([key.type, true])
  const hash = key.type === 'ssh-ed25519' ? null : key.type === 'ecdsa-sha2-nistp384' ? 'sha384' : 'sha256'
  const said = Buffer.from('said')
  expect(verify(hash, said, half.getPublicPEM(), parsed.sign(said, hash ?? undefined))).toBe(true)
}

function publicLineOf(path: string): string {
  const [type, blob] = run('ssh-keygen', '-y', '-f', path, '-P', PASSPHRASE).split(' ')
  return `${type} ${blob?.trim()}`
}

function openedBySshKeygen(key: PrivateKey): (string | undefined)[] {
  const path = newPath()
  writeFileSync(path, key.text, { mode: 0o600 })
  const line = publicLineOf(path)
  writeFileSync(`${path}.pub`, line)
  return [line, run('ssh-keygen', '-l', '-f', `${path}.pub`).split(' ')[1]]
}

async function whyNot(text: string): Promise<string> {
  const fault: unknown = await readPrivateKey({ text, passphrase: PASSPHRASE }).catch((thrown: unknown) => thrown)
  expect(fault).toBeInstanceOf(Refused)
  return (fault as Refused).message
}

test('what these programs write that is no private key is told', async () => {
  const path = keygen('-t', 'ed25519')
  const read = (file: string) => readFileSync(file, 'utf8')
  expect(await whyNot(read(`${path}.pub`))).toContain('is the public half')
  for (const format of ['RFC4716', 'PEM', 'PKCS8']) {
    const rsa = keygen('-t', 'rsa', '-b', '1024')
    expect(await whyNot(run('ssh-keygen', '-e', '-m', format, '-f', `${rsa}.pub`)), format).toContain('public half')
  }
  run('ssh-keygen', '-q', '-s', keygen('-t', 'ecdsa'), '-I', 'me', '-n', 'deploy', `${path}.pub`)
  expect(await whyNot(read(`${path}-cert.pub`))).toContain('is a certificate')
  const hosts = newPath()
  writeFileSync(hosts, `example.org ${read(`${path}.pub`)}`)
  expect(await whyNot(read(hosts))).toContain('belongs into `ssh-known-hosts`')
  run('ssh-keygen', '-q', '-H', '-f', hosts)
  expect(read(hosts)).toMatch(/^\|1\|/)
  expect(await whyNot(read(hosts))).toContain('belongs into `ssh-known-hosts`')
  expect(await whyNot(read(openssl('genrsa', '-traditional', '512')))).toContain('is an RSA key of only 512 bits')
  const secp256k1 = ['ecparam', '-genkey', '-noout', '-name', 'secp256k1']
  expect(await whyNot(read(openssl(...secp256k1)))).toContain('is of a kind')
})

test('a cipher that ssh2 cannot undo is told, and the advice helps', async () => {
  const path = keygen('-t', 'ed25519', '-a', '1', '-Z', 'chacha20-poly1305@openssh.com', ...ENCRYPTED)
  const message = await whyNot(readFileSync(path, 'utf8'))
  const [, options = ''] = /`ssh-keygen (.*) -f <file>`/.exec(message) ?? []
  run('ssh-keygen', ...options.split(' '), '-a', '1', '-f', path, '-P', PASSPHRASE, '-N', PASSPHRASE)
  expectUsable(await readPrivateKey({ text: readFileSync(path, 'utf8'), passphrase: PASSPHRASE }))
})

test('a key of PuTTY is told, and the advice helps', async () => {
  for (const version of ['2', '3']) {
    const path = keygen('-t', 'ed25519')
    const [putty, converted] = [`${path}.ppk`, `${path}.new`]
    run('puttygen', path, '-O', 'private', '--ppk-param', `version=${version}`, '-o', putty)
    const message = await whyNot(readFileSync(putty, 'utf8'))
    expect(message).toContain('`puttygen <file>.ppk -O private-openssh -o <new file>`')
    run('puttygen', putty, '-O', 'private-openssh', '-o', converted)
    const key = await readPrivateKey({ text: readFileSync(converted, 'utf8') })
    expect(key.publicLine).toBe(publicLineOf(path))
  }
})

test('a key of ssh.com is told, and the advice helps', async () => {
  const path = keygen('-t', 'rsa', '-b', '1024')
  run('puttygen', path, '-O', 'private-sshcom', '-o', `${path}.com`)
  expect(await whyNot(readFileSync(`${path}.com`, 'utf8'))).toContain('`ssh-keygen -i -f <file>`')
  const key = await readPrivateKey({ text: run('ssh-keygen', '-i', '-f', `${path}.com`) })
  expect(key.publicLine).toBe(publicLineOf(path))
})

/** In the foreground, so that its id is known; it says where it listens once it does. */
async function startAgent(): Promise<{ agent: ChildProcess; socket: string }> {
  const socket = join(folder, `agent-${made++}`)
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void agent.kill('SIGKILL'))
  await once(agent.stdout, 'data')
  return { agent, socket }
}

function addKey(socket: string, path: string): void {
  execFileSync('ssh-add', ['-q', path], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' })
}

test('an agent tells its keys, and is missed when it is gone', async () => {
  const { agent, socket } = await startAgent()
  expect(await findAgent({ SSH_AUTH_SOCK: socket })).toEqual({ why: expect.stringContaining('has no key') })
  const paths = [keygen('-t', 'ed25519'), keygen('-t', 'rsa', '-b', '2048'), keygen('-t', 'ecdsa')]
  for (const path of paths) addKey(socket, path)
  const keys = await Promise.all(paths.map((path) => readPrivateKey({ text: readFileSync(path, 'utf8') })))
  expect(await findAgent({ SSH_AUTH_SOCK: socket })).toEqual({
    socket,
    keys: keys.map(({ type, fingerprint }) => ({ type, fingerprint, comment: 'made by a test' })),
  })
  agent.kill('SIGTERM')
  await once(agent, 'exit')
  expect(await findAgent({ SSH_AUTH_SOCK: socket })).toEqual({ why: expect.stringContaining('is gone') })
})

test('a killed agent leaves a socket, and a stopped one never answers', async () => {
  const { agent: killed, socket } = await startAgent()
  killed.kill('SIGKILL')
  await once(killed, 'exit')
  expect(await findAgent({ SSH_AUTH_SOCK: socket })).toEqual({ why: expect.stringContaining('nobody listens') })
  const { agent: stopped, socket: silent } = await startAgent()
  stopped.kill('SIGSTOP')
  expect(await findAgent({ SSH_AUTH_SOCK: silent })).toEqual({ why: expect.stringContaining('did not answer') })
})

test('a key in the agent that is a certificate is left out', async () => {
  const path = keygen('-t', 'ed25519')
  run('ssh-keygen', '-q', '-s', keygen('-t', 'ecdsa'), '-I', 'me', '-n', 'deploy', `${path}.pub`)
  const { socket } = await startAgent()
  addKey(socket, path)
  const found = await findAgent({ SSH_AUTH_SOCK: socket })
  expect('keys' in found && found.keys.map(({ type }) => type)).toEqual(['ssh-ed25519'])
})

test('default identities that may not be read, or are pipes, are left out', async () => {
  const home = newPath()
  mkdirSync(join(home, '.ssh'), { recursive: true })
  writeFileSync(join(home, '.ssh', 'id_ed25519'), 'key', { mode: 0o600 })
  writeFileSync(join(home, '.ssh', 'id_rsa'), 'key', { mode: 0o644 })
  run('mkfifo', join(home, '.ssh', 'id_ecdsa'))
  run('chmod', '-R', 'go+X', folder)
  process.seteuid?.('nobody')
  onTestFinished(() => process.seteuid?.(0))
  expect(await defaultIdentities(home)).toEqual([join(home, '.ssh', 'id_rsa')])
})
