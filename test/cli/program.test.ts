import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { commandName, leafCommands } from '../../cli/help.ts';
import { createProgram, namedCommand } from '../../cli/program.ts';
import { topicNames } from '../../cli/reference/topic-names.ts';
import { exitCodes } from '../../core/errors.ts';
import { operationKinds } from '../../core/operations.ts';
import { collectedOutput } from './collect.ts';

async function run(...argv: string[]) {
  const { output, stdout, stderr } = collectedOutput();
  const program = await createProgram(output, '1.2.3');
  const error: unknown = await program.parseAsync(argv, { from: 'user' }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { stdout: stdout(), stderr: stderr(), error };
}
const commands = (command: Command): Command[] => [command, ...command.commands.flatMap(commands)];
const program = await createProgram(collectedOutput().output, '1.2.3');
const named = commands(program)
  .filter((command) => !command.name().startsWith('__'))
  .map((command) => [commandName(command).split(' ').slice(1)] as const);

/** What the command that an invocation names gets to read: its words, and its options from wherever they stand. */
async function read(...argv: string[]) {
  const { output } = collectedOutput();
  const program = await createProgram(output, '1.2.3');
  let got: unknown;
  for (const command of leafCommands(program)) {
    command.action((...given: unknown[]) => {
      const { args, ...invoked } = given.at(-1) as Command;
      got = { command: commandName(command), args, options: command.optsWithGlobals(), invoked };
    });
  }
  await program.parseAsync(argv, { from: 'user' });
  const { command, args, options } = got as { command: string; args: string[]; options: Record<string, unknown> };
  return { command, args, ...options, json: output.json };
}

const inGroups = named.filter(([[group, name]]) => (group === 'aws' || group === 'local') && name !== undefined && name !== 'help');
it.each(inGroups)('defines a command alone where it is the one that is named: %j', async (words) => {
  const alone = await createProgram(collectedOutput().output, '1.2.3', words);
  expect(alone.commands.map((command) => command.name()).filter((name) => name !== 'help')).toEqual([words[0], '__complete']);
  expect(namedCommand(alone, words).helpInformation()).toBe(namedCommand(program, words).helpInformation());
  expect(commands(alone).length).toBeLessThan(commands(program).length / 2);
});

describe('the options of an account, and --json', () => {
  const aws = program.commands.find((command) => command.name() === 'aws');
  const leaves = leafCommands(aws as Command)
    .filter((command) => ['--local', '--json'].every((name) => command.options.some(({ long }) => long === name)))
    .map((command) => ({
      words: commandName(command).split(' ').slice(2),
      operands: command.registeredArguments.map((_, index) => (index === 0 ? 'acme/api' : `word-${index}`)),
    }));
  const account = ['--profile', 'production', '--region=eu-west-3', '--json'];

  it.each(leaves)('are read wherever they stand: recode aws $words', async ({ words: name, operands: words }) => {
    const expected = { command: `recode aws ${name.join(' ')}`, args: words, profile: 'production', region: 'eu-west-3', json: true };
    for (const argv of [
      [...account, 'aws', ...name, ...words],
      ['aws', ...account, ...name, ...words],
      ['aws', ...name, ...account, ...words],
      ['aws', ...name, ...words, ...account],
      ['--json', 'aws', '--profile=production', ...name, '--region', 'eu-west-3', ...words],
    ]) {
      expect(await read(...argv), argv.join(' ')).toMatchObject(expected);
      expect(await read('--local', ...argv.filter((word) => !/^--profile|^production$/.test(word)))).toMatchObject({ local: true });
    }
  });

  it('count as given last, as with the AWS CLI', async () => {
    expect(await read('--profile', 'one', 'aws', '--profile', 'two', 'list')).toMatchObject({ profile: 'two' });
    expect(await read('aws', '--region', 'eu-west-1', 'list', '--region', 'eu-west-3')).toMatchObject({ region: 'eu-west-3' });
  });

  it('may have values that look like commands', async () => {
    const expected = { command: 'recode aws stop', args: ['acme/api'], profile: 'stop', region: 'aws' };
    expect(await read('--region', 'aws', 'aws', '--profile', 'stop', 'stop', 'acme/api')).toMatchObject(expected);
    expect(namedCommand(program, ['--region', 'local', 'aws', '--profile', 'list', 'stop', 'list']).name()).toBe('stop');
  });

  it('are words after --', async () => {
    expect(await read('aws', 'stop', '--', '--json')).toMatchObject({ args: ['--json'], json: false });
  });

  it('are --region alone for the embedded AWS', async () => {
    expect(await read('--region', 'eu-west-1', 'local', 'up')).toMatchObject({ command: 'recode local up', region: 'eu-west-1' });
  });
});

describe('help', () => {
  it.each([
    [['help'], []],
    [['help', 'aws'], ['aws']],
    [
      ['help', 'aws', 'start'],
      ['aws', 'start'],
    ],
    [
      ['aws', 'help', 'start'],
      ['aws', 'start'],
    ],
    [
      ['local', 'help', 'up'],
      ['local', 'up'],
    ],
    [['aws', '--profile', 'team', 'help'], ['aws']],
  ])('is shown by %j as by --help', async (argv, command) => {
    const [asked, shown] = [await run(...argv), await run(...command, '--help')];
    expect(asked.stdout).toBe(shown.stdout);
    expect(asked.error).toMatchObject({ code: 'commander.help', exitCode: 0 });
  });
});

describe('a topic of the help', () => {
  it('is shown in lines that fit', async () => {
    const { stdout, error } = await run('help', 'environment');
    expect(error).toBeUndefined();
    expect(stdout).toContain('\n\nRECODE_LOCAL: 1 is the same as --local\n');
    const texts = stdout.split('\n').filter((line) => line.includes(' '));
    expect(Math.max(...texts.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('names every exit code', async () => {
    const { stdout } = await run('help', 'exit-codes');
    const codes = [...stdout.matchAll(/^(\d+): /gm)].map(([, code]) => Number(code));
    expect(codes).toEqual([0, ...Object.values(exitCodes)].sort((one, other) => one - other));
  });

  it('is named in the help of recode', async () => {
    const { stdout } = await run('--help');
    for (const name of Object.keys(topicNames)) {
      expect(stdout).toContain(`\n  ${name} `);
      expect((await run('help', name)).stdout.length).toBeGreaterThan(300);
    }
    expect((await run('help', 'environment', 'start')).error).toMatchObject({ name: 'UsageNotValid' });
    expect((await run('aws', 'help', 'environment')).error).toMatchObject({ name: 'UsageNotValid' });
  });
});

describe('the commands', () => {
  it('are those that the help of recode itself names', async () => {
    const { stdout } = await run('--help');
    for (const command of leafCommands(program)) expect(stdout).toContain(`\n  ${commandName(command).replace(/^recode /, '')} `);
    expect(leafCommands(program).length).toBeGreaterThan(operationKinds.length);
  });

  // Which options a command has is in docs/commands.md, where a change of them is seen.
  it('have options that say what they do', () => {
    const options = commands(program).flatMap((command) => command.createHelp().visibleOptions(command));
    expect(options.length).toBeGreaterThan(50);
    for (const { flags, description } of options) expect(description, flags).toMatch(/^\S/);
  });

  it.each(named)('show help with examples: %j', async (argv) => {
    for (const option of ['-h', '--help']) {
      const { stdout, stderr, error } = await run(...argv, option);
      expect(error).toMatchObject({ code: 'commander.helpDisplayed' });
      expect(stdout).toMatch(/^Usage: recode/);
      expect(stdout).toMatch(/\nExamples:\n {2}# .+\n {2}\$ .*recode/);
      expect(stderr).toBe('');
    }
  });

  it('show the same help for a group without a command', async () => {
    for (const argv of [[], ['aws'], ['local']]) {
      expect((await run(...argv)).stdout).toBe((await run(...argv, '--help')).stdout);
    }
  });

  it('print the version', async () => {
    expect((await run('--version')).stdout).toBe('1.2.3\n');
  });

  it.each([
    [['aws', 'strat', 'acme/api'], "Unknown command 'strat'", 'recode aws'],
    [['aws', 'remove'], 'recode aws remove needs one argument: <repository>.', 'recode aws remove'],
    [['aws', 'start', 'acme/api', '--volume-type', 'io1'], 'Use gp2 or gp3.', 'recode aws start'],
    [['aws', 'start', 'acme/api', '--instance-typ', 'm5.large'], 'Did you mean --instance-type?', 'recode aws start'],
    [['aws', 'stop', 'acme/api', 'acme/web'], 'recode aws stop takes one argument: <repository>.', 'recode aws stop'],
    [['aws', 'list', '--local', '--profile', 'team'], '--local cannot be used with --profile.', 'recode aws list'],
    [['aws', 'list', '--profile', '--local'], '--profile needs a value.', 'recode aws list'],
    [['aws', 'list', '--json', '--profile'], '--profile needs a value.', 'recode aws list'],
    [['aws', 'uninstall', '--owner', 'bob'], "Unknown option '--owner'", 'recode aws uninstall'],
    [['--profile', 'stop', 'aws', 'start'], 'recode aws start needs one argument: <repository>.', 'recode aws start'],
    [['lcal', 'up'], "Unknown command 'lcal'", 'recode'],
    [['local', 'up', '--reigon', 'x'], "Unknown option '--reigon'", 'recode local up'],
    [['--region', 'eu-west-1', 'local', 'down'], "Unknown option '--region'", 'recode local down'],
    [['local', 'up', '--profile', 'team'], "Unknown option '--profile'", 'recode local up'],
    [['--bogus'], "Unknown option '--bogus'", 'recode'],
    [['help', 'aws', 'strat'], "Unknown command 'strat'", 'recode aws'],
  ])('leave what is wrong with %j to one place', async (argv, message, name) => {
    const { stdout, stderr, error } = await run(...argv);
    expect(error).toMatchObject({ message: expect.stringContaining(message) });
    expect(stdout + stderr).toBe('');
    expect(commandName(namedCommand(program, argv))).toBe(name);
  });
});
