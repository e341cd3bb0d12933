import { describe, expect, it } from 'vitest';
import { leafCommands } from '../../cli/help.ts';
import { createProgram } from '../../cli/program.ts';
import { collectedOutput } from './collect.ts';

/** What the refusal of an invocation asks whether it was meant. */
async function meant(...argv: string[]): Promise<string[]> {
  const refused = (await createProgram(collectedOutput().output, '1.2.3')).parseAsync(argv, { from: 'user' });
  const { name, message } = await refused.then(
    () => ({ name: '', message: '' }),
    (error: Error) => error,
  );
  expect(name).toBe('UsageNotValid');
  const [, asked = ''] = / Did you mean (.*)\?$/s.exec(message) ?? [];
  return asked === '' ? [] : asked.split(' or ').map((command) => command.replace(/^"recode (.*)"$/, '$1'));
}

const program = await createProgram(collectedOutput().output, '1.2.3');
const aws = leafCommands(program).filter((command) => command.parent?.name() === 'aws');

describe('an unknown command', () => {
  it.each(aws)('is completed with the group it belongs to: recode $_name', async (command) => {
    const words = [command.name(), ...(command.registeredArguments.length > 0 ? ['acme/api'] : [])];
    expect((await meant(...words))[0]).toBe(`aws ${words.join(' ')}`);
  });

  // What Docker, kubectl, Vagrant, gh and coder call these.
  it.each([
    ['mv', 'rename'],
    ['give', 'transfer'],
    ['rm', 'remove'],
    ['delete', 'remove'],
    ['destroy', 'remove'],
    ['ls', 'list'],
    ['ps', 'list'],
    ['up', 'start'],
    ['create', 'start'],
    ['resume', 'start'],
    ['connect', 'ssh'],
    ['shell', 'ssh'],
    ['down', 'stop'],
    ['suspend', 'stop'],
    ['show', 'status'],
    ['tail', 'follow'],
    ['history', 'logs'],
    ['strat', 'start'],
    ['STOP', 'stop'],
    ['remvoe', 'remove'],
    ['unistall', 'uninstall'],
    ['lsit', 'list'],
    ['satus', 'status'],
    ['whoiam', 'whoami'],
    ['identity', 'whoami'],
  ])('is answered with what does it: recode aws %s', async (word, command) => {
    expect(await meant('aws', word)).toEqual([`aws ${command}`]);
  });

  it.each(['rename', 'resize', 'renew', 'reinstall', 'frobnicate', 'x', ''])('never leads to what deletes by chance: %j', async (word) => {
    const suggested = [...(await meant(word)), ...(await meant('aws', word)), ...(await meant('local', word))];
    expect(suggested.filter((command) => /remove|uninstall|reset/.test(command))).toEqual([]);
  });

  it('is answered for the embedded AWS too', async () => {
    expect(await meant('local', 'stop')).toEqual(['local down']);
    expect(await meant('local', 'start', '--region', 'eu-west-1')).toEqual(['local up --region eu-west-1']);
    expect(await meant('loca', 'up')).toEqual(['local']);
    expect(await meant('up')).toEqual(['local up', 'aws start']);
  });

  it('keeps what came with it, and the account', async () => {
    expect(await meant('--profile', 'my team', 'rm', 'acme/api', '--owner', 'bob', '--region', 'eu-west-1')).toEqual([
      "aws remove acme/api --owner bob --profile 'my team' --region eu-west-1",
    ]);
    expect(await meant('start', 'acme/api', '--local', '--no-wait')).toEqual(['aws start acme/api --no-wait --local']);
  });
});

describe('an unknown option', () => {
  it.each([
    ['--jsn', ['--json']],
    ['--instance-typ', ['--instance-type']],
    ['--instance_type=m5.large', ['--instance-type']],
    ['--type', ['--instance-type']],
    ['--volume', ['--volume-size', '--volume-type']],
    ['--yes', ['--force']],
    ['--tz', ['--time-zone']],
    ['--detach', ['--no-wait']],
    ['-p', ['--profile']],
    ['--profil=team', ['--profile']],
    ['--frobnicate', []],
    ['-x', []],
  ])('is answered with the one that was meant: %s', async (option, options) => {
    expect(await meant('aws', 'start', 'acme/api', option)).toEqual(options);
  });

  it('is answered before a command, too', async () => {
    expect(await meant('--profil', 'team', 'aws', 'list')).toEqual(['--profile']);
  });

  it('of another command is no suggestion', async () => {
    expect(await meant('aws', 'list', '--volume-size', '16')).toEqual([]);
  });
});
