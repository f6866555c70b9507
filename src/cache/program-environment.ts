import type { Environment } from '../process/environment.ts'

/** Names of the environment without which the toolkit, tar or zstd do not find what they need. */
const NEEDED = [
  /^ACTIONS_(RESULTS_URL|RUNTIME_TOKEN|RUNTIME_URL|CACHE_URL|CACHE_SERVICE_V2|CACHE_MODE|ORCHESTRATION_ID)$/,
  /^GITHUB_SERVER_URL$/,
  /^(HTTP|HTTPS|NO|ALL)_PROXY$/,
  /^(NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR)$/,
]
const OF_EVERY_PROGRAM = /^(PATH|HOME|TMPDIR|TMP|TEMP|USERPROFILE|SYSTEMROOT|SYSTEMDRIVE|PROGRAMFILES|PATHEXT|COMSPEC)$/

export function transferEnvironment(own: Environment): Environment {
  return only(own, [...NEEDED, OF_EVERY_PROGRAM])
}

/** For programs that have nothing to ask of anybody. Options of tar and zstd in the environment are not ours to obey. */
export function programEnvironment(own: Environment): Environment {
  return { ...only(own, [OF_EVERY_PROGRAM]), LC_ALL: 'C' }
}

function only(own: Environment, names: readonly RegExp[]): Environment {
  const entries = Object.entries(own)
  // Windows does not care about case.
  return Object.fromEntries(entries.filter(([name]) => names.some((wanted) => wanted.test(name.toUpperCase()))))
}
