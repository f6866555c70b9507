import { setTimeout as sleep } from 'node:timers/promises'

type Chunks = AsyncIterable<Buffer>

export async function* trickle(chunks: Chunks, bytesPerSecond: number, gone: AbortSignal): Chunks {
  const slice = Math.max(1, Math.floor(bytesPerSecond / 20))
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += slice) {
      yield chunk.subarray(start, start + slice)
      await sleep((1000 * slice) / bytesPerSecond, undefined, { signal: gone })
    }
  }
}

export async function* flipByte(chunks: Chunks, at: number): Chunks {
  let seen = 0
  for await (const chunk of chunks) {
    const byte = chunk[at - seen]
    if (byte !== undefined) chunk[at - seen] = byte ^ 0xff
    seen += chunk.length
    yield chunk
  }
}

export async function* firstOf(chunks: Chunks, length: number): Chunks {
  let left = length
  for await (const chunk of chunks) {
    yield chunk.subarray(0, left)
    left -= chunk.length
    if (left <= 0) return
  }
}
