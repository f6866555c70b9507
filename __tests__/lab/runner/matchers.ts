import { isRecord, recordsIn, textOf } from '../../../src/json/narrow.ts'
import type { AnnotationType } from './annotation.ts'

/** What a problem matcher picks out of a line; the numbers are groups of its expression. */
const PARTS = ['file', 'line', 'column', 'severity', 'code', 'message', 'fromPath'] as const
type Part = (typeof PARTS)[number]
type Problem = Partial<Record<Part, string>>
type Pattern = { expression: RegExp; groups: ReadonlyMap<Part, number>; loop: boolean }

export type Matcher = { owner: string; severity: string; fromPath: string; patterns: readonly Pattern[] }

/** The matchers in force in a job. Those of `::add-matcher::` go before the older ones. */
export class Matchers {
  #list: readonly Matcher[] = []

  get all(): readonly Matcher[] {
    return this.#list
  }

  add(matchers: readonly Matcher[]): void {
    this.remove(matchers.map((matcher) => matcher.owner))
    this.#list = [...matchers, ...this.#list]
  }

  remove(owners: readonly string[]): void {
    const gone = new Set(owners.map((owner) => owner.toLowerCase()))
    this.#list = this.#list.filter((matcher) => !gone.has(matcher.owner.toLowerCase()))
  }
}

/** A file of problem matchers, checked as strictly as the runner checks it. */
export function parseMatchers(json: unknown): Matcher[] {
  const matchers = recordsIn(isRecord(json) ? json['problemMatcher'] : undefined).map(parseMatcher)
  const owners = matchers.map((matcher) => matcher.owner.toLowerCase())
  const twice = matchers.find((_, index) => owners.indexOf(owners[index] ?? '') < index)
  if (twice !== undefined) throw new Error(`Duplicate owner name '${twice.owner}'`)
  return matchers
}

function parseMatcher(json: Record<string, unknown>): Matcher {
  const owner = textOf(json['owner'])
  if (owner === '') throw new Error('Owner must not be empty')
  const severity = textOf(json['severity'])
  if (severity !== '' && severityOf(severity) === undefined) {
    throw new Error(`Matcher '${owner}' contains unexpected default severity '${severity}'`)
  }
  const written = recordsIn(json['pattern'])
  if (written.length === 0) throw new Error(`Matcher '${owner}' does not contain any patterns`)
  const patterns = written.map((pattern, index) => parsePattern(pattern, index > 0 && index === written.length - 1))
  const set = patterns.flatMap((pattern) => [...pattern.groups.keys()])
  for (const part of PARTS) {
    if (set.filter((name) => name === part).length > 1) throw new Error(`The property '${part}' is set twice`)
  }
  if (!set.includes('message')) throw new Error("At least one pattern must set 'message'")
  return { owner, severity, fromPath: textOf(json['fromPath']), patterns }
}

function parsePattern(json: Record<string, unknown>, mayLoop: boolean): Pattern {
  const source = textOf(json['regexp'])
  const loop = json['loop'] === true
  if (loop && !mayLoop) throw new Error("Only the last pattern in a multiline matcher may set 'loop'")
  if (loop && json['message'] === undefined) throw new Error("The loop pattern must set 'message'")
  const groupCount = new RegExp(`${source}|`).exec('')?.length ?? 0
  const groups = new Map<Part, number>()
  for (const part of PARTS) {
    const group = json[part]
    if (group === undefined || group === null) continue
    if (typeof group !== 'number' || group < 0 || group >= groupCount) {
      throw new Error(`The property '${part}' is set to ${String(group)} which is out of range`)
    }
    groups.set(part, group)
  }
  return { expression: new RegExp(source), groups, loop }
}

/** One matcher on one stream. With several patterns the first ones are remembered until the last one matches. */
export class MatcherRun {
  readonly #matcher: Matcher
  #held: (Problem | undefined)[] = []

  constructor(matcher: Matcher) {
    this.#matcher = matcher
  }

  reset(): void {
    this.#held = []
  }

  match(line: string): Problem | undefined {
    const { patterns } = this.#matcher
    const last = patterns.length - 1
    // From the last pattern backwards: a line is asked about with what the lines before it have left.
    for (const [index, pattern] of [...patterns.entries()].toReversed()) {
      const before = index === 0 ? {} : this.#held[index - 1]
      if (before === undefined) continue
      const groups = pattern.expression.exec(line)
      const problem = groups === null ? undefined : { ...picked(pattern, groups), ...before }
      if (index < last) {
        this.#held[index] = problem
      } else if (problem !== undefined) {
        this.reset()
        if (pattern.loop) this.#held[index - 1] = before
        return this.#withDefaults(problem)
      } else if (index > 0) {
        this.#held[index - 1] = undefined
      }
    }
    return undefined
  }

  #withDefaults(problem: Problem): Problem {
    return {
      ...problem,
      severity: problem.severity || this.#matcher.severity,
      fromPath: problem.fromPath || this.#matcher.fromPath,
    }
  }
}

function picked(pattern: Pattern, groups: RegExpExecArray): Problem {
  return Object.fromEntries([...pattern.groups].map(([part, group]) => [part, groups[group] ?? '']))
}

export function severityOf(written: string): AnnotationType | undefined {
  const severity = written.toLowerCase()
  if (severity === '') return 'error'
  return severity === 'error' || severity === 'warning' || severity === 'notice' ? severity : undefined
}
