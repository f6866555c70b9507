import { whyNoDebianRoot } from '../ground/packages.ts'
import type { LabPart } from '../ground/part.ts'
import { cargoTools } from './cargo-tools.ts'
import { whyNoCargo } from './compiled.ts'

export const whyNoTools = (): string | undefined => whyNoCargo() ?? whyNoDebianRoot()

export const toolsPart: LabPart = {
  name: 'tools',
  about: 'cargo-audit, cargo-deny, cargo-nextest, cargo-auditable, cargo-zigbuild and zig',
  whyNot: whyNoTools,
  async prepare() {
    await cargoTools()
  },
  async show() {
    const { folder } = await cargoTools()
    return {
      lines: ['All of them are on this PATH:', `export PATH=${folder}:$PATH`],
      [Symbol.asyncDispose]: async () => {},
    }
  },
}
