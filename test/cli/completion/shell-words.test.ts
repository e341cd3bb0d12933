import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { bashReply, readShellLine } from '../../../cli/completion/shell-words.ts';

// As bash has it unless somebody changes it.
const breaks = ' \t\n"\'><=;|&(:';

describe('a command line', () => {
  it.each([
    ['recode aws ', ['recode', 'aws'], { text: '', quote: '', settled: 0 }],
    ['recode  aws\tst', ['recode', 'aws'], { text: 'st', quote: '', settled: 0 }],
    ['recode --region=eu', ['recode'], { text: '--region=eu', quote: '', settled: 9 }],
    ['recode https://github.com/a', ['recode'], { text: 'https://github.com/a', quote: '', settled: 6 }],
    ['recode "my team" \'x y', ['recode', 'my team'], { text: 'x y', quote: "'", settled: 0 }],
    ['recode a\\ b"c', ['recode'], { text: 'a bc', quote: '"', settled: 3 }],
    ['recode "a\\$b\\c', ['recode'], { text: 'a$b\\c', quote: '"', settled: 0 }],
    ['recode $(touch /tmp/x) `y` $HOME', ['recode', '$(touch', '/tmp/x)', '`y`'], { text: '$HOME', quote: '', settled: 0 }],
    ["recode '' ''x", ['recode', ''], { text: 'x', quote: '', settled: 0 }],
    ['recode x\\', ['recode'], { text: 'x', quote: '', settled: 0 }],
  ])('is read as far as the cursor: %j', (line, words, current) => {
    expect(readShellLine(line, breaks)).toEqual({ words, current });
  });
});

describe('a reply', () => {
  const hostile = [
    'acme/api',
    'a b',
    "it's",
    '$(touch x)',
    '`id`',
    '"q"',
    'a\\b',
    '~root',
    '#x',
    'a;b&c|d',
    '*?[x]{a,b}',
    'ü',
    '!!',
    'a=b:c@d',
  ];
  it.each(hostile)('is what bash reads as the text again, in all quotes: %j', (text) => {
    for (const quote of ['', "'", '"'] as const) {
      const typed = `${quote}${bashReply(text, { text: '', quote, settled: 0 })}${quote}`;
      expect(execFileSync('bash', ['-c', `printf %s ${typed}`], { encoding: 'utf8' })).toBe(text);
    }
  });

  it('begins after what bash takes as a word of its own', () => {
    const { current } = readShellLine('recode --region=eu', breaks);
    expect(bashReply('--region=eu-west-1', current)).toBe('eu-west-1');
  });
});
