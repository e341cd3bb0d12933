import { afterEach, describe, expect, it, vi } from 'vitest';
import { columns, line, paint, paintHelp, progressOf, table, writeJson } from '../../cli/output.ts';
import { nastyTexts, obeyed } from '../harness/nasty.ts';
import { collectedOutput, collector } from './collect.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const plain = (text: string) => text;

describe('table', () => {
  it('writes the values below each other', () => {
    expect(
      table([
        ['Address', '203.0.113.7'],
        ['Id', 'i-1'],
      ]),
    ).toBe('  Address  203.0.113.7\n  Id       i-1\n');
  });

  it('is nothing without rows', () => {
    expect(table([])).toBe('');
  });
});

describe('columns', () => {
  it('makes each as wide as its longest cell, and leaves no spaces at the end of a line', () => {
    const rows = [
      ['acme/api', 'started', '203.0.113.7'],
      ['a-long/repository', 'stopped', ''],
    ];
    expect(columns(['REPOSITORY', 'STATUS', 'ADDRESS'], rows, plain)).toBe(
      'REPOSITORY         STATUS   ADDRESS\nacme/api           started  203.0.113.7\na-long/repository  stopped\n',
    );
  });

  it('dresses the headings alone, without their being moved by it', () => {
    const bold = (text: string) => `<${text}>`;
    expect(columns(['NAME', 'ID'], [['one', '1']], bold)).toBe('<NAME>  <ID>\none   1\n');
  });
});

describe('with --json', () => {
  it('stdout is for the result alone', () => {
    const { output, stdout, stderr } = collectedOutput({ json: true });
    progressOf(output).write('Working\n');
    writeJson(output, [{ name: null }]);
    expect(stdout()).toBe('[\n  {\n    "name": null\n  }\n]\n');
    expect(stderr()).toBe('Working\n');
  });

  it('and without it everything is for people on stdout', () => {
    const { output } = collectedOutput();
    expect(progressOf(output)).toBe(output.stdout);
  });
});

describe('a stream', () => {
  const written = (text: string) => {
    const { stream, text: shown } = collector();
    stream.write(text);
    return shown();
  };

  it.each(nastyTexts)('shows %j instead of obeying it', (text) => {
    expect(written(`before ${text} after\n`).replaceAll('\n', '')).not.toMatch(obeyed);
  });

  it('keeps line breaks, those of Windows and of consoles too', () => {
    expect(written('one\r\ntwo\nthree\rfour\n')).toBe('one\ntwo\nthree\\u000dfour\n');
  });

  it('keeps the colors of paint, and no other', () => {
    vi.stubEnv('FORCE_COLOR', '1');
    const { stream, text } = collector({ isTTY: true });
    stream.write(`${paint(stream, 'green', 'ours')} \u001b[31mtheirs\u001b[0m\n`);
    expect(text()).toBe('\u001b[32mours\u001b[39m \\u001b[31mtheirs\\u001b[0m\n');
  });

  it('does not take what is painted for a color', () => {
    vi.stubEnv('FORCE_COLOR', '1');
    const { stream, text } = collector({ isTTY: true });
    stream.write(paint(stream, 'bold', '\u001b[31m|\u009b2J\nnext'));
    expect(text()).toBe('\u001b[1m\\u001b[31m|\\u009b2J\\u000anext\u001b[22m');
  });

  it('has the colors of the help', () => {
    expect(written(paintHelp('bold', 'Usage:'))).toBe('\u001b[1mUsage:\u001b[22m');
  });
});

describe('one line', () => {
  const forged = 'acme/api\nConnect to it:\u0085ssh evil.example';

  it('is what a value stays on, in a table, in columns and in a sentence', () => {
    const shown = 'acme/api\\u000aConnect to it:\\u0085ssh evil.example';
    expect(table([['Name', forged]])).toBe(`  Name  ${shown}\n`);
    expect(columns(['NAME', 'ID'], [[forged, '1']], plain)).toBe(`${'NAME'.padEnd(shown.length)}  ID\n${shown}  1\n`);
    expect(line`Stopped ${forged}.`).toBe(`Stopped ${shown}.`);
  });

  it('keeps a color', () => {
    vi.stubEnv('FORCE_COLOR', '1');
    const { stream, text } = collector({ isTTY: true });
    stream.write(table([['Name', paint(stream, 'bold', 'x')]]));
    expect(text()).toBe('  Name  \u001b[1mx\u001b[22m\n');
  });
});

describe('JSON', () => {
  it.each(nastyTexts)('has %j as it is, in characters that a terminal shows', (text) => {
    const { output, stdout } = collectedOutput({ json: true });
    writeJson(output, { [text]: text });
    const printed = stdout();
    expect(printed.replaceAll('\n', '')).not.toMatch(obeyed);
    expect(JSON.parse(printed)).toEqual({ [text]: text });
  });
});
