import { createHmac } from 'node:crypto'
import { isRecord, parseRecord, recordsIn, textOf } from '../../../src/json/narrow.ts'
import type { Caller } from './run.ts'

const READ = 1
const WRITE = 2

/** The runtime token: a JWT whose claims are GitHub's, as far as the toolkits or we read them. */
export function tokenFor(caller: Caller, secret: Buffer): string {
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: 'https://token.actions.githubusercontent.com',
    nbf: now - 300,
    exp: now + 6 * 60 * 60,
    scp: `Actions.GenericRead:00000000-0000-0000-0000-000000000000 Actions.Results:${caller.run}:${caller.job}`,
    // A text of JSON inside of the JSON, as GitHub has it.
    ac: JSON.stringify(
      caller.scopes.map(({ scope, read, write }) => ({
        Scope: scope,
        Permission: (read ? READ : 0) + (write ? WRITE : 0),
      })),
    ),
    repository: caller.repository,
    repository_id: '1',
  }
  const signed = `${encode({ typ: 'JWT', alg: 'HS256' })}.${encode(claims)}`
  return `${signed}.${signatureOf(signed, secret)}`
}

/** Who a token was made for, or undefined when it is not one of ours or no longer valid. */
export function callerFrom(token: string, secret: Buffer): Caller | undefined {
  const [header, payload, signature] = token.split('.')
  if (header === undefined || payload === undefined) return undefined
  if (signature !== signatureOf(`${header}.${payload}`, secret)) return undefined

  const claims = parseRecord(Buffer.from(payload, 'base64url').toString('utf8'))
  if (!isRecord(claims) || Number(claims.exp) < Date.now() / 1000) return undefined
  const [, run, job] = /(?:^| )Actions\.Results:([^: ]+):([^: ]+)(?: |$)/.exec(textOf(claims.scp)) ?? []
  if (run === undefined || job === undefined) return undefined
  return {
    repository: textOf(claims.repository),
    run,
    job,
    scopes: recordsIn(JSON.parse(textOf(claims.ac) || '[]')).map((entry) => ({
      scope: textOf(entry.Scope),
      read: (Number(entry.Permission) & READ) !== 0,
      write: (Number(entry.Permission) & WRITE) !== 0,
    })),
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function signatureOf(text: string, secret: Buffer): string {
  return createHmac('sha256', secret).update(text).digest('base64url')
}
