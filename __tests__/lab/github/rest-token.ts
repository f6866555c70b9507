import { randomUUID } from 'node:crypto'

export type RestRights = {
  /** The one repository that it is for. */
  repository?: string
  actions?: 'read' | 'none'
}

/** The tokens of jobs, which the API knows by their text. */
export class RestTokens {
  readonly #issued = new Map<string, Required<RestRights>>()

  issue({ repository = 'octo/hello', actions = 'read' }: RestRights = {}): string {
    const token = `ghs_${randomUUID().replaceAll('-', '')}`
    this.#issued.set(token, { repository, actions })
    return token
  }

  rightsOf(token: string): Required<RestRights> | undefined {
    return this.#issued.get(token)
  }
}
