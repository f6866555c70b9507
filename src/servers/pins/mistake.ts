/** What a line is instead of a pin; `endsReading` where it goes on over lines of which nothing more need be said. */
export type Mistake = { why: string; endsReading: boolean }

const FORM = '`host ssh-ed25519 AAAA…`, as `ssh-keyscan` prints it'

/** Forms that people paste here by mistake. Nothing of them is repeated: it may be secret. */
export function mistakeIn(line: string): Mistake | undefined {
  const found = MISTAKES.find(({ form }) => form.test(line))
  return found === undefined ? undefined : { why: found.why, endsReading: found.endsReading ?? false }
}

const MISTAKES: readonly { form: RegExp; why: string; endsReading?: true }[] = [
  {
    // In the second row a key without its first line, and one that was encoded once more.
    form: /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY|^PuTTY-User-Key-File|^b3BlbnNzaC1rZXktdjE|^LS0tLS1CRUdJTi/,
    why: 'begins a private key. Take it out of here, and replace it on your servers if others can read this setting; a private key belongs into `ssh-key`, and here belongs the public key of the server.',
    endsReading: true,
  },
  {
    form: /^----[- ]/,
    why: `begins a key in another format: write it as ${FORM}.`,
    endsReading: true,
  },
  {
    form: /^</,
    why: 'is HTML, so this was not downloaded as it is meant to be: take the raw file.',
    endsReading: true,
  },
  {
    form: /^(?:\S+\s+)?(?:MD5:|(?:[0-9a-f]{2}:){15}[0-9a-f]{2}(?:\s|$))/i,
    why: 'has an MD5 fingerprint, which can be forged: take the one with SHA256, which `ssh-keygen -l -E sha256` prints.',
  },
  {
    form: /^SHA256(?!:)|^SHA256:(?:$|[\s,])/i,
    why: 'has `SHA256` without a value: write the whole fingerprint, `SHA256:` and 43 characters.',
  },
  {
    form: /^(?!SHA256:)\S+\s+SHA256:/i,
    why: 'has something else before a fingerprint: write the fingerprint alone, as in `SHA256:…`; it is good for every host.',
  },
  {
    form: /^AAAA\S*$|^[A-Za-z0-9+/]{40,}={0,2}$/,
    why: `is a key without a host and a type: write ${FORM}.`,
  },
  {
    form: /^(?:ssh|ecdsa|sk)-\S+\s+AAAA/,
    why: `is a key without a host: write ${FORM}.`,
  },
  {
    form: /^\S+\s+AAAA/,
    why: `has a key without its type: write ${FORM}.`,
  },
  {
    form: /^\S+\s+\d+\s+\d+\s+\d+/,
    why: 'has a key of SSH 1, which no server uses any more: take the line out.',
  },
]
