import { parseRecord, textsIn } from '../../../src/json/narrow.ts'
import type { Caller } from './run.ts'

const STATUS = {
  malformed: 400,
  invalid_argument: 400,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  bad_route: 404,
  already_exists: 409,
  resource_exhausted: 429,
  internal: 500,
  unavailable: 503,
}

export type TwirpCode = keyof typeof STATUS

/** An answer other than 200: a status, and `code` and `msg` as JSON. */
export class TwirpError extends Error {
  readonly code: TwirpCode
  readonly status: number

  constructor(code: TwirpCode, message: string, status: number = STATUS[code]) {
    super(message)
    this.code = code
    this.status = status
  }
}

export function twirpCodeOf(status: number): TwirpCode {
  switch (status) {
    case 403:
      return 'permission_denied'
    case 429:
      return 'resource_exhausted'
    case 500:
      return 'internal'
    default:
      return 'unavailable'
  }
}

export type TwirpMethod = (caller: Caller, question: Question) => Record<string, unknown>

/**
 * The fields of a request. Protobuf's JSON gives a field as snake_case or camelCase, leaves out defaults, and writes
 * 64-bit numbers as texts.
 */
export class Question {
  readonly #fields: Record<string, unknown>

  constructor(body: string) {
    const fields = parseRecord(body)
    if (fields === undefined) throw new TwirpError('malformed', 'the json request could not be decoded')
    this.#fields = fields
  }

  text(name: string): string {
    return this.optionalText(name) ?? ''
  }

  optionalText(name: string): string | undefined {
    const value = this.#value(name)
    if (value === undefined || typeof value === 'string') return value
    throw new TwirpError('malformed', `${name} must be a string`)
  }

  texts(name: string): string[] {
    const value = this.#value(name) ?? []
    if (Array.isArray(value) && textsIn(value).length === value.length) return textsIn(value)
    throw new TwirpError('malformed', `${name} must be a list of strings`)
  }

  number(name: string): number {
    return this.optionalNumber(name) ?? 0
  }

  optionalNumber(name: string): number | undefined {
    const value = this.#value(name)
    if (value === undefined) return undefined
    const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value
    if (typeof number === 'number' && Number.isSafeInteger(number)) return number
    throw new TwirpError('malformed', `${name} must be a whole number`)
  }

  #value(name: string): unknown {
    const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    return this.#fields[name] ?? this.#fields[camel] ?? undefined
  }
}

/** The claim of a request must be that of its token: no job acts for another run. */
export function checkRun(caller: Caller, question: Question): void {
  if (question.text('workflow_run_backend_id') !== caller.run) {
    throw new TwirpError('permission_denied', 'workflow_run_backend_id is not that of the token')
  }
}
