import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sharedGitServer } from './git-server.ts';
import { sharedGitHub } from './github.ts';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The standard output as JSON; throws if it is not JSON. */
  readonly json: unknown;
}

export interface RunOptions {
  /** A temporary directory of the test's own: the home of the user (`home`) and the state of the embedded AWS (`local`) lie in it. */
  readonly directory: string;
  /** Variables besides the few that every run gets. */
  readonly env?: Readonly<Record<string, string>>;
  /** The working directory; the home by default. */
  readonly cwd?: string;
  /** Standard input; none by default. */
  readonly input?: string;
  /** When to send it what Ctrl-C sends, or `signal`. */
  readonly interrupted?: Promise<unknown>;
  readonly signal?: NodeJS.Signals;
}

/**
 * Runs the built `recode` as a user would, in an environment that has nothing of the machine's: no AWS_* variables, another home,
 * and a GitHub that has a small repository under every name.
 * Resolves when it has ended, whatever its exit code.
 */
export async function recode(
  args: readonly string[],
  { directory, env = {}, cwd, input, interrupted, signal = 'SIGINT' }: RunOptions,
): Promise<Ran> {
  const [GITHUB_API_URL, GITHUB_SERVER_URL] = await Promise.all([sharedGitHub(), sharedGitServer()]);
  const home = join(directory, 'home');
  mkdirSync(home, { recursive: true });
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../bin/recode.js'), ...args], {
    cwd: cwd ?? home,
    env: {
      PATH: process.env.PATH,
      // Nothing listens there: no test asks AWS.
      RECODE_CHECKIP_URL: 'http://127.0.0.1:9/',
      LANG: 'C.UTF-8',
      // Otherwise Node.js 22 would keep compiled code in each home.
      NODE_DISABLE_COMPILE_CACHE: '1',
      HOME: home,
      RECODE_LOCAL_DIR: join(directory, 'local'),
      // Otherwise the SDK would look for an instance's role on the network.
      AWS_EC2_METADATA_DISABLED: 'true',
      GITHUB_API_URL,
      GITHUB_SERVER_URL,
      ...env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // A command that reads no input may end before it was given.
  child.stdin.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  child.stdin.end(input ?? '');
  return new Promise((resolve, reject) => {
    interrupted?.then(() => child.kill(signal), reject);
    child.once('error', reject);
    child.once('close', (code) =>
      resolve({
        code,
        stdout,
        stderr,
        get json() {
          return JSON.parse(stdout) as unknown;
        },
      }),
    );
  });
}
