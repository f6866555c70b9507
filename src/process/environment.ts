export type Environment = Readonly<Record<string, string | undefined>>

/** What belongs to us, to the runner's services, or is a credential that no build script, test or tool may find. */
const WITHHELD = [
  /^INPUT_/,
  // Our settings; the two facts that builds are given are added by the build itself.
  /^RUST_DEPLOY_/,
  // Cache, artifact and OIDC services of the runner.
  /^ACTIONS_/,
  // With these files a program can set outputs, variables and PATH of the steps that follow.
  /^GITHUB_(ENV|PATH|OUTPUT|STATE|STEP_SUMMARY|ARTIFACTS)$/,
  /^(GITHUB|GH)_(ENTERPRISE_)?TOKEN$/,
  /^(NODE_AUTH|NPM|CI_JOB)_TOKEN$/,
  /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|WEB_IDENTITY_TOKEN_FILE)$/,
  /^(GOOGLE_APPLICATION_CREDENTIALS|CLOUDSDK_AUTH_ACCESS_TOKEN|AZURE_CLIENT_SECRET)$/,
]

/** What `cargo fetch` needs to read private registries and git repositories, and nothing after it does. */
const FETCHING = [
  /^CARGO_REGISTRY_TOKEN$/,
  /^CARGO_REGISTRIES_.*_TOKEN$/,
  /^CARGO_REGISTR(Y|IES_.*)_CREDENTIAL_PROVIDER$/,
  /^SSH_(AUTH_SOCK|AGENT_PID|ASKPASS)$/,
  /^GIT_(ASKPASS|CONFIG_COUNT|CONFIG_KEY_\d+|CONFIG_VALUE_\d+|CONFIG_PARAMETERS)$/,
]

/** The environment of everything that runs code of the project or of its dependencies. */
export function buildEnvironment(own: Environment, secrets: readonly string[]): Environment {
  return without(own, [...WITHHELD, ...FETCHING], secrets)
}

/** The environment of `cargo fetch`, which runs no build script, no macro and no test. */
export function fetchEnvironment(own: Environment, secrets: readonly string[]): Environment {
  return without(own, WITHHELD, secrets)
}

function without(own: Environment, patterns: readonly RegExp[], secrets: readonly string[]): Environment {
  const kept = Object.entries(own).filter(([name, value]) => {
    // Windows does not care about case.
    if (patterns.some((pattern) => pattern.test(name.toUpperCase()))) return false
    // A workflow often has the same secret in its `env:` under a name that we cannot know.
    return !secrets.some((secret) => secret !== '' && value?.includes(secret))
  })
  return Object.fromEntries(kept)
}
