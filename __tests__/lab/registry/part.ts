import type { LabPart } from '../ground/part.ts'
import { prepareRegistry, startRegistry, whyNoRegistry } from './registry.ts'

export const registryPart: LabPart = {
  name: 'registry',
  about: 'a container registry, open; with a password: npm run lab -- registry htpasswd',
  whyNot: whyNoRegistry,
  async prepare() {
    await prepareRegistry()
  },
  async show(args) {
    const registry = await startRegistry({ auth: args.includes('htpasswd') ? 'htpasswd' : 'none' })
    const { host, url, username, password } = registry
    const login = username === '' ? '' : ` --creds ${username}:${password}`
    return {
      lines: [
        `${url}${username === '' ? ', open to everybody' : `, for ${username} with ${password}`}`,
        '',
        `  skopeo list-tags --tls-verify=false${login} docker://${host}/name`,
      ],
      [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
    }
  },
}
