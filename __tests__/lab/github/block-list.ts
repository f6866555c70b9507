import { BlobError } from './blob-error.ts'

/**
 * The ids of a Put Block List, in its order. `Latest` and `Uncommitted` mean the same here, where a blob is committed
 * once; `Committed` names a block of an earlier commit, and there is none.
 */
export function parseBlockList(xml: string): string[] {
  const [, inner] = /<BlockList(?:\s*\/>|>([\s\S]*)<\/BlockList>)\s*$/.exec(xml) ?? [undefined, undefined]
  if (inner === undefined && !/<BlockList\s*\/>/.test(xml)) throw invalidXml()

  const ids: string[] = []
  const rest = (inner ?? '').replace(/<(Latest|Uncommitted)>([^<]*)<\/\1>/g, (_, _tag: string, id: string) => {
    ids.push(id.trim())
    return ''
  })
  if (/<Committed>/.test(rest)) {
    throw new BlobError(400, 'InvalidBlockList', 'The specified block list is invalid.')
  }
  if (rest.trim() !== '') throw invalidXml()
  return ids
}

function invalidXml(): BlobError {
  return new BlobError(400, 'InvalidXmlDocument', 'The specified XML is not syntactically valid.')
}
