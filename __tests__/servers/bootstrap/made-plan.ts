import { strictHardening } from '../../../src/servers/bootstrap/hardening.ts'
import type { BootstrapPlan } from '../../../src/servers/bootstrap/plan.ts'

export const KEY = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)} a laptop`

export function madePlan(more: Partial<BootstrapPlan> = {}): BootstrapPlan {
  return {
    app: 'hello',
    bin: 'hello-server',
    deployUser: 'deploy',
    serviceUser: 'hello',
    units: [{ name: 'hello', arguments: ['serve', '--quiet'] }],
    strategy: 'restart',
    port: 8080,
    health: '/health',
    authorize: [KEY],
    guardScript: 'echo guard\n',
    hardening: strictHardening({ strategy: 'restart', port: 8080 }),
    ...more,
  }
}
