import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { commandName, leafCommands } from '../../cli/help.ts';
import { createProgram, namedCommand } from '../../cli/program.ts';
import { collectedOutput } from './collect.ts';

async function run(...argv: string[]) {
  const { output, stdout, stderr } = collectedOutput();
  const error: unknown = await createProgram(output, '1.2.3')
    .parseAsync(argv, { from: 'user' })
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  return { stdout: stdout(), stderr: stderr(), error };
}
const commands = (command: Command): Command[] => [command, ...command.commands.flatMap(commands)];
const program = createProgram(collectedOutput().output, '1.2.3');
const named = commands(program).map((command) => [commandName(command).split(' ').slice(1)] as const);

describe('the commands', () => {
  it('are those that the help of recode itself names', async () => {
    const { stdout } = await run('--help');
    for (const command of leafCommands(program)) expect(stdout).toContain(`\n  ${commandName(command).replace(/^recode /, '')} `);
    expect(leafCommands(program)).toHaveLength(11);
  });

  const account = ['--profile <name>', '--region <region>', '--local'];
  const operation = ['--owner <owner>', '--force', '--no-wait', ...account, '--json'];
  it.each([
    [
      'start',
      [
        '--instance-type <type>',
        '--volume-size <GiB>',
        '--volume-type <type>',
        '--allow-cidr <block>',
        '--auto-stop <when>',
        '--time-zone <zone>',
        ...operation,
      ],
    ],
    ['stop', operation],
    ['remove', operation],
    ['list', ['--all', ...account, '--json']],
    ['status', ['--owner <owner>', ...account, '--json']],
    ['follow', ['--owner <owner>', ...account, '--json']],
    ['uninstall', [...account, '--force', '--json']],
  ])('name every option in the help of aws %s, and what it does', async (name, options) => {
    const { stdout } = await run('aws', name, '-h');
    const shown = stdout.split('Options:\n')[1]?.split('\n\n')[0] ?? '';
    expect(shown.match(/^ {2}-\S+( <\w+>)?/gm)?.map((option) => option.trim())).toEqual([...options, '-h,']);
    for (const option of options) expect(shown).toMatch(new RegExp(`^ {2}${option} +\\S`, 'm'));
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
    [['aws', 'strat', 'acme/api'], "unknown command 'strat'", 'recode aws'],
    [['aws', 'remove'], "missing required argument 'repository'", 'recode aws remove'],
    [['aws', 'start', 'acme/api', '--volume-type', 'io1'], 'Allowed choices are gp2, gp3', 'recode aws start'],
    [['aws', 'start', 'acme/api', '--instance-typ', 'm5.large'], 'Did you mean --instance-type?', 'recode aws start'],
    [['aws', 'stop', 'acme/api', 'acme/web'], 'too many arguments', 'recode aws stop'],
    [['aws', 'list', '--local', '--profile', 'team'], "cannot be used with option '--profile", 'recode aws list'],
    [['aws', 'uninstall', '--owner', 'bob'], "unknown option '--owner'", 'recode aws uninstall'],
    [['lcal', 'up'], "unknown command 'lcal'", 'recode'],
    [['local', 'up', '--reigon', 'x'], "unknown option '--reigon'", 'recode local up'],
    [['--bogus'], "unknown option '--bogus'", 'recode'],
  ])('leave what is wrong with %j to one place', async (argv, message, name) => {
    const { stdout, stderr, error } = await run(...argv);
    expect(error).toMatchObject({ message: expect.stringContaining(message) });
    expect(stdout + stderr).toBe('');
    expect(commandName(namedCommand(program, argv))).toBe(name);
  });
});
