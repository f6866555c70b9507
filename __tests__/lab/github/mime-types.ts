/** What CreateArtifact accepts: the types that its client derives from a file's name. */
export const MIME_TYPES: ReadonlySet<string> = new Set([
  ...typesOf('application', [
    'gzip',
    'javascript',
    'json',
    'msword',
    'octet-stream',
    'pdf',
    'vnd.ms-excel',
    'vnd.ms-fontobject',
    'vnd.ms-powerpoint',
    'vnd.openxmlformats-officedocument.presentationml.presentation',
    'vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    'vnd.openxmlformats-officedocument.wordprocessingml.document',
    'vnd.rar',
    'wasm',
    'x-7z-compressed',
    'x-tar',
    'x-yaml',
    'zip',
  ]),
  ...typesOf('audio', ['flac', 'mpeg', 'ogg', 'wav']),
  ...typesOf('font', ['otf', 'ttf', 'woff', 'woff2']),
  ...typesOf('image', ['bmp', 'gif', 'jpeg', 'png', 'svg+xml', 'tiff', 'webp', 'x-icon']),
  ...typesOf('text', ['css', 'csv', 'html', 'markdown', 'plain', 'xml']),
  ...typesOf('video', ['mp4', 'quicktime', 'webm', 'x-msvideo']),
])

function typesOf(family: string, names: readonly string[]): string[] {
  return names.map((name) => `${family}/${name}`)
}
