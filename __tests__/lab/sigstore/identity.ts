import { generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto'

const CLAIMS = {
  sub: 'repo:octo/hello:ref:refs/heads/main',
  ref: 'refs/heads/main',
  sha: 'c0ffee'.padEnd(40, '0'),
  repository: 'octo/hello',
  event_name: 'push',
  job_workflow_ref: 'octo/hello/.github/workflows/deploy.yml@refs/heads/main',
  workflow_ref: 'octo/hello/.github/workflows/deploy.yml@refs/heads/main',
  repository_id: '1',
  repository_owner_id: '2',
  runner_environment: 'github-hosted',
  run_id: '12',
  run_attempt: '1',
}

/** Who a job is, in tokens that its issuer signs. */
export class Identity {
  readonly #keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  readonly #issuer: string

  constructor(issuer: string) {
    this.#issuer = issuer
  }

  get jwks(): { keys: JsonWebKey[] } {
    return { keys: [{ ...this.#keys.publicKey.export({ format: 'jwk' }), kid: 'lab', alg: 'RS256', use: 'sig' }] }
  }

  get subject(): string {
    return CLAIMS.sub
  }

  token(audience: string): string {
    const now = Math.floor(Date.now() / 1000)
    const claims = { ...CLAIMS, iss: this.#issuer, aud: audience, iat: now, nbf: now - 60, exp: now + 600 }
    const signed = `${encoded({ alg: 'RS256', typ: 'JWT', kid: 'lab' })}.${encoded(claims)}`
    return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), this.#keys.privateKey).toString('base64url')}`
  }
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
