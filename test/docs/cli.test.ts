import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unknownView } from '../../cli/environment-view.ts';
import { commandName, leafCommands } from '../../cli/help.ts';
import { createProgram } from '../../cli/program.ts';
import { exitCodes } from '../../core/errors.ts';
import { collectedOutput } from '../cli/collect.ts';
import { read, root } from './pages.ts';

const page = read('docs/cli.md');
const program = await createProgram(collectedOutput().output, '0.0.0');

/** The cells of the rows of the first table in a section, without the code marks. */
function tableOf(section: string): string[][] {
  const [, text = ''] = new RegExp(`\n## ${section}\n(.*?)(?=\n## |$)`, 's').exec(page) ?? [];
  const [, rows = ''] = /\| --- \|[^\n]*\n((?:\|[^\n]*\n)+)/.exec(text) ?? [];
  return rows
    .trim()
    .split('\n')
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}
const codes = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

describe('docs/cli.md', () => {
  it('has every command with the options of its help', () => {
    const withoutAccount = ['recode aws explain', 'recode aws config-ssh'];
    // They print what the remote command prints, what a shell reads, or nothing that a program would read.
    const withoutJson = ['recode aws ssh', 'recode aws open', 'recode aws forward', 'recode aws cp', 'recode completion'];
    const everywhere = ['--profile', '--region', '--local', '--json'];
    const expected = leafCommands(program).map((command) => {
      const words = commandName(command);
      const options = command
        .createHelp()
        .visibleOptions(command)
        .flatMap(({ long }) => (long && long !== '--help' ? [long] : []));
      const account = words.startsWith('recode aws ') && !withoutAccount.includes(words) ? everywhere : ['--json'];
      const usual = withoutJson.includes(words) ? account.filter((option) => option !== '--json') : account;
      for (const option of usual) expect(options, words).toContain(option);
      const own = options.filter((option) => !usual.includes(option));
      return [
        [
          words,
          ...command.registeredArguments.map((argument) => (argument.required ? `<${argument.name()}>` : `[${argument.name()}]`)),
        ].join(' '),
        own,
      ];
    });
    expect(tableOf('Commands and options').map(([command, options]) => [codes(command)[0], codes(options)])).toEqual(expected);
  });

  it('has every exit code', () => {
    const documented = tableOf('Exit codes').map(([code]) => Number(code));
    expect(documented).toEqual([0, ...Object.values(exitCodes)].sort((one, other) => one - other));
  });

  it('has the fields of the JSON, in their order', () => {
    const fields = tableOf('JSON').flatMap(([cell]) => codes(cell));
    expect(fields).toEqual(Object.keys(unknownView({ repository: '', owner: '' })));
  });

  it('has every environment variable that the CLI reads', () => {
    const sources = ['cli', 'local/src/control'].flatMap(filesOf).map(read);
    const variables = sources.flatMap((source) =>
      [...source.matchAll(/\b(?:variables|env)\.([A-Z][A-Z_]+)\b/g)].map(([, name = '']) => name),
    );
    const documented = tableOf('Environment variables').flatMap(([cell]) => codes(cell));
    expect([...new Set(variables)].filter((name) => !documented.includes(name))).toEqual([]);
    expect(variables.length).toBeGreaterThan(8);
  });
});

function filesOf(path: string): string[] {
  if (path.endsWith('.ts')) return [path];
  return readdirSync(join(root, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}
