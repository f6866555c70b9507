import type { IncomingMessage } from 'node:http'
import { bodyText } from './body.ts'
import { answerJson } from './json-answer.ts'
import type { Caller } from './run.ts'
import { callerFrom } from './token.ts'
import { Question, TwirpError, type TwirpMethod } from './twirp.ts'
import type { Visit } from './visit.ts'

const ROUTE = /^\/twirp\/github\.actions\.results\.api\.v1\.(\w+)\/(\w+)$/

/** The name of the method that a path asks for, known or not. */
export function twirpMethodName(path: string): string | undefined {
  return ROUTE.exec(path)?.[2]
}

/** Twirp over JSON: finds the method, checks the token, asks and answers. */
export class TwirpService {
  readonly #secret: Buffer
  readonly #services: Record<string, Record<string, TwirpMethod>>

  constructor(secret: Buffer, services: Record<string, Record<string, TwirpMethod>>) {
    this.#secret = secret
    this.#services = services
  }

  async answer(visit: Visit): Promise<void> {
    const { url, request } = visit
    const path = url.pathname
    const [, service = '', name = ''] = ROUTE.exec(path) ?? []
    const method = this.#services[service]?.[name]
    if (method === undefined || request.method !== 'POST') {
      throw new TwirpError('bad_route', `no handler for ${request.method} ${path}`)
    }
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
      throw new TwirpError('bad_route', `unexpected Content-Type: ${request.headers['content-type']}`)
    }
    const caller = this.#caller(request)
    await answerJson(visit, method(caller, new Question(await bodyText(request))))
  }

  #caller(request: IncomingMessage): Caller {
    const [, token] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? []
    const caller = token === undefined ? undefined : callerFrom(token, this.#secret)
    if (caller === undefined) throw new TwirpError('unauthenticated', 'the runtime token is missing or not valid')
    return caller
  }
}
