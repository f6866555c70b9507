export type Origin = {
  name: string
  version: string
  /** As cargo names it; undefined for a folder of the project's own. */
  source: string | undefined
}

/** Where the project's own packages are published, if anywhere: a repository at a commit. */
export type Repository = { url: string; commit: string }

const CRATES_IO = [
  'registry+https://github.com/rust-lang/crates.io-index',
  'sparse+https://index.crates.io/',
  'registry+https://index.crates.io/',
]

/** The package URL: what scanners look a package up by. https://github.com/package-url/purl-spec */
export function purlOf({ name, version, source }: Origin, own: Repository | undefined): string {
  const plain = `pkg:cargo/${encoded(name)}@${encoded(version)}`
  if (source === undefined) return own === undefined ? plain : `${plain}?vcs_url=${vcsUrl(own.url, own.commit)}`
  if (CRATES_IO.includes(source)) return plain
  const [, kind, address = ''] = /^(git|registry|sparse)\+(.*)$/s.exec(source) ?? []
  if (kind === undefined) return plain
  if (kind !== 'git') return `${plain}?repository_url=${encoded(withoutCredentials(address))}`
  // cargo writes the branch or tag that was asked for, and then the commit, which alone says which code it is.
  const [, repository = '', commit = ''] = /^([^?#]*)[^#]*#?(.*)$/s.exec(address) ?? []
  return `${plain}?vcs_url=${vcsUrl(repository, commit)}`
}

function vcsUrl(repository: string, commit: string): string {
  return encoded(`git+${withoutCredentials(repository)}${commit === '' ? '' : `@${commit}`}`)
}

/** Some write a token into the address of a private registry; it must not be published with every release. */
function withoutCredentials(address: string): string {
  return address.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1')
}

/** The purl specification leaves `:` and `/` as they are. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':')
    .replaceAll('%2F', '/')
}
