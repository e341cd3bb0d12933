import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { explanations } from '../../cli/explanations.ts';
import { catalog } from '../../core/errors.ts';
import { expectFailure } from '../harness/failure.ts';
import { recode } from '../harness/recode.ts';

const directory = mkdtempSync(join(tmpdir(), 'recode-explain-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const explain = (...args: string[]) => recode(['aws', 'explain', ...args], { directory });

it.each(['InstanceTypeNotFound', 'instancetypenotfound'])('shows what to do about an error and its exit code: %s', async (name) => {
  expect(await explain(name)).toMatchObject({
    code: 0,
    stderr: '',
    stdout: [
      'Instance type not available (InstanceTypeNotFound)\n',
      '  Choose another one with --instance-type. https://aws.amazon.com/ec2/instance-types lists all types.\n',
      'Exit code: 3\n',
    ].join('\n'),
  });
});

it('names no command in particular', async () => {
  expect((await explain('OperationInProgress', '--json')).json).toEqual({
    name: 'OperationInProgress',
    title: explanations.OperationInProgress.title,
    nextStep: expect.stringContaining('"recode <command>"'),
    exitCode: 3,
  });
  const all = (await explain('--json')).json as { nextStep: string }[];
  expect(all.filter(({ nextStep }) => /[{}]|undefined|""|"recode"/.test(nextStep))).toEqual([]);
});

it('lists all errors with their titles', async () => {
  const { code, stdout } = await explain();
  const [heading, ...rows] = stdout.trimEnd().split('\n');
  expect([code, heading]).toEqual([0, expect.stringMatching(/^NAME +TITLE$/)]);
  const expected = Object.keys(catalog).map((name) => [name, explanations[name as keyof typeof catalog].title]);
  expect(rows.map((row) => row.split(/ {2,}/))).toEqual(expected);
});

it.each([
  ['NoCapasity', ' Did you mean "recode aws explain NoCapacity"?'],
  ['ambiguous', ' Did you mean "recode aws explain RepositoryAmbiguous"?'],
  ['Frobnicate', ''],
  ['constructor', ''],
])('refuses a name that no error has: %s', async (name, meant) => {
  const message = `Unknown error '${name}'.${meant} To list all errors, run "recode aws explain".`;
  for (const args of [[name], [name, '--json']]) {
    const given = ['aws', 'explain', ...args];
    expectFailure(await explain(...args), given, { name: 'UsageNotValid', message, usage: 'recode aws explain' });
  }
});

it('takes "help" for a question about the command, and no account', async () => {
  const help = { name: 'UsageNotValid', message: 'Did you mean "recode aws explain --help"?', usage: 'recode aws explain' } as const;
  expectFailure(await explain('help'), ['aws', 'explain', 'help'], help);
  expect(await explain('NoRegion', '--local')).toMatchObject({ code: 2, stderr: expect.stringContaining("Unknown option '--local'") });
  expect(readdirSync(directory)).toEqual(['home']);
});
