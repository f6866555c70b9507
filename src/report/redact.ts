const SHOWN = '***'

/** Replaces secrets, and what a secret looks like inside a header or a URL, in everything that leaves the program. */
export class Redaction {
  #forms: string[] = []

  hide(secrets: readonly string[]): void {
    const forms = secrets.flatMap(formsOf)
    // The longest first, so that a secret which contains another one leaves no rest.
    this.#forms = [...new Set([...this.#forms, ...forms])].sort((a, b) => b.length - a.length)
  }

  get forms(): readonly string[] {
    return this.#forms
  }

  apply(text: string): string {
    return this.#forms.reduce((redacted, form) => redacted.replaceAll(form, SHOWN), text)
  }
}

function formsOf(secret: string): string[] {
  const whole = secret.trim()
  const lines = whole.split(/\r?\n/).map((line) => line.trim())
  const encoded = [
    Buffer.from(whole).toString('base64'),
    // As HTTP's Basic scheme carries a token, with the user that GitHub expects.
    Buffer.from(`x-access-token:${whole}`).toString('base64'),
    encodeURIComponent(whole),
  ]
  return whole === '' ? [] : [whole, ...lines, ...encoded].filter((form) => form !== '')
}
