export type JobStatus = 'success' | 'failure' | 'cancelled'

const CONDITIONS = new Map<string, (status: JobStatus) => boolean>([
  ['always()', () => true],
  ['success()', (status) => status === 'success'],
  ['failure()', (status) => status === 'failure'],
  ['cancelled()', (status) => status === 'cancelled'],
  ['!cancelled()', (status) => status !== 'cancelled'],
])

/** What `post-if` says, asked when the job's steps are over. */
export function postCondition(written: string): (status: JobStatus) => boolean {
  const condition = CONDITIONS.get(written.replace(/^\$\{\{(.*)\}\}$/s, '$1').replaceAll(/\s/g, ''))
  if (condition === undefined) {
    const known = [...CONDITIONS.keys()].join(', ')
    throw new Error(`the lab's runner cannot evaluate \`post-if: ${written}\`: it knows only ${known}`)
  }
  return condition
}
