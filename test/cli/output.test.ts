import { describe, expect, it } from 'vitest';
import { columns, progressOf, table, writeJson } from '../../cli/output.ts';
import { collectedOutput } from './collect.ts';

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
