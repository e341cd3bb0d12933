/**
 * Texts that a terminal obeys instead of showing them, or that pretend to be another text. The sequences are of ECMA-48 and xterm's
 * https://invisible-island.net/xterm/ctlseqs/ctlseqs.html; the characters of https://www.unicode.org/reports/tr36/ and CVE-2021-42574.
 */
export const nastyTexts: readonly string[] = [
  '\u001b]0;title\u0007', // sets the window's title
  '\u001b[2J\u001b[H', // clears the screen
  '\u001b[31mred\u001b[0m',
  '\u001b]8;;https://evil.example\u001b\\link\u001b]8;;\u001b\\',
  '\u001bP+q544e\u001b\\', // asks the terminal, which answers as if it were typed
  '\u009b2J', // CSI in one character
  '\u009d0;title\u009c',
  '\u0090x', // with it cloud-init drops a whole user data
  '\u0085', // a line break to some
  '\b\b\b',
  '\ralice',
  '\nroot',
  '\t',
  '\u0000',
  '\u007f',
  '\u2028line',
  '\u2029paragraph',
  '\u202egnp.exe', // shown from right to left
  '\u2066isolated\u2069',
  '\u200bzero-width',
  '\u2060',
  '\ufeff',
  '\u00ad',
  '\u3164', // a letter that is blank
  '\u{e0041}', // a tag, invisible
  '\ud800', // half of a character
];

/** What none of the CLI's output may contain: every control character but a line break, and what the texts above hide behind. */
export const obeyed = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
