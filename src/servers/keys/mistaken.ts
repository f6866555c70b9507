const KEY_TYPE = /(?:ssh-(?:rsa|dss|ed25519|ed448)|ecdsa-sha2-\w+|sk-(?:ssh|ecdsa)-[\w@.-]+?)/.source
const PUBLIC_LINE = new RegExp(`^(.*[ \\t])?${KEY_TYPE}(@openssh\\.com)?\\s+AAAA`, 'm')
const SSH_CERTIFICATE = /-cert-v0\d@openssh\.com\s+AAAA/
/** What stands before the key in a line of authorized_keys; in known_hosts the names of the server do. */
const LOGIN_OPTIONS =
  /^\s*(restrict|no-|pty|cert-authority|(command|environment|expiry-time|from|permit\w+|principals|tunnel)=)/

const GIVE_PRIVATE = 'Give the content of the private key file.'

/** What a text is that holds no private key, as a sentence whose subject is the setting. */
export function mistaken(text: string): string {
  const trimmed = text
    .trim()
    .replace(/^(["'`])(.*)\1$/s, '$2')
    .trim()
  if (trimmed === '') {
    return 'is empty: there is no such secret, or this run may not see it, as those of forks may not. Put the whole private key file into it.'
  }
  return MISTAKES.find(([is]) => is(trimmed))?.[1] ?? NOTHING_KNOWN
}

const NOTHING_KNOWN =
  'is no private key: one begins with the line `-----BEGIN … PRIVATE KEY-----`. Give the whole file, from its first to its last line.'

/** The first that fits says it. */
const MISTAKES: readonly (readonly [is: (text: string) => boolean, sentence: string])[] = [
  [
    (text) => text.startsWith('PuTTY-User-Key-File'),
    'is a key in the format of PuTTY: convert it with `puttygen <file>.ppk -O private-openssh -o <new file>`, and give the new file.',
  ],
  [
    (text) => text.includes('BEGIN SSH2 ENCRYPTED PRIVATE KEY'),
    'is a key in the format of ssh.com: convert it with `ssh-keygen -i -f <file>`, and give what that prints.',
  ],
  [
    (text) => text.includes('BEGIN PGP '),
    'is a key of PGP, which SSH cannot use: make one with `ssh-keygen -t ed25519` and let the servers know it.',
  ],
  [
    (text) => SSH_CERTIFICATE.test(text) || /BEGIN [A-Z0-9 ]{0,40}CERTIFICATE/.test(text),
    'is a certificate. Certificates cannot be used here: give the private key, and let the servers know its public half (authorized_keys).',
  ],
  [
    isKnownHosts,
    `holds the public key of a server, as known_hosts does, which belongs into \`ssh-known-hosts\`. ${GIVE_PRIVATE}`,
  ],
  [
    (text) => PUBLIC_LINE.test(text) || /BEGIN [A-Z0-9 ]{0,40}PUBLIC KEY/.test(text),
    'is the public half of a key, which is for the servers: give the private half, from the file of the same name without `.pub`.',
  ],
  [
    (text) => /^(SHA256|MD5):\S+$/.test(text),
    `is the fingerprint of a key; that of a server belongs into \`ssh-known-hosts\`. ${GIVE_PRIVATE}`,
  ],
  [
    (text) => /^<(!|\?xml|html|head|body)/i.test(text),
    `is a web page: whatever fetched the key was sent a sign-in or an error page. ${GIVE_PRIVATE}`,
  ],
  [
    (text) => /^\$(\{.*\}|\w+)$/.test(text) || /^%\w+%$/.test(text),
    'is the name of a variable that nobody filled in: check how the workflow or the shell writes the names of secrets.',
  ],
  [
    (text) => text.startsWith('LS0tLS1CRUdJTi'),
    'is a key in base64 that was damaged: make it anew with `base64 -w0 <file>`, and give all of that.',
  ],
  [isHeadless, 'lacks its first and its last line, `-----BEGIN … PRIVATE KEY-----`: give the whole file.'],
  [
    isPath,
    'is the path of a file, not what is in it: on the command line `@path` reads the file; in a workflow put its content into a secret.',
  ],
]

function isKnownHosts(text: string): boolean {
  const before = PUBLIC_LINE.exec(text)?.[1]?.trim() ?? ''
  return before !== '' && !before.startsWith('#') && !LOGIN_OPTIONS.test(before)
}

/** What every key begins with in base64: the name of OpenSSH's format, a sequence, or what old files say of encryption. */
function isHeadless(text: string): boolean {
  return /^(b3BlbnNzaC1rZXktdjE|M[CHI][A-Za-z0-9+/=\s]{40,}$|Proc-Type:)/.test(text)
}

function isPath(text: string): boolean {
  // Folders whose names begin with an n or an r look like escaped line ends behind a backslash.
  if (/^@?[A-Za-z]:[\\/\n]/.test(text)) return true
  if (text.length > 1024 || /[\r\n]/.test(text)) return false
  return /^@?(~|\.{0,2}[\\/])/.test(text) || /(^|[\\/])id_\w+$|\.(pem|key|ppk|pub|openssh)$/i.test(text)
}
