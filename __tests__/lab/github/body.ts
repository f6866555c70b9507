import type { IncomingMessage } from 'node:http'

/** No question and no block list of a toolkit comes near to it. */
const LONGEST_BODY = 8 * 1024 * 1024

export async function bodyText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LONGEST_BODY)
      throw new Error(`a body of more than ${LONGEST_BODY} bytes, where a short text was expected`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
