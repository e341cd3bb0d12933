/**
 * Splits a line into words as a POSIX shell would, without doing anything else of a shell: no variables, no pipes. It is what Python's
 * `shlex.split` does, with which the AWS CLI reads names of sections and `credential_process`. Undefined where a quote is not closed.
 */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (quote === "'" || (quote === '"' && character !== '\\')) {
      if (character === quote) quote = '';
      else word += character;
    } else if (character === '\\') {
      const next = text.charAt(++i);
      if (next === '') return undefined;
      // Between double quotes a backslash only escapes what would otherwise mean something.
      word = (word ?? '') + (quote !== '' && !/["\\]/.test(next) ? `\\${next}` : next);
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/[ \t\r\n]/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  if (quote !== '') return undefined;
  return word === undefined ? words : [...words, word];
}

/**
 * Splits a command as Windows programs do (https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments): double quotes
 * alone quote, and a backslash is one unless it stands before a quote. Undefined where a quote is not closed.
 */
export function splitWindowsCommand(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quoted = false;
  for (const [, backslashes = '', character = ''] of text.matchAll(/(\\*)([^\\]|$)/gs)) {
    if (character === '"') {
      word = (word ?? '') + '\\'.repeat(backslashes.length >> 1);
      if (backslashes.length % 2 === 1) word += '"';
      else quoted = !quoted;
      continue;
    }
    if (backslashes !== '') word = (word ?? '') + backslashes;
    if (/[ \t]/.test(character) && !quoted) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character !== '') word = (word ?? '') + character;
  }
  if (quoted) return undefined;
  return word === undefined ? words : [...words, word];
}
