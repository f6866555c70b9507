import { expect, test } from 'vitest'
import { type UntargetedOptions, untargeted } from '../../../src/toolchain/linking/untargeted.ts'

const MUSL = 'x86_64-unknown-linux-musl'
const ring = { name: 'ring', version: '0.17.14', language: 'C', because: 'its build script uses cc' } as const

function warned(environment: Record<string, string>, more: Partial<UntargetedOptions> = {}) {
  const target = { name: MUSL, triple: MUSL }
  const given = { linker: false, c: false, cpp: false }
  const host = 'x86_64-unknown-linux-gnu'
  return untargeted({ target, host, needs: [ring], given, environment, ...more })
}

test('a compiler and flags without a target are told apart: one is not used, the other reaches everything', () => {
  expect(warned({ CC: 'gcc', CFLAGS: '-march=native' })).toEqual({
    level: 'warning',
    title: 'CC and CFLAGS without a target',
    message: `CC names a compiler for no target in particular, and is not used for ${MUSL}. CFLAGS is set for no target in particular, and reaches what is compiled for ${MUSL} as well. Set CC_x86_64_unknown_linux_musl and CFLAGS_x86_64_unknown_linux_musl for the target, or HOST_CC and HOST_CFLAGS for this machine.`,
  })
})

test('they are as they should be where nothing else is compiled, or the target has its own', () => {
  expect(warned({ CC: 'gcc' }, { needs: [] })).toBeUndefined()
  expect(warned({ CC: 'gcc' }, { host: MUSL })).toBeUndefined()
  expect(warned({ CC: 'gcc' }, { given: { linker: false, c: true, cpp: false } })).toBeUndefined()
  expect(warned({ CC: '', CXX: 'g++', CXXFLAGS: '-O3' })).toBeUndefined()
  expect(warned({ CXX: 'g++' }, { needs: [{ ...ring, language: 'C++' }] })?.title).toBe('CXX without a target')
  const wasm = { name: 'wasm32-wasip1', triple: 'wasm32-wasip1' }
  expect(warned({ CC: 'clang' }, { target: wasm })).toBeUndefined()
})
