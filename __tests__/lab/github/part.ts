import type { LabPart } from '../ground/part.ts'
import { startGithub } from './github.ts'

export const githubPart: LabPart = {
  name: 'github',
  about: "GitHub's cache and artifact services, with the blob storage behind them",

  whyNot() {
    return undefined
  },

  async prepare() {},

  async show() {
    const github = await startGithub()
    return {
      lines: [
        'Give these to an action, or to act (which then needs --no-cache-server and no --artifact-server-path):',
        ...Object.entries(github.env()).map(([name, value]) => `export ${name}=${value}`),
      ],
      [Symbol.asyncDispose]: () => github[Symbol.asyncDispose](),
    }
  },
}
