/** A rustup for each machine that it can be installed on, by the hash of its installer. */
export type RustupPins = Readonly<Record<string, { version: string; sha256: string }>>

export const RUSTUP_PINS: RustupPins = {
  'x86_64-unknown-linux-gnu': {
    version: '1.29.1',
    sha256: 'dda7234360b7f578ca8b0ddcb80145646fa61a67c1720a5abc7051b35c9fcb71',
  },
  'x86_64-unknown-linux-musl': {
    version: '1.29.1',
    sha256: '331228566cc931f32cd684f9bebc5956a5e5d7394c8d5de595f196a658ab98e6',
  },
  'aarch64-unknown-linux-gnu': {
    version: '1.29.1',
    sha256: '15f6e4ce9f583b929c996c91562bad6d4454f3281de858b02cdfdef615fac433',
  },
  'aarch64-unknown-linux-musl': {
    version: '1.29.1',
    sha256: '1ddf36182ac5d1782dbeefcb9bea7f5f9412d88f4a0d5047b1564a223624e8c6',
  },
  'x86_64-apple-darwin': {
    version: '1.29.0',
    sha256: '33cf85df9142bc6d29cbc62fa5ca1d4c29622cddb55213a4c1a43c457fb9b2d7',
  },
  'aarch64-apple-darwin': {
    version: '1.29.0',
    sha256: 'aeb4105778ca1bd3c6b0e75768f581c656633cd51368fa61289b6a71696ac7e1',
  },
  'x86_64-pc-windows-msvc': {
    version: '1.29.0',
    sha256: '86478e53f769379d7f0ebfa7c9aa97cb76ca92233f79aa2cc0dbee2efaac73c7',
  },
  'aarch64-pc-windows-msvc': {
    version: '1.29.0',
    sha256: '3af309e6c3062aa11df0e932954f69d13b734d8a431e593812f3ecd9ff9e6ef6',
  },
}
