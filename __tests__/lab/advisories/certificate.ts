import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../ground/command.ts'
import { debianPackages } from '../ground/packages.ts'

export type Certificate = {
  key: string
  cert: string
  /** What makes the usual programs trust it, beside all that this machine trusts already. */
  environment: Readonly<Record<string, string>>
}

/** A certificate for localhost that nobody knows, made in a folder that the caller owns. */
export async function localCertificate(folder: string): Promise<Certificate> {
  await debianPackages('openssl')
  const openssl = (...args: string[]) => run(['openssl', ...args], { cwd: folder })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] as const
  // Rust's TLS refuses a certificate that has signed itself as an authority, so there are two.
  const authority = [
    '-keyout',
    'authority.key',
    '-out',
    'authority.pem',
    '-subj',
    '/CN=The authority of a test',
  ] as const
  await openssl('req', '-x509', ...key, ...authority, '-days', '2', '-addext', 'basicConstraints=critical,CA:TRUE')
  await openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost')
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n')
  const signed = ['-CA', 'authority.pem', '-CAkey', 'authority.key', '-CAcreateserial'] as const
  await openssl('x509', '-req', '-in', 'server.csr', ...signed, '-days', '2', '-extfile', 'names', '-out', 'server.pem')
  const bundle = join(folder, 'trusted.pem')
  writeFileSync(bundle, `${trusted()}\n${readFileSync(join(folder, 'authority.pem'), 'utf8')}`)
  return {
    key: readFileSync(join(folder, 'server.key'), 'utf8'),
    cert: readFileSync(join(folder, 'server.pem'), 'utf8'),
    environment: { SSL_CERT_FILE: bundle, GIT_SSL_CAINFO: bundle, CARGO_HTTP_CAINFO: bundle },
  }
}

function trusted(): string {
  const files = [process.env['SSL_CERT_FILE'], '/etc/ssl/certs/ca-certificates.crt']
  const file = files.find((path) => path !== undefined && path !== '' && existsSync(path))
  return file === undefined ? '' : readFileSync(file, 'utf8')
}
