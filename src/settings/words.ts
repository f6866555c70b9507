/**
 * The words of a line, as people write arguments: white space parts them, quotes keep it. Nothing else of a shell's
 * grammar means anything. Undefined when a quote is left open.
 */
export function wordsOf(line: string): string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  let quote: string | undefined
  for (const character of line) {
    if (quote !== undefined) {
      if (character === quote) quote = undefined
      else word += character
    } else if (character === '"' || character === "'") {
      quote = character
      word ??= ''
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else {
      word = (word ?? '') + character
    }
  }
  if (word !== undefined) words.push(word)
  return quote === undefined ? words : undefined
}
