import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll, expect } from 'vitest';
import { deployForTests } from './deployment.ts';
import { type GitServer, gitServer, type ServedRepository } from './git-server.ts';
import type { Ran } from './recode.ts';
import type { User } from './users.ts';

/** An environment of alice's, and the server that its repository is on. */
export interface TestWorkspace {
  readonly aws: TestAws;
  readonly alice: User;
  readonly server: GitServer;
  /** The home folder on the instance. */
  readonly home: string;
  /** Where the repository is cloned to. */
  readonly folder: string;
  /** Serves the repository with these files, and deletes its clone. */
  serve(repository: ServedRepository): void;
  /** Runs `recode aws` with these arguments, the server being GitHub's. */
  run(args: readonly string[], options?: Parameters<User['run']>[1]): Promise<Ran>;
}

/** Deploys the stack, and starts acme/api for the tests of a file. Returns what is there once the tests begin. */
export function deployWorkspace(): TestWorkspace {
  const made: { aws?: TestAws; alice?: User; server?: GitServer; folder?: string } = {};
  const the = <Key extends keyof typeof made>(key: Key) => {
    const found = made[key];
    if (found === undefined) throw new Error(`There is no ${key} before the tests begin.`);
    return found;
  };
  const workspace: TestWorkspace = {
    get aws() {
      return the('aws');
    },
    get alice() {
      return the('alice');
    },
    get server() {
      return the('server');
    },
    get folder() {
      return the('folder');
    },
    get home() {
      return dirname(dirname(the('folder')));
    },
    serve(repository) {
      the('server').add('acme/api', repository);
      rmSync(join(the('folder')), { recursive: true, force: true });
    },
    run: (args, options = {}) => the('alice').run(args, { ...options, env: { GITHUB_SERVER_URL: the('server').url, ...options.env } }),
  };
  beforeAll(async () => {
    made.server = await gitServer();
  });
  deployForTests(async (aws, user) => {
    Object.assign(made, { aws, alice: user('alice') });
    the('server').add('acme/api', { files: { 'README.md': 'The API.\n' } });
    const started = await workspace.run(['start', 'acme/api', '--json']);
    expect(started.code, started.stderr).toBe(0);
    made.folder = (started.json as { workspaceFolder: string }).workspaceFolder;
  });
  afterAll(() => the('server')[Symbol.asyncDispose]());
  return workspace;
}
