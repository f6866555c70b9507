/** How this machine reaches the package registries: certificates and places of Rust. An otherwise empty environment keeps them. */
export const KEPT_NAMES = [
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'PIP_CERT',
  'GIT_SSL_CAINFO',
  'CURL_CA_BUNDLE',
  'CARGO_HOME',
  'RUSTUP_HOME',
]

export function kept(): Record<string, string> {
  return Object.fromEntries(KEPT_NAMES.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))
}
