import packageJson from '../package.json' with { type: 'json' }

export const { version } = packageJson

export const program = `rust-deploy ${version}`
