import { describe, expect, it } from 'vitest';
import { escapeUnprintable, isPrintableAscii } from '../../core/printable.ts';
import { nastyTexts, obeyed } from '../harness/nasty.ts';

describe('escapeUnprintable', () => {
  it.each(nastyTexts)('leaves nothing of %j that a terminal obeys, and the text as JSON reads it back', (text) => {
    const escaped = escapeUnprintable(text);
    expect(escaped).not.toMatch(obeyed);
    expect(JSON.parse(`"${escaped.replace(/\\(?!u)/g, '\\\\')}"`)).toBe(text);
  });

  it.each(['acme/api', 'Zoë', 'Ωμέγα', '日本語', '✓ done', '\u{1f600}', 'a "quoted" \\ text'])('leaves %s as it is', (text) => {
    expect(escapeUnprintable(text)).toBe(text);
  });

  it('keeps what it is told to', () => {
    expect(escapeUnprintable('a\n\u001b\tb', '\n')).toBe('a\n\\u001b\\u0009b');
  });
});

describe('isPrintableAscii', () => {
  it.each(['', 'recode acme/api', ' ~'])('is true for "%s"', (text) => {
    expect(isPrintableAscii(text)).toBe(true);
  });

  it.each([...nastyTexts, 'Zoë', 'a\n'])('is false for %j', (text) => {
    expect(isPrintableAscii(text)).toBe(false);
  });
});
