import { debianPackages, whyNoDebianRoot } from '../ground/packages.ts'
import type { LabPart } from '../ground/part.ts'
import { actProgram, whyNoAct } from './program.ts'

export const actPart: LabPart = {
  name: 'act',
  about: 'nektos/act, which runs whole workflows on this machine',
  whyNot: whyNoAct,
  async prepare() {
    await actProgram()
    // Another reader of the artifacts that workflows leave.
    if (whyNoDebianRoot() === undefined) await debianPackages('unzip')
  },
  async show() {
    const act = await actProgram()
    return {
      lines: [
        act,
        '',
        'In a copy of a repository, with `uses: $/` written as `uses: ./`:',
        '',
        `  ${act} push --workflows .github/workflows/NAME.yml --platform ubuntu-latest=-self-hosted --no-cache-server`,
        '',
        'Every step gets the whole environment that act is started in.',
      ],
      [Symbol.asyncDispose]: async () => {},
    }
  },
}
