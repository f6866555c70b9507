/** Who makes a release: an attempt of a workflow's run, or a person's machine, with randomness in place of a number. */
export type Maker = { kind: 'run'; run: string; attempt: number } | { kind: 'local'; random: string }

export type ReleaseId = {
  id: string
  time: Date
  /** The first 12 digits. */
  commit: string | undefined
  maker: Maker
}

const COMMIT_DIGITS = 12
const FORM =
  /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-(?:nogit|([0-9a-f]{12}))-(?:([1-9]\d{0,19})\.([1-9]\d{0,4})|local\.([0-9a-f]{6}))$/

/** A name for the folder of a release: of this attempt alone, and later than every earlier one as text. */
export function releaseId({ time, commit, maker }: { time: Date; commit: string | undefined; maker: Maker }): string {
  const second = time.toISOString().replace(/\.\d+Z$/, 'Z')
  const suffix = maker.kind === 'run' ? `${maker.run}.${maker.attempt}` : `local.${maker.random}`
  const digits = commit?.slice(0, COMMIT_DIGITS).toLowerCase() ?? 'nogit'
  const id = `${second.replaceAll(/[-:]/g, '')}-${digits}-${suffix}`
  if (readReleaseId(id) === undefined) throw new Error(`${JSON.stringify(id)} is no id of a release`)
  return id
}

/** Undefined for every text that `releaseId` does not make: names of folders on a server can be anything. */
export function readReleaseId(text: string): ReleaseId | undefined {
  const found = FORM.exec(text)
  if (found === null) return undefined
  const [id, year, month, day, hour, minute, second, commit, run, attempt, random = ''] = found
  const written = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`
  const time = new Date(written)
  // Of the 31st of February there is no date, or another one.
  if (Number.isNaN(time.getTime()) || time.toISOString() !== written) return undefined
  const maker: Maker = run === undefined ? { kind: 'local', random } : { kind: 'run', run, attempt: Number(attempt) }
  return { id, time, commit, maker }
}
