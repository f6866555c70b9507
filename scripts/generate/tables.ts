import { defaultOf } from '../../src/settings/help.ts'
import { outputs } from '../../src/settings/outputs.ts'
import { groups, names, settingOf } from '../../src/settings/table.ts'

/** The settings as tables for people, one for each group. */
export function inputTable(): string {
  return Object.entries(groups)
    .map(([group, title]) => {
      const rows = names
        .filter((name) => settingOf(name).group === group)
        .map((name) => {
          const { kind, about, secret } = settingOf(name)
          const meaning = [about, defaultOf(name)].filter((part) => part !== '').join(' ')
          return `| \`${name}\` | ${secret ? 'secret' : kind} | ${meaning.replaceAll('|', '\\|')} |`
        })
      return `**${title}**\n\n| setting | kind | meaning |\n| --- | --- | --- |\n${rows.join('\n')}\n`
    })
    .join('\n')
}

export function outputTable(): string {
  const rows = Object.entries(outputs).map(([name, about]) => `| \`${name}\` | ${about.replaceAll('|', '\\|')} |`)
  return `| output | meaning |\n| --- | --- |\n${rows.join('\n')}\n`
}
