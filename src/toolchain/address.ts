/** An address as it may be shown: a mirror's can hold a password. */
export function shownAddress(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//')
}
