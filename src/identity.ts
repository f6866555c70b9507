import packageJson from '../package.json' with { type: 'json' }

export const program = `rust-deploy ${packageJson.version}`
