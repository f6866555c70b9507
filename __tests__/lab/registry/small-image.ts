import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { run } from '../ground/command.ts'

type Descriptor = { mediaType: string; digest: string; size: number }

/** Writes an image of one file as an OCI layout. Gives the digest of its manifest. */
export async function smallImage(layout: string, text: string): Promise<string> {
  const blobs = join(layout, 'blobs/sha256')
  mkdirSync(blobs, { recursive: true })
  const add = (mediaType: string, content: Uint8Array | string): Descriptor => {
    const hex = createHash('sha256').update(content).digest('hex')
    writeFileSync(join(blobs, hex), content)
    return { mediaType: `application/vnd.oci.image.${mediaType}`, digest: `sha256:${hex}`, size: content.length }
  }

  writeFileSync(join(layout, 'hello.txt'), text)
  await run(['tar', '--create', '--file', join(layout, 'layer.tar'), '--directory', layout, 'hello.txt'])
  const tar = readFileSync(join(layout, 'layer.tar'))
  const config = {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(tar).digest('hex')}`] },
  }
  const manifest = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: add('config.v1+json', JSON.stringify(config)),
    layers: [add('layer.v1.tar+gzip', gzipSync(tar))],
  }
  const top = add('manifest.v1+json', JSON.stringify(manifest))
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [top] }))
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  return top.digest
}
