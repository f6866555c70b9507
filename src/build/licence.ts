/** A licence as CycloneDX wants it: an SPDX expression, or, for a text that is none, a name. */
export type Licence = { expression: string } | { license: { name: string } }

export function licenceOf(text: string): Licence {
  // cargo's older way to say OR.
  const expression = text.trim().replace(/\s*\/\s*/g, ' OR ')
  return isExpression(expression) ? { expression } : { license: { name: text } }
}

/** Whether it has the form of an SPDX expression. Which identifiers there are is not asked: that list grows. */
function isExpression(text: string): boolean {
  let depth = 0
  let wanted: 'operand' | 'exception' | 'operator' = 'operand'
  for (const token of text.replace(/[()]/g, ' $& ').trim().split(/\s+/)) {
    if (wanted === 'operator') {
      if (token === ')') depth -= 1
      else if (token === 'AND' || token === 'OR') wanted = 'operand'
      else if (token === 'WITH') wanted = 'exception'
      else return false
      if (depth < 0) return false
    } else if (token === '(' && wanted === 'operand') {
      depth += 1
    } else {
      if (!/^[A-Za-z0-9.-]+(:[A-Za-z0-9.-]+)?\+?$/.test(token)) return false
      if (['AND', 'OR', 'WITH'].includes(token)) return false
      wanted = 'operator'
    }
  }
  return depth === 0 && wanted === 'operator'
}
