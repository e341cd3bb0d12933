import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type IPty, spawn } from '@lydell/node-pty';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { answer } from '../../cli/completion/answer.ts';
import { shells } from '../../cli/completion/scripts.ts';
import { createProgram } from '../../cli/program.ts';
import { collectedOutput } from '../cli/collect.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectFailure } from '../harness/failure.ts';
import { recode } from '../harness/recode.ts';
import { runStart } from '../harness/workflows.ts';

let aws: TestAws;
deployForTests((deployed) => {
  aws = deployed;
});

const directory = mkdtempSync(join(tmpdir(), 'recode-completion-'));
const home = join(directory, 'home');
const known = join(home, '.cache', 'recode', 'environments');
const recorded = join(directory, 'recorded');
const main = join(import.meta.dirname, '../../bin/recode.js');
const account = (name: string) => ({ AWS_ACCESS_KEY_ID: name, AWS_SECRET_ACCESS_KEY: 's', AWS_REGION: 'us-east-1' });
const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  recode(args, { directory, env: { ...account('alice'), AWS_ENDPOINT_URL: aws.endpoint, ...env } });

/** A program of the name `recode` that completes as it does, and otherwise records what it was given. */
const recorder = `#!/bin/sh
if [ "$1" = __complete ]; then exec "${process.execPath}" "${main}" "$@"; fi
printf '%s\\0' "$@" > "${recorded}.next" && mv "${recorded}.next" "${recorded}"
`;
const env = {
  PATH: `${join(directory, 'bin')}${delimiter}${process.env.PATH ?? ''}`,
  HOME: home,
  TERM: 'xterm',
  LANG: 'C.UTF-8',
  AWS_ENDPOINT_URL: '',
  ...account('alice'),
};

