// Control characters (C0, DEL, C1), and what is invisible or changes how its neighbors are shown: line separators, direction overrides,
// zero-width characters, lone surrogates. https://www.unicode.org/reports/tr36/ says what texts with these can pretend to be.
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Whether a text has printable ASCII characters only: no control character, no line break, nothing beyond `~`. */
export function isPrintableAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** Writes every character that a terminal would obey instead of show as JSON does: `\u001b`. The characters in `kept` stay. */
export function escapeUnprintable(text: string, kept = ''): string {
  return text.replace(unprintable, (character) => (kept.includes(character) ? character : unicodeEscape(character)));
}

/** UTF-16 code units, so that JSON reads the same text back. */
const unicodeEscape = (character: string) =>
  Array.from({ length: character.length }, (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`).join('');
