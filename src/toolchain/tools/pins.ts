/** A system as Node names it: `${process.platform}-${process.arch}`. */
export type System = `${NodeJS.Platform}-${NodeJS.Architecture}`

export type Pin = {
  url: string
  /** Of the whole download. It stands here and not beside the download, where whoever swaps one swaps the other. */
  sha256: string
  /** Where the program stands in the archive. What stands beside it belongs to it. */
  binary: string
}

export type PinnedTool = {
  version: string
  /** What makes it say its version; undefined when it never does. */
  asks: readonly [string, ...string[]] | undefined
  /** Its crate is called like it, so that cargo can compile it where it cannot be downloaded. */
  isCrate: boolean
  pins: Readonly<Partial<Record<System, Pin>>>
}

export type PinnedTools = Readonly<Record<string, PinnedTool>>

/**
 * The programs that we run and did not write. Static builds where there are any: they run on every Linux. cargo-nextest is
 * the exception, whose static build is slow. `scripts/pins.ts` downloads them all and compares.
 */
export const pinnedTools = {
  'cargo-audit': {
    version: '0.22.2',
    asks: ['--version'],
    isCrate: true,
    pins: {
      'linux-x64': {
        url: 'https://github.com/rustsec/rustsec/releases/download/cargo-audit/v0.22.2/cargo-audit-x86_64-unknown-linux-musl-v0.22.2.tgz',
        sha256: '7fb9497f8594b389e5fce5ef9b92db08432996895b2e0c5a0167a69ed445c428',
        binary: 'cargo-audit-x86_64-unknown-linux-musl-v0.22.2/cargo-audit',
      },
      'linux-arm64': {
        url: 'https://github.com/rustsec/rustsec/releases/download/cargo-audit/v0.22.2/cargo-audit-aarch64-unknown-linux-gnu-v0.22.2.tgz',
        sha256: 'c6603814ddaa45e51263dafd31c0ac98808f688d26f7395804f9670b0fd599dd',
        binary: 'cargo-audit-aarch64-unknown-linux-gnu-v0.22.2/cargo-audit',
      },
      'darwin-x64': {
        url: 'https://github.com/rustsec/rustsec/releases/download/cargo-audit/v0.22.2/cargo-audit-x86_64-apple-darwin-v0.22.2.tgz',
        sha256: '847831323de932155b226ab60ee4a180e13e5d007a019f0d4b7b4d89a6de2ab2',
        binary: 'cargo-audit-x86_64-apple-darwin-v0.22.2/cargo-audit',
      },
      'darwin-arm64': {
        url: 'https://github.com/rustsec/rustsec/releases/download/cargo-audit/v0.22.2/cargo-audit-aarch64-apple-darwin-v0.22.2.tgz',
        sha256: 'ec7ca4263769593df4d909be85b94a6b79efa2897be5d2bb8ebd516e823175af',
        binary: 'cargo-audit-aarch64-apple-darwin-v0.22.2/cargo-audit',
      },
    },
  },
  'cargo-deny': {
    version: '0.20.2',
    asks: ['--version'],
    isCrate: true,
    pins: {
      'linux-x64': {
        url: 'https://github.com/EmbarkStudios/cargo-deny/releases/download/0.20.2/cargo-deny-0.20.2-x86_64-unknown-linux-musl.tar.gz',
        sha256: '9f12ed4c49936e09b48bf862b595cde2fe64fcbd9d74dfacac6131ca824c8d5f',
        binary: 'cargo-deny-0.20.2-x86_64-unknown-linux-musl/cargo-deny',
      },
      'linux-arm64': {
        url: 'https://github.com/EmbarkStudios/cargo-deny/releases/download/0.20.2/cargo-deny-0.20.2-aarch64-unknown-linux-musl.tar.gz',
        sha256: '995c82be0defc7a025cae49a2aa2644ce8245c9a3318fc4103907c6a285e8c7d',
        binary: 'cargo-deny-0.20.2-aarch64-unknown-linux-musl/cargo-deny',
      },
      'darwin-x64': {
        url: 'https://github.com/EmbarkStudios/cargo-deny/releases/download/0.20.2/cargo-deny-0.20.2-x86_64-apple-darwin.tar.gz',
        sha256: '248da7f581724e470071990c088ffc55c811981715f4cbdb258621fb79f8b7a6',
        binary: 'cargo-deny-0.20.2-x86_64-apple-darwin/cargo-deny',
      },
      'darwin-arm64': {
        url: 'https://github.com/EmbarkStudios/cargo-deny/releases/download/0.20.2/cargo-deny-0.20.2-aarch64-apple-darwin.tar.gz',
        sha256: 'fe67d82a10d8597a3549364cb733a3f9cc1bfff9031b7ae46384a9f2a72090c3',
        binary: 'cargo-deny-0.20.2-aarch64-apple-darwin/cargo-deny',
      },
    },
  },
  'cargo-nextest': {
    version: '0.9.143',
    asks: ['--version'],
    isCrate: true,
    pins: {
      'linux-x64': {
        url: 'https://github.com/nextest-rs/nextest/releases/download/cargo-nextest-0.9.143/cargo-nextest-0.9.143-x86_64-unknown-linux-gnu.tar.gz',
        sha256: '66786b9abe23920d022a182d1416b1bbc8130dd4872a9553d76985a1708dcd1e',
        binary: 'cargo-nextest',
      },
      'linux-arm64': {
        url: 'https://github.com/nextest-rs/nextest/releases/download/cargo-nextest-0.9.143/cargo-nextest-0.9.143-aarch64-unknown-linux-gnu.tar.gz',
        sha256: '2a64b3566a92508550a7ab29c3e8db25472ca37730ecb4d22100b6aa440c2a68',
        binary: 'cargo-nextest',
      },
      'darwin-x64': {
        url: 'https://github.com/nextest-rs/nextest/releases/download/cargo-nextest-0.9.143/cargo-nextest-0.9.143-universal-apple-darwin.tar.gz',
        sha256: '4830d430411148d17602a75cc880bfb4dc8dac153dea59a48a2ef4cc93577f07',
        binary: 'cargo-nextest',
      },
      'darwin-arm64': {
        url: 'https://github.com/nextest-rs/nextest/releases/download/cargo-nextest-0.9.143/cargo-nextest-0.9.143-universal-apple-darwin.tar.gz',
        sha256: '4830d430411148d17602a75cc880bfb4dc8dac153dea59a48a2ef4cc93577f07',
        binary: 'cargo-nextest',
      },
    },
  },
  'cargo-auditable': {
    version: '0.7.5',
    // Called by itself it only says that cargo should call it, and through cargo it gives cargo's version.
    asks: undefined,
    isCrate: true,
    pins: {
      'linux-x64': {
        url: 'https://github.com/rust-secure-code/cargo-auditable/releases/download/v0.7.5/cargo-auditable-x86_64-unknown-linux-musl.tar.xz',
        sha256: '3374daaf153e6f82028add5e4bf7cc2deab46537dee24f20be80df831193aeb4',
        binary: 'cargo-auditable-x86_64-unknown-linux-musl/cargo-auditable',
      },
      'linux-arm64': {
        url: 'https://github.com/rust-secure-code/cargo-auditable/releases/download/v0.7.5/cargo-auditable-aarch64-unknown-linux-gnu.tar.xz',
        sha256: '6d364879b516fa914f98504e551faddedf35b71543b4331a6d26e4e217778cfa',
        binary: 'cargo-auditable-aarch64-unknown-linux-gnu/cargo-auditable',
      },
      'darwin-x64': {
        url: 'https://github.com/rust-secure-code/cargo-auditable/releases/download/v0.7.5/cargo-auditable-x86_64-apple-darwin.tar.xz',
        sha256: '24e98dfcf1f52e05e7ac4dca4b874bf5ac0e66be3000b3929b467983792f32b2',
        binary: 'cargo-auditable-x86_64-apple-darwin/cargo-auditable',
      },
      'darwin-arm64': {
        url: 'https://github.com/rust-secure-code/cargo-auditable/releases/download/v0.7.5/cargo-auditable-aarch64-apple-darwin.tar.xz',
        sha256: '92720fff2be27492ca7b216510a27e88a835b526e9e94e46bc36b502ba17d8f0',
        binary: 'cargo-auditable-aarch64-apple-darwin/cargo-auditable',
      },
    },
  },
  'cargo-zigbuild': {
    version: '0.23.0',
    asks: ['--version'],
    isCrate: true,
    pins: {
      'linux-x64': {
        url: 'https://github.com/rust-cross/cargo-zigbuild/releases/download/v0.23.0/cargo-zigbuild-x86_64-unknown-linux-musl.tar.xz',
        sha256: 'f0aa9cc8220a84788c6e4a9b6d80422f041659227b680fdef982d5a8ddffddb4',
        binary: 'cargo-zigbuild-x86_64-unknown-linux-musl/cargo-zigbuild',
      },
      'linux-arm64': {
        url: 'https://github.com/rust-cross/cargo-zigbuild/releases/download/v0.23.0/cargo-zigbuild-aarch64-unknown-linux-gnu.tar.xz',
        sha256: '5917d5416884cba0f23c2653016f7f2df2ec04e74eb6b259598fecc066f8c429',
        binary: 'cargo-zigbuild-aarch64-unknown-linux-gnu/cargo-zigbuild',
      },
      'darwin-x64': {
        url: 'https://github.com/rust-cross/cargo-zigbuild/releases/download/v0.23.0/cargo-zigbuild-x86_64-apple-darwin.tar.xz',
        sha256: 'f8c746d12dfae79ac0704c5aa13631a05b24c3e4ee7216eb40f70943bd8ca7b1',
        binary: 'cargo-zigbuild-x86_64-apple-darwin/cargo-zigbuild',
      },
      'darwin-arm64': {
        url: 'https://github.com/rust-cross/cargo-zigbuild/releases/download/v0.23.0/cargo-zigbuild-aarch64-apple-darwin.tar.xz',
        sha256: '3d8f1ad296d3f3e97122607f7c972393c6329801027acb71bb7d17a4e30ef092',
        binary: 'cargo-zigbuild-aarch64-apple-darwin/cargo-zigbuild',
      },
    },
  },
  // Its `ar` is said to be broken. On Linux it makes the same archives as that of 0.15.2, and cargo-zigbuild does not call it.
  zig: {
    version: '0.16.0',
    asks: ['version'],
    isCrate: false,
    pins: {
      'linux-x64': {
        url: 'https://ziglang.org/download/0.16.0/zig-x86_64-linux-0.16.0.tar.xz',
        sha256: '70e49664a74374b48b51e6f3fdfbf437f6395d42509050588bd49abe52ba3d00',
        binary: 'zig-x86_64-linux-0.16.0/zig',
      },
      'linux-arm64': {
        url: 'https://ziglang.org/download/0.16.0/zig-aarch64-linux-0.16.0.tar.xz',
        sha256: 'ea4b09bfb22ec6f6c6ceac57ab63efb6b46e17ab08d21f69f3a48b38e1534f17',
        binary: 'zig-aarch64-linux-0.16.0/zig',
      },
      'darwin-x64': {
        url: 'https://ziglang.org/download/0.16.0/zig-x86_64-macos-0.16.0.tar.xz',
        sha256: '0387557ed1877bc6a2e1802c8391953baddba76081876301c522f52977b52ba7',
        binary: 'zig-x86_64-macos-0.16.0/zig',
      },
      'darwin-arm64': {
        url: 'https://ziglang.org/download/0.16.0/zig-aarch64-macos-0.16.0.tar.xz',
        sha256: 'b23d70deaa879b5c2d486ed3316f7eaa53e84acf6fc9cc747de152450d401489',
        binary: 'zig-aarch64-macos-0.16.0/zig',
      },
    },
  },
} as const satisfies PinnedTools

export type ToolName = keyof typeof pinnedTools
