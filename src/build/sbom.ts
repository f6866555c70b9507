import { createHash } from 'node:crypto'
import type { Ingredient, Resolved } from './ingredients.ts'
import { licenceOf } from './licence.ts'
import { purlOf, type Repository } from './purl.ts'

export type SbomOptions = {
  /** The id of the package that has the binary; it is one of the ingredients. */
  root: string
  ingredients: readonly Ingredient[]
  binary: { name: string; version: string; target: string; sha256: string }
  /** Where the project is published, at the commit that was built. */
  repository: Repository | undefined
  /** Of that commit, in seconds since 1970: the same commit gives the same bytes. */
  time: number | undefined
  /** Of rust-deploy. */
  toolVersion: string
}

/**
 * What one binary is made of, as CycloneDX 1.6. Scopes are those of cargo-cyclonedx: `required` is in the binary,
 * `excluded` ran only while it was built.
 */
export function sbomOf(options: SbomOptions): string {
  const { root, ingredients, binary, repository, time, toolVersion } = options
  const references = new Map(ingredients.map(({ package: each }) => [each.id, purlOf(each, repository)]))
  const refOf = (id: string) => references.get(id) ?? id
  const top = ingredients.find(({ package: { id } }) => id === root)
  const content = {
    version: 1,
    metadata: {
      ...(time !== undefined && { timestamp: new Date(time * 1000).toISOString() }),
      lifecycles: [{ phase: 'build' }],
      tools: { components: [{ type: 'application', name: 'rust-deploy', version: toolVersion }] },
      component: {
        type: 'application',
        'bom-ref': refOf(root),
        name: binary.name,
        version: binary.version,
        ...(top !== undefined && described(top.package)),
        hashes: [{ alg: 'SHA-256', content: binary.sha256 }],
        purl: refOf(root),
        ...(top !== undefined && { properties: featuresOf(top) }),
      },
      // The name that CycloneDX registers for it.
      properties: [{ name: 'cdx:rustc:sbom:target:triple', value: binary.target }],
    },
    components: ingredients
      .filter((each) => each !== top)
      .map((each) => componentOf(each, refOf(each.package.id)))
      .sort((one, other) => compare(one['bom-ref'], other['bom-ref'])),
    dependencies: ingredients
      .map(({ package: { id }, needs }) => ({
        ref: refOf(id),
        dependsOn: [...new Set(needs.map(refOf))].sort(compare),
      }))
      .sort((one, other) => compare(one.ref, other.ref)),
  }
  const bom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}`,
    ...content,
  }
  return `${JSON.stringify(bom, null, 2)}\n`
}

export function sbomFileName({ name, version, target }: SbomOptions['binary']): string {
  return `${name}-${version}-${target}.cdx.json`
}

function componentOf(ingredient: Ingredient, reference: string) {
  const { package: each, linked } = ingredient
  return {
    type: 'library',
    'bom-ref': reference,
    name: each.name,
    version: each.version,
    ...described(each),
    scope: linked ? 'required' : 'excluded',
    ...(/^[0-9a-f]{64}$/i.test(each.checksum ?? '') && { hashes: [{ alg: 'SHA-256', content: each.checksum }] }),
    purl: reference,
    properties: featuresOf(ingredient),
  }
}

function described({ description, licence, repository }: Resolved) {
  return {
    ...(description !== undefined && { description: description.trim() }),
    ...(licence !== undefined && { licenses: [licenceOf(licence)] }),
    ...(repository !== undefined &&
      URL.canParse(repository) && { externalReferences: [{ type: 'vcs', url: new URL(repository).href }] }),
  }
}

function featuresOf({ features }: Ingredient) {
  return features.length === 0 ? [] : [{ name: 'rust-deploy:features', value: features.join(', ') }]
}

/** A UUID of version 8, made from the content: two builds of one commit must not differ by a random number. */
function uuidOf(content: string): string {
  const bytes = createHash('sha256').update(content).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** By code units: the order must not depend on where it is made. */
function compare(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}
