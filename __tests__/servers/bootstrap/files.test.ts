import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Refused } from '../../../src/report/ending.ts'
import { bootstrapFiles } from '../../../src/servers/bootstrap/files.ts'
import { strictHardening } from '../../../src/servers/bootstrap/hardening.ts'
import { bootstrapPayload, dryRunScript } from '../../../src/servers/bootstrap/input.ts'
import { type BootstrapPlan, isUnwritable } from '../../../src/servers/bootstrap/plan.ts'
import { madePlan } from './made-plan.ts'

function filesOf(more: Partial<BootstrapPlan> = {}): Map<string, string> {
  return new Map(bootstrapFiles(madePlan(more)).map(({ path, content }) => [path, content]))
}

const UNITS = '/etc/systemd/system'

test('a person reads the unit of a service', () => {
  expect(filesOf().get(`${UNITS}/hello.service`)).toMatchSnapshot()
})

test('a person reads what the deploy user may do', () => {
  expect(filesOf().get('/etc/sudoers.d/rust-deploy-hello')).toMatchSnapshot()
})

test('all files are root’s, none can be written by others, and sudoers is read by root alone', () => {
  const files = bootstrapFiles(madePlan())
  expect(files.map(({ path, mode, owner }) => `${mode} ${owner} ${path}`)).toEqual([
    `644 root:root ${UNITS}/hello.service`,
    `644 root:root ${UNITS}/hello-smoke.service`,
    `644 root:root ${UNITS}/hello-migrate.service`,
    `644 root:root ${UNITS}/rust-deploy-guard@hello.service`,
    `644 root:root ${UNITS}/rust-deploy-guard@hello.path`,
    '755 root:root /usr/local/libexec/rust-deploy/guard',
    '644 root:root /etc/rust-deploy/hello.conf',
    '440 root:root /etc/sudoers.d/rust-deploy-hello',
  ])
})

test('every file is marked as ours, a script behind its first line', () => {
  for (const [path, content] of filesOf()) {
    const lines = content.split('\n')
    expect(lines[path.endsWith('/guard') ? 1 : 0]).toMatch(/^# rust-deploy wrote this file for (hello|every app): /)
  }
  const guard = filesOf({ guardScript: '#!/bin/bash\necho guard' }).get('/usr/local/libexec/rust-deploy/guard')
  expect(guard).toMatch(/^#!\/bin\/sh\n#.*\n# rust-deploy guard 1\necho guard\n$/)
})

test('with sockets, the first unit and its socket need each other, and the others are left alone', () => {
  const units = ['web', 'worker'].map((name) => ({ name, arguments: [name] }))
  const files = filesOf({ strategy: 'socket', units })
  expect(files.get(`${UNITS}/web.service`)).toContain('Requires=web.socket\nAfter=web.socket\n')
  expect(files.get(`${UNITS}/web.socket`)).toContain('ListenStream=8080\nService=web.service\n')
  expect(files.get(`${UNITS}/worker.service`)).not.toContain('socket')
  expect([...files.keys()].filter((path) => path.endsWith('.socket'))).toEqual([`${UNITS}/web.socket`])
  const conf = files.get('/etc/rust-deploy/hello.conf')?.split('\n')
  expect(conf).toEqual(expect.arrayContaining(['strategy=socket', 'units=web worker', 'sockets=web', 'port=8080']))
  expect(files.get('/etc/sudoers.d/rust-deploy-hello')).toContain('/usr/bin/systemctl stop web.socket, \\\n')
})

test('the units that try a release read all of it through next', () => {
  const smoke = filesOf().get(`${UNITS}/hello-smoke.service`) ?? ''
  expect(smoke).toContain('ExecStart=/srv/hello/next/hello-server $RUST_DEPLOY_ARGUMENTS\n')
  expect(smoke).not.toContain('current')
  // What stands last wins: the environment of a release must not set the arguments.
  const read = [...smoke.matchAll(/^EnvironmentFile=(.*)$/gm)].map(([, path]) => path)
  expect(read).toEqual(['/srv/hello/next/env', '/srv/hello/next/smoke.arguments'])
})

test('two apps never share an alias of sudoers', () => {
  const aliasOf = (app: string) =>
    /Cmnd_Alias (\S+)/.exec(filesOf({ app }).get(`/etc/sudoers.d/rust-deploy-${app}`) ?? '')?.[1]
  const apps = ['a-b', 'a_b', 'a-_b', 'a_-b', 'a--b', 'a__b', 'ad', 'a-d', 'a_d', 'a-u-b', 'a-ub', 'aub']
  const aliases = apps.map(aliasOf)
  expect(new Set(aliases).size).toBe(apps.length)
  for (const alias of aliases) expect(alias).toMatch(/^[A-Z][A-Z0-9_]*$/)
})

test('a port below 1024 gets the one right that it needs, and through a socket none', () => {
  expect(strictHardening({ strategy: 'restart', port: 443 })).toContain('AmbientCapabilities=CAP_NET_BIND_SERVICE')
  expect(strictHardening({ strategy: 'socket', port: 443 })).toEqual(strictHardening({ strategy: 'restart' }))
  expect(strictHardening({ strategy: 'restart', port: 8080 })).toContain('CapabilityBoundingSet=')
})

test('no text of a plan adds, ends or changes a line of any file: it is refused, or stands where it belongs', () => {
  const lines = (files: Map<string, string>) => [...files.values()].map((content) => content.split('\n').length)
  const usual = lines(filesOf())
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }), fc.string(), (args, health) => {
      try {
        const files = filesOf({ units: [{ name: 'hello', arguments: args }], health })
        expect(lines(files)).toEqual(usual)
        expect(args.some(isUnwritable)).toBe(false)
      } catch (error) {
        if (!(error instanceof Refused)) throw error
      }
    }),
  )
})

test('a file that would end itself on the way is never sent', () => {
  for (const line of ['END-OF-RUST-DEPLOY-FILE', 'END-OF-RUST-DEPLOY-INPUT']) {
    expect(() => bootstrapPayload(madePlan({ guardScript: `echo\n${line}\necho\n` }))).toThrow('would end it')
  }
})

test('a person reads what the script for an administrator begins with', () => {
  const script = dryRunScript({ plan: madePlan() }, 'finish\n')
  expect(script.split('\n').slice(0, 16)).toMatchSnapshot()
  expect(script).toMatch(/\nEND-OF-RUST-DEPLOY-INPUT\nfinish\n}\n$/)
})
