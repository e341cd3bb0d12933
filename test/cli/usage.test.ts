import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../cli/program.ts';
import { usageError } from '../../cli/usage.ts';
import { collectedOutput } from './collect.ts';

/** What `recode` throws at a command line. */
async function thrownBy(argv: readonly string[]): Promise<Error & { code?: string }> {
  const { output } = collectedOutput();
  const program = await createProgram(output, '1.2.3');
  return program.parseAsync([...argv], { from: 'user' }).then(
    () => expect.fail(`recode ${argv.join(' ')} was not refused.`),
    (error: Error) => error,
  );
}

// A command line that commander refuses with each code, and the words for it.
const refused: Readonly<Record<string, readonly [argv: readonly string[], message: string]>> = {
  missingArgument: [['aws', 'stop'], 'recode aws stop needs one argument: <repository>.'],
  excessArguments: [['aws', 'list', 'acme/api'], 'recode aws list takes no arguments.'],
  optionMissingArgument: [['aws', 'list', '--region'], '--region needs a value.'],
  invalidArgument: [['aws', 'list', '--region', ''], '--region needs a value.'],
  conflictingOption: [['aws', 'list', '--local', '--profile', 'team'], '--local cannot be used with --profile.'],
  unknownOption: [['aws', 'list', '--jsn'], 'Unknown option \'--jsn\' for "recode aws list". Did you mean --json?'],
};
const shown: Readonly<Record<string, readonly string[]>> = {
  help: ['help'],
  helpDisplayed: ['--help'],
  version: ['--version'],
};
/** What commander can raise, but not for our commands. */
const impossible = {
  error: 'the code of Command.error() without one',
  executeSubCommandAsync: 'a command in a file of its own',
  missingMandatoryOptionValue: 'an option that has to be given',
  unknownCommand: 'a group without a listener for unknown commands',
};

describe('an error of commander', () => {
  it.each(Object.entries(refused))('%s is told in our words', async (_, [argv, message]) => {
    expect(await thrownBy(argv)).toMatchObject({ name: 'UsageNotValid', message });
  });

  it.each(Object.entries(shown))('%s ends a command that has shown what it was asked for', async (code, argv) => {
    expect(await thrownBy(argv)).toMatchObject({ code: `commander.${code}` });
  });

  it('has no other code', () => {
    const main = createRequire(import.meta.url).resolve('commander');
    const source = ['command.js', 'error.js'].map((file) => readFileSync(join(dirname(main), 'lib', file), 'utf8')).join('\n');
    const codes = [...source.matchAll(/'commander\.(\w+)'/g)].map(([, code = '']) => code);
    const known = [refused, shown, impossible].flatMap(Object.keys);
    expect([...new Set(codes)].sort()).toEqual(known.sort());
  });

  it('of another kind stays', () => {
    const error = new CommanderError(1, 'commander.error', 'error: it happened');
    expect(usageError(new Command('recode'), error)).toBe(error);
  });
});
