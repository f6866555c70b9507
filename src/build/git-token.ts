import type { Environment } from '../process/environment.ts'

export type GitTokenOptions = {
  token: string
  server: string
  /** What git was told through the environment already stays. */
  own: Environment
}

/**
 * The environment that lets git (and cargo by way of it) read private repositories of one server. Nothing of it is in an
 * argument or a file. Addresses written for ssh are read over https too, since the token is of no use there.
 */
export function gitTokenEnvironment({ token, server, own }: GitTokenOptions): Environment {
  if (token === '') return {}
  const { origin, host } = new URL(server)
  const first = Number(own['GIT_CONFIG_COUNT'] ?? 0) || 0
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64')
  const settings = [
    // An empty one takes back those of other places: two such headers would be refused.
    [`http.${origin}/.extraheader`, ''],
    [`http.${origin}/.extraheader`, `Authorization: Basic ${basic}`],
    [`url.${origin}/.insteadOf`, `ssh://git@${host}/`],
    [`url.${origin}/.insteadOf`, `git@${host}:`],
  ] as const
  return {
    // cargo's own git library does not read these variables.
    CARGO_NET_GIT_FETCH_WITH_CLI: 'true',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_COUNT: String(first + settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${first + index}`, key],
        [`GIT_CONFIG_VALUE_${first + index}`, value],
      ]),
    ),
  }
}
