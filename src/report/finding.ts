export type Place = { file: string; line?: number; endLine?: number; column?: number }

/** Something that a person should see at its place in the code, or above the run. */
export type Finding = {
  level: 'error' | 'warning' | 'notice'
  title: string
  message: string
  place?: Place
}
