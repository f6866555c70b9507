import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeFolder } from '../../remove-folder.ts'
import { run } from '../ground/command.ts'

/** A certificate authority of a test: for the servers, and for the keys that Fulcio certifies. */
export class Authority implements Disposable {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async create(): Promise<Authority> {
    const authority = new Authority(mkdtempSync(join(tmpdir(), 'rust-deploy-authority-')))
    const { key, certificate } = authority
    const subject = ['-subj', '/CN=rust-deploy lab', '-addext', 'keyUsage=critical,keyCertSign,cRLSign']
    await openssl('req', '-x509', ...NEW_KEY, '-keyout', key, '-out', certificate, '-days', '2', ...subject)
    return authority
  }

  /** What a client must trust. */
  get certificate(): string {
    return join(this.#folder, 'ca.pem')
  }

  get key(): string {
    return join(this.#folder, 'ca.key')
  }

  async forHosts(hosts: readonly string[]): Promise<{ key: string; cert: string }> {
    const [key, cert] = [join(this.#folder, 'server.key'), join(this.#folder, 'server.pem')]
    const names = ['-subj', '/CN=server', '-addext', `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(',')}`]
    const signed = ['-CA', this.certificate, '-CAkey', this.key, '-days', '2']
    await openssl('req', '-x509', ...NEW_KEY, '-keyout', key, '-out', cert, ...names, ...signed)
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  }

  /** Certifies somebody's public key for somebody's identity, as Fulcio does. */
  async forKey(publicKey: string, identity: string): Promise<string> {
    const [key, cert] = [join(this.#folder, 'signer.pub'), join(this.#folder, 'signer.pem')]
    const extensions = join(this.#folder, 'signer.ext')
    writeFileSync(key, publicKey)
    writeFileSync(extensions, `subjectAltName=URI:${identity}\nextendedKeyUsage=codeSigning\n`)
    const subject = ['-subj', '/', '-force_pubkey', key, '-extfile', extensions]
    await openssl('x509', '-new', ...subject, '-CA', this.certificate, '-CAkey', this.key, '-days', '1', '-out', cert)
    return readFileSync(cert, 'utf8')
  }

  [Symbol.dispose](): void {
    removeFolder(this.#folder)
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

async function openssl(...args: string[]): Promise<void> {
  await run(['openssl', ...args])
}
