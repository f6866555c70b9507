/** What is wrong with a key and what to do, as a sentence whose subject is the setting. It never shows what was given. */
export type Wrong = { wrong: string }

/** Only our own words go on: messages of parsers may hold pieces of what they could not read. */
export function unlessThrown<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

export const DAMAGED: Wrong = {
  wrong:
    'is damaged: something between its first and its last line is missing or was changed. Give the whole file as it is, or in base64 (`base64 -w0 <file>`).',
}

export const PASSPHRASE_MISSING: Wrong = {
  wrong:
    "is encrypted, and there is no passphrase: set `ssh-passphrase`, or take the passphrase off a copy of the key (`ssh-keygen -p -N '' -f <copy>`).",
}

export const PASSPHRASE_WRONG: Wrong = {
  wrong:
    'cannot be opened with the passphrase that `ssh-passphrase` holds: check that it is the one of this key. Should it be right, the key is damaged: give the whole file as it is.',
}

export const CIPHER_UNKNOWN: Wrong = {
  wrong:
    'is encrypted with a cipher that cannot be read here: write it anew with a common one, `ssh-keygen -p -Z aes256-ctr -f <file>`.',
}

export const OPENING_TOO_SLOW: Wrong = {
  wrong:
    'is encrypted in a way that takes too long to open: write it anew with fewer rounds, `ssh-keygen -p -a 64 -f <file>`.',
}

const MAKE_ANOTHER = 'make another one with `ssh-keygen -t ed25519` and let the servers know it.'

export const DSA: Wrong = { wrong: `is a DSA key, which servers no longer take: ${MAKE_ANOTHER}` }

export const ON_HARDWARE: Wrong = {
  wrong: `belongs to a security key (FIDO), and nobody is here to touch that: ${MAKE_ANOTHER}`,
}

export const KIND_UNKNOWN: Wrong = {
  wrong: `is of a kind that cannot be used here, where Ed25519, RSA, and ECDSA on the curves P-256, P-384 and P-521 can: ${MAKE_ANOTHER}`,
}

export function tooShort(bits: number): Wrong {
  return { wrong: `is an RSA key of only ${bits} bits, and servers take none of less than 1024: ${MAKE_ANOTHER}` }
}

export function tooLong(bits: number): Wrong {
  return { wrong: `is an RSA key of ${bits} bits, and servers take none of more than 16384: ${MAKE_ANOTHER}` }
}
