import { type ExecFileException, execFile } from 'node:child_process';

/** A token of the person. Its value goes to GitHub and nowhere else. */
export interface Token {
  readonly value: string;
  /** For people, after an article: `token in GH_TOKEN`. */
  readonly name: string;
}

/** Why there is no token, as a sentence. */
export interface NoToken {
  readonly missing: string;
}

const tokenVariables = ['GH_TOKEN', 'GITHUB_TOKEN'] as const;

/** The token for the API at a host: of the environment variables, else of the GitHub CLI. */
export async function findToken(apiHost: string, variables: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Token | NoToken> {
  for (const variable of tokenVariables) {
    const value = variables[variable]?.trim();
    if (value) return usable(value, `token in ${variable}`);
  }
  // The GitHub CLI keeps a token for each host, and each host is to see its own alone.
  const host = apiHost.replace(/^api\.(github\.com|.+\.ghe\.com)$/, '$1');
  const printed = await runGitHubCli(['auth', 'token', '--hostname', host], variables, signal);
  if ('token' in printed) return usable(printed.token, 'token of the GitHub CLI');
  const problem = printed.problem === 'is not logged in' ? `is not logged in to ${host}` : printed.problem;
  return { missing: `Neither ${tokenVariables.join(' nor ')} is set, and the GitHub CLI (gh) ${problem}.` };
}

/** fetch refuses a header with anything else in it, and repeats it in its error. */
function usable(value: string, name: string): Token | NoToken {
  return /^[\x21-\x7e]+$/.test(value) ? { value, name } : { missing: `The ${name} contains invalid characters.` };
}

type Printed = { readonly token: string } | { readonly problem: string };

function runGitHubCli(args: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Printed> {
  return new Promise((resolve) => {
    execFile('gh', args, { env, signal }, (error, stdout) => {
      const token = stdout.trim();
      resolve(error || token === '' ? { problem: problemOf(error) } : { token });
    });
  });
}

function problemOf(error: ExecFileException | null): string {
  if (error?.name === 'AbortError') return 'does not answer';
  if (error?.code === 'ENOENT') return 'is not installed';
  return error === null || typeof error.code === 'number' ? 'is not logged in' : 'does not run';
}
