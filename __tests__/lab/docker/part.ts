import type { LabPart } from '../ground/part.ts'
import { prepareDocker, startDocker, whyNoDocker } from './docker.ts'

export const dockerPart: LabPart = {
  name: 'docker',
  about: 'a dockerd of its own, with no images and no network',
  whyNot: whyNoDocker,
  async prepare() {
    await prepareDocker()
  },
  async show() {
    const docker = await startDocker()
    return {
      lines: [
        ...Object.entries(docker.env).flatMap(([name, value]) => (name === 'PATH' ? [] : [`export ${name}=${value}`])),
        '',
        `  ${docker.client} build --network none .`,
        `  ${docker.client} run --rm --network host IMAGE`,
      ],
      [Symbol.asyncDispose]: () => docker[Symbol.asyncDispose](),
    }
  },
}
