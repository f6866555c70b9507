import { verify, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type AttestPlace, whyNoAttestation } from '../../../src/build/attest.ts'
import { attempt } from '../ground/command.ts'
import { type Sigstore, startSigstore } from '../sigstore/sigstore.ts'

const SHA256 = 'ab'.repeat(32)

async function attested(sigstore: Sigstore, required = false): Promise<Record<string, unknown>> {
  const place: AttestPlace = {
    inActions: true,
    hasIdToken: true,
    serverUrl: sigstore.serverUrl,
    repository: 'octo/hello',
    token: 'ghs_x',
  }
  const subjects = [{ name: 'hello-1.0.0-t.tar.gz', sha256: SHA256 }]
  const said = await attempt([process.execPath, join(import.meta.dirname, 'attest-child.ts')], {
    env: { PATH: process.env['PATH'], ...sigstore.env },
    input: JSON.stringify({ subjects, place, required }),
    timeoutMs: 120_000,
  })
  const [, result] = /^@result (.*)$/m.exec(said.stdout) ?? []
  if (result === undefined) throw new Error(said.stdout + said.stderr)
  return JSON.parse(result)
}

test('the unmodified client signs the digests and stores what it signed', async () => {
  await using sigstore = await startSigstore()
  expect(await attested(sigstore)).toEqual({
    kind: 'attested',
    url: 'https://octo.ghe.com/octo/hello/attestations/42',
    findings: [],
  })
  const [{ bundle } = {}, ...others] = JSON.parse(JSON.stringify(sigstore.stored))
  expect(others).toEqual([])
  const { payload, payloadType, signatures } = bundle.dsseEnvelope
  const statement = JSON.parse(Buffer.from(payload, 'base64').toString())
  expect(statement).toMatchObject({
    subject: [{ name: 'hello-1.0.0-t.tar.gz', digest: { sha256: SHA256 } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: { buildDefinition: { externalParameters: { workflow: { path: '.github/workflows/deploy.yml' } } } },
  })
  // The signature is of the key that the authority certified, over DSSE's own encoding.
  const certificate = new X509Certificate(Buffer.from(bundle.verificationMaterial.certificate.rawBytes, 'base64'))
  expect(certificate.verify(new X509Certificate(readFileSync(sigstore.certificate)).publicKey)).toBe(true)
  const body = Buffer.from(payload, 'base64')
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${body.length} `), body])
  expect(verify('sha256', signed, certificate.publicKey, Buffer.from(signatures[0].sig, 'base64'))).toBe(true)
})

test('what the job may not do, and a service that does not sign, are sentences; a failure only where it is required', async () => {
  await using sigstore = await startSigstore()
  sigstore.broken.set('store', { status: 403, message: 'Resource not accessible by integration' })
  const refused = await attested(sigstore)
  expect(refused).toMatchObject({ kind: 'not-attested', findings: [{ level: 'warning', title: 'Not attested' }] })
  expect(refused['why']).toContain('the job needs `permissions: attestations: write`.')
  expect(await attested(sigstore, true)).toMatchObject({ kind: 'failed', findings: [] })

  sigstore.broken.set('store', { status: 404, message: 'Not Found' })
  expect((await attested(sigstore))['why']).toContain('only for GitHub Enterprise Cloud')

  sigstore.broken.clear()
  sigstore.broken.set('fulcio', { status: 400, message: 'no certificate for you' })
  expect((await attested(sigstore))['why']).toMatch(/^Nothing was attested \(.*\): Sigstore or GitHub did not answer/)
  expect(sigstore.stored).toEqual([])
})

test('where nothing can be signed it says why in one sentence, without asking anybody', () => {
  const place = {
    inActions: true,
    hasIdToken: true,
    serverUrl: 'https://github.com',
    repository: 'octo/hello',
    token: 'ghs_x',
  }
  expect(whyNoAttestation(place)).toBeUndefined()
  expect(whyNoAttestation({ ...place, serverUrl: 'https://octo.ghe.com' })).toBeUndefined()
  expect(whyNoAttestation({ ...place, inActions: false })).toContain('outside GitHub Actions')
  expect(whyNoAttestation({ ...place, serverUrl: 'https://git.example.com' })).toContain('Enterprise Server')
  expect(whyNoAttestation({ ...place, hasIdToken: false })).toContain('`permissions: id-token: write')
  expect(whyNoAttestation({ ...place, token: '' })).toContain('`github-token` is empty')
})
