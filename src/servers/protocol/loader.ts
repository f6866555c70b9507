/** Ends the script on the standard input of a call. No line of a script is this one. */
export const END_OF_SCRIPT = '#rust-deploy-parameters'

/**
 * What every call runs, to the letter: no input is ever part of a command line. It reads a script from its standard input
 * and leaves the rest of that to it. Any login shell takes it alike, since it holds no single quote, no line end, no `!`,
 * and a backslash only before `n`, which in single quotes is nobody's but printf's.
 */
export const COMMAND = `exec /bin/sh -c '${[
  `n=$(printf "\\nx"); n=\${n%x}; s=`,
  `until IFS= read -r l || exit 65; test "$l" = "${END_OF_SCRIPT}"; do s=$s$l$n; done`,
  'eval "$s"',
].join('; ')}'`
