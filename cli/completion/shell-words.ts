/** A command line as far as the cursor, in the words of a shell. */
export interface ShellLine {
  /** The words before the one at the cursor, without what quotes them. */
  readonly words: readonly string[];
  /** The word at the cursor, as far as that. */
  readonly current: CurrentWord;
}

export interface CurrentWord {
  /** Without what quotes it. */
  readonly text: string;
  /** The quotation mark that is still open. */
  readonly quote: '' | "'" | '"';
  /** How much of the text stands before the part that the shell completes. */
  readonly settled: number;
}

/**
 * Splits a line as bash does: by its quotation marks and backslashes. Nothing is expanded: `$(…)` and `$NAME` stay as they are.
 *
 * @param breaks the characters that part what is completed, though not words: COMP_WORDBREAKS
 */
export function readShellLine(line: string, breaks: string): ShellLine {
  const words: string[] = [];
  let word: CurrentWord | undefined;
  const add = (character: string, part?: Partial<CurrentWord>) => {
    const { text, quote, settled } = word ?? { text: '', quote: '', settled: 0 };
    word = { text: text + character, quote, settled, ...part };
  };
  for (let index = 0; index < line.length; index += 1) {
    const character = line[index] ?? '';
    const quote = word?.quote ?? '';
    if (character === '\\' && quote !== "'" && (quote === '' || /["\\$`]/.test(line[index + 1] ?? ''))) {
      index += 1;
      add(line[index] ?? '');
    } else if (character === quote) {
      add('', { quote: '' });
    } else if (quote === '' && (character === "'" || character === '"')) {
      add('', { quote: character, settled: word?.text.length ?? 0 });
    } else if (quote === '' && /\s/.test(character)) {
      if (word) words.push(word.text);
      word = undefined;
    } else {
      const settled = quote === '' && breaks.includes(character) ? { settled: (word?.text.length ?? 0) + 1 } : {};
      add(character, settled);
    }
  }
  return { words, current: word ?? { text: '', quote: '', settled: 0 } };
}

/** What bash puts in the place of what it completes, so that the word becomes this text. */
export function bashReply(text: string, { quote, settled }: CurrentWord): string {
  const rest = text.slice(settled);
  if (quote === "'") return rest.replaceAll("'", "'\\''");
  if (quote === '"') return rest.replace(/["\\$`!]/g, (character) => (character === '!' ? `"'!'"` : `\\${character}`));
  return rest.replace(/[^\p{L}\p{N}_@%+=:,./-]/gu, '\\$&').replace(/^~/, '\\~');
}
