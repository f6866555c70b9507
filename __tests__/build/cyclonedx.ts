import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'

/** What the official schema has to say against a document; nothing when it is a valid BOM of CycloneDX 1.6. */
export function objectionsTo(bom: unknown): readonly string[] {
  if (validate(bom)) return []
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`)
}

const ajv = new Ajv({
  strict: false,
  allErrors: true,
  formats: {
    'date-time': (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text),
    'iri-reference': (text: string) => URL.canParse(text, 'https://base.example/') && !/[\s<>"{}|\\^`]/.test(text),
    uri: (text: string) => URL.canParse(text),
    'idn-email': (text: string) => /^[^@\s]+@[^@\s]+$/.test(text),
  },
})

function schemaOf(name: string) {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'schemas', `${name}.schema.json`), 'utf8'))
}

ajv.addSchema(schemaOf('spdx')).addSchema(schemaOf('jsf-0.82'))
const validate = ajv.compile(schemaOf('bom-1.6'))
