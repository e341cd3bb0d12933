import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { spawn } from '@lydell/node-pty';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { vi } from 'vitest';
import { type EnvironmentFolder, environmentFolder } from '../../cli/files/environment-folder.ts';
import { sharedGitServer } from './git-server.ts';
import { sharedGitHub } from './github.ts';
import { type Ran, type RunOptions, recode } from './recode.ts';

/** Keys that a terminal sends. */
export const keys = { enter: '\r', ctrlC: '\x03' };

/** What a person has seen on their terminal, without what colours and moves it. */
export interface Shown {
  readonly text: string;
  readonly code: number;
}

/** Somebody who works in an account, on a machine of their own. */
export interface User {
  readonly name: string;
  /** Runs `recode aws` with these arguments, without a terminal. */
  run(args: readonly string[], options?: Pick<RunOptions, 'cwd' | 'env' | 'input' | 'interrupted' | 'signal'>): Promise<Ran>;
  /** The same, as what it has printed alone. */
  prints(args: readonly string[]): Promise<Pick<Ran, 'code' | 'stdout' | 'stderr'>>;
  /** Runs it on a terminal, typing each answer once what it answers is there. */
  inTerminal(
    args: readonly string[],
    answers: readonly (readonly [question: string, typed: string])[],
    env?: Readonly<Record<string, string>>,
  ): Promise<Shown>;
  /** The files on their machine of an environment, their own by default. */
  files(repository: string, owner?: string): EnvironmentFolder;
}

/** A user of the account whose AWS this is, with a home below the given directory. */
export function userOf(aws: TestAws, name: string, root: string): User {
  const directory = join(root, name);
  const home = join(directory, 'home');
  const account = { AWS_ACCESS_KEY_ID: name, AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: aws.region };
  const run: User['run'] = (args, { env, ...options } = {}) =>
    recode(['aws', ...args], { ...options, directory, env: { ...account, AWS_ENDPOINT_URL: aws.endpoint, ...env } });
  return {
    name,
    run,
    async prints(args) {
      const { code, stdout, stderr } = await run(args);
      return { code, stdout, stderr };
    },
    async inTerminal(args, answers, env = {}) {
      const [GITHUB_API_URL, GITHUB_SERVER_URL] = await Promise.all([sharedGitHub(), sharedGitServer()]);
      const usual = { PATH: process.env.PATH ?? '', HOME: home, TERM: 'xterm', GITHUB_API_URL, GITHUB_SERVER_URL };
      const variables = { ...usual, ...account, AWS_ENDPOINT_URL: aws.endpoint, ...env };
      return typing([join(import.meta.dirname, '../../bin/recode.js'), 'aws', ...args], variables, answers);
    },
    files: (repository, owner = name) =>
      environmentFolder({ accountId: aws.accountId, region: aws.region, owner, repository }, { HOME: home }),
  };
}

/** Resolves once a user has made a call so many times since the calls were last forgotten. */
export async function hasCalled(aws: TestAws, { name }: User, action: string, times = 1): Promise<void> {
  const called = async () => {
    const { calls } = (await aws.get('calls')) as { calls: { action: string; accessKeyId?: string }[] };
    const made = calls.filter((call) => call.action === action && call.accessKeyId === name).length;
    if (made < times) throw new Error(`${name} has called ${action} ${made} times.`);
  };
  await vi.waitFor(called, { timeout: 50_000, interval: 50 });
}

async function typing(
  command: string[],
  env: Record<string, string>,
  answers: readonly (readonly [question: string, typed: string])[],
): Promise<Shown> {
  const terminal = spawn(process.execPath, command, { cols: 200, rows: 50, env });
  const left = [...answers];
  let shown = '';
  let answered = 0;
  terminal.onData((data) => {
    shown += data;
    for (let next = left[0]; next; next = left[0]) {
      const [question, typed] = next;
      const asked = stripVTControlCharacters(shown).indexOf(question, answered);
      if (asked < 0) return;
      answered = asked + question.length;
      left.shift();
      terminal.write(typed);
    }
  });
  const code = await new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
  return { text: stripVTControlCharacters(shown).replaceAll('\r', ''), code };
}
