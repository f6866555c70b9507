/** What `rustc --print cfg` says of a target: `unix`, and `target_os="linux"`. */
export type Cfgs = ReadonlySet<string>

export function readCfgs(printed: string): Cfgs {
  return new Set(printed.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()])))
}

/** Whether a `cfg(…)` of cargo's configuration fits a target. What cannot be read fits nothing: cargo complains of it. */
export function fits(expression: string, cfgs: Cfgs): boolean {
  const tokens = [...expression.matchAll(/\s*([A-Za-z_][\w-]*|"[^"]*"|[(),=])/g)].map(([, token = '']) => token)
  let at = 0
  const take = (token: string) => tokens[at] === token && ++at > 0

  const all = (depth: number): boolean[] => {
    const found: boolean[] = []
    if (!take('(')) return found
    while (at < tokens.length && !take(')')) {
      found.push(one(depth + 1))
      take(',')
    }
    return found
  }
  const one = (depth: number): boolean => {
    const name = tokens[at++] ?? ''
    // A made one could be as deep as it likes.
    if (depth > 50) return false
    if (name === 'all') return all(depth).every(Boolean)
    if (name === 'any') return all(depth).some(Boolean)
    if (name === 'not') return !all(depth)[0]
    if (name === 'true' || name === 'false') return name === 'true'
    return take('=') ? cfgs.has(`${name}=${tokens[at++]}`) : cfgs.has(name)
  }
  return take('cfg') && (all(0)[0] ?? false)
}