beforeAll(() => {
  mkdirSync(join(directory, 'bin'), { recursive: true });
  mkdirSync(home, { recursive: true });
  writeFileSync(join(directory, 'bin', 'recode'), recorder);
  chmodSync(join(directory, 'bin', 'recode'), 0o755);
  for (const shell of shells) {
    const { stdout } = spawnSync(process.execPath, [main, 'completion', shell], { encoding: 'utf8' });
    writeFileSync(join(directory, shell), stdout);
  }
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

// What makes each shell read the script, without the files of this machine.
const interactive: Readonly<Record<string, readonly [args: readonly string[], begin: string]>> = {
  bash: [['--norc', '--noprofile', '-i'], `PS1='ready> '; . ${join(directory, 'bash')}`],
  zsh: [['-f', '-i'], `PROMPT='ready> '; autoload -Uz compinit; compinit -D; . ${join(directory, 'zsh')}`],
  fish: [['--no-config', '-i'], `function fish_prompt; echo 'ready> '; end; source ${join(directory, 'fish')}`],
};
const installed = shells.filter((shell) => spawnSync(shell, ['--version']).status === 0);

const terminals: IPty[] = [];

/** A shell on a terminal, and what `recode` is given when somebody types this in it, completes it with the tab key, and presses Enter. */
async function open(shell: string): Promise<(typed: string) => Promise<string[]>> {
  const [args, begin] = interactive[shell] ?? [[], ''];
  const terminal = spawn(shell, [...args], { cols: 200, rows: 50, env, cwd: home });
  terminals.push(terminal);
  let shown = '';
  terminal.onData((data) => {
    shown += data;
  });
  const shows = (text: RegExp) => vi.waitFor(() => expect(shown).toMatch(text), { timeout: 20_000, interval: 20 });
  await shows(/[$%>#]/);
  terminal.write(`${begin}; echo be''gun\r`);
  await shows(/begun[\s\S]*ready> /);
  return async (typed) => {
    rmSync(recorded, { force: true });
    // The shell reads Enter once it has completed.
    terminal.write(`${typed}\t`);
    terminal.write('\r');
    await vi.waitFor(() => expect(existsSync(recorded), shown).toBe(true), { timeout: 20_000, interval: 20 });
    return readFileSync(recorded, 'utf8').split('\0').slice(0, -1);
  };
}

/** Makes completion know one environment of alice, as her last command would have. */
async function know(repository: string): Promise<void> {
  if (!existsSync(known)) await run(['aws', 'list']);
  const environments = [{ owner: 'alice', repository }];
  for (const file of readdirSync(known)) writeFileSync(join(known, file), JSON.stringify({ owner: 'alice', environments }));
}

// GitHub allows only the first, but an older version recorded others.
const names = ['acme/a.b_c-d', '$(touch owned)`touch owned`', 'it\'s "a\\b"', 'x;touch owned&*[y]?{a,b}|<>', '#$HOME', 'a:b@c=d!!', '-x ü'];

describe.each(installed)('%s', (shell) => {
  let given: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    // The endpoint is part of what tells accounts apart.
    env.AWS_ENDPOINT_URL = aws.endpoint;
    given = await open(shell);
  }, 60_000);
  afterAll(() => {
    for (const terminal of terminals.splice(0)) terminal.kill('SIGKILL');
  });

  it('completes commands, options and their values', async () => {
    expect(await given('recode aws unin')).toEqual(['aws', 'uninstall']);
    expect(await given('recode aws list --regi')).toEqual(['aws', 'list', '--region']);
    expect(await given('recode aws list --region=eu-cen')).toEqual(['aws', 'list', '--region=eu-central-']);
    expect(await given('recode aws list --region us-gov-w')).toEqual(['aws', 'list', '--region', 'us-gov-west-1']);
  }, 60_000);

  it('inserts a repository so that it is read again, and runs nothing of it', async () => {
    for (const name of names) {
      await know(name);
      expect(await given('recode aws stop ')).toEqual(['aws', 'stop', name]);
    }
    await know('acme/a b');
    expect(await given("recode aws stop 'acme/a")).toEqual(['aws', 'stop', 'acme/a b']);
    expect(await given('recode aws stop "acme/a')).toEqual(['aws', 'stop', 'acme/a b']);
    expect(existsSync(join(home, 'owned'))).toBe(false);
  }, 120_000);

  it('completes the environment of a path to copy, which goes on without a space', async () => {
    await know('acme/api');
    expect(await given('recode aws cp a.txt acme/\tsrc')).toEqual(['aws', 'cp', 'a.txt', 'acme/api:src']);
    expect(await given('recode aws stop ac')).toEqual(['aws', 'stop', 'acme/api']);
  }, 60_000);
});

describe('what completion knows', () => {
  const offered = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const program = await createProgram(collectedOutput().output, '1.2.3');
    const reply = await answer(program, 'fish', args, { HOME: home, ...account('alice'), AWS_ENDPOINT_URL: aws.endpoint, ...env });
    return reply === '' ? [] : reply.split('\n');
  };

  it('is what the last commands have read of the account and region, and of no other', async () => {
    await Promise.all(['acme/api', 'acme/web'].map((repository) => runStart(aws, { owner: 'alice', repository })));
    await runStart(aws, { owner: 'bob', repository: 'acme/docs' });
    rmSync(known, { recursive: true, force: true });
    expect(await offered(['aws', 'stop', ''])).toEqual([]);
    await run(['aws', 'list']);
    expect(await offered(['aws', 'stop', ''])).toEqual(['acme/api', 'acme/web']);
    expect(await offered(['aws', 'stop', 'acme/w'])).toEqual(['acme/web']);
    for (const env of [account('bob'), { AWS_REGION: 'eu-west-1' }, { RECODE_LOCAL: '1' }]) {
      expect(await offered(['aws', 'stop', ''], env)).toEqual([]);
    }
    expect(await offered(['aws', 'stop', '--region', 'eu-west-1', ''])).toEqual([]);
    expect(await offered(['--region=us-east-1', 'aws', 'stop', ''], { AWS_REGION: 'eu-west-1' })).toEqual(['acme/api', 'acme/web']);

    await run(['aws', 'list', '--all']);
    expect(await offered(['aws', 'stop', ''])).toEqual(['acme/api', 'acme/web']);
    expect(await offered(['aws', 'stop', '--owner', ''])).toEqual(['alice', 'bob']);
    expect(await offered(['aws', 'stop', '--owner', 'bob', ''])).toEqual(['acme/docs']);

    await run(['aws', 'remove', 'acme/web', '--force']);
    expect(await offered(['aws', 'stop', ''])).toEqual(['acme/api']);
    await run(['aws', 'start', 'acme/new', '--no-clone']);
    expect(await offered(['aws', 'stop', ''])).toEqual(['acme/api', 'acme/new']);
  }, 120_000);

  it('are the paths to copy of environments, unless a file has the name', async () => {
    await run(['aws', 'list']);
    expect(await offered(['aws', 'cp', 'acme/'])).toEqual(['acme/api:', 'acme/new:']);
    expect(await offered(['aws', 'cp', 'notes.txt', 'acme/a'])).toEqual(['acme/api:']);
    expect(await offered(['aws', 'cp', 'cl'])).toEqual([':files']);
    for (const typed of ['', 'acme/api:', './', 'none']) expect(await offered(['aws', 'cp', typed])).toEqual([':files']);
  });

  it('is what the embedded AWS has where nothing is known of an account', async () => {
    const local = {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_REGION: '',
      HOME: join(directory, 'other-home'),
      AWS_ENDPOINT_URL: '',
    };
    const { embeddedAwsDirectory } = await import('../../cli/embedded-aws.ts');
    const place = ['local', await embeddedAwsDirectory()];
    const name = createHash('sha256').update(JSON.stringify(place)).digest('hex').slice(0, 16);
    const cache = join(local.HOME, '.cache', 'recode', 'environments');
    mkdirSync(cache, { recursive: true });
    writeFileSync(join(cache, `${name}.json`), JSON.stringify({ owner: 'me', environments: [{ owner: 'me', repository: 'acme/here' }] }));
    expect(await offered(['aws', 'stop', ''], local)).toEqual(['acme/here']);
    expect(await offered(['aws', 'stop', '--region', 'eu-west-1', ''], local)).toEqual([]);
  });

  it('is asked of nobody', async () => {
    const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:9', GITHUB_API_URL: 'http://127.0.0.1:9' };
    expect(await offered(['aws', 'stop', ''], env)).toEqual([]);
    expect(existsSync(join(directory, 'local'))).toBe(false);
  });

  it('are the profiles of the AWS CLI too', async () => {
    mkdirSync(join(home, '.aws'), { recursive: true });
    writeFileSync(join(home, '.aws', 'config'), '[default]\n[profile team]\n[profile test]\n');
    expect(await offered(['aws', 'list', '--profile', 't'])).toEqual(['team', 'test']);
    expect(await offered(['config', 'set', 'profile', 'te'])).toEqual(['team', 'test']);
  });
});

it('shows no error in a shell, whatever is wrong', async () => {
  const bad = { ...env, AWS_PROFILE: 'gone', AWS_ACCESS_KEY_ID: '' };
  const script = `. ${join(directory, 'bash')}; COMP_LINE='recode aws stop ' COMP_POINT=16; _recode; echo "$? \${#COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8', env: bad });
  expect({ stdout, stderr }).toEqual({ stdout: '0 0\n', stderr: '' });
});

it('offers files behind --', () => {
  const script = `. ${join(directory, 'bash')}; COMP_LINE='recode aws ssh x -- ' COMP_POINT=20; compopt() { echo "$@"; }; _recode; echo "\${#COMPREPLY[@]}"`;
  expect(spawnSync('bash', ['-c', script], { encoding: 'utf8', env }).stdout).toBe('-o bashdefault -o default\n0\n');
});

it('prints no script for another shell', async () => {
  const ran = await run(['completion', 'powershell']);
  const message = "Invalid shell 'powershell'. Use bash, zsh or fish.";
  expectFailure(ran, ['completion', 'powershell'], { name: 'UsageNotValid', message, usage: 'recode completion' });
});
