import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** What GitHub answers; `silence`: nothing, for ever. */
export type GitHubAnswer = { status: number; headers?: Record<string, string>; body?: unknown } | 'silence';

export interface GitHubRequest {
  readonly path: string;
  readonly token: string | undefined;
}

export interface FakeGitHub extends AsyncDisposable {
  /** What GITHUB_API_URL is to be. */
  readonly url: string;
  /** What was asked so far. */
  readonly requests: readonly GitHubRequest[];
}

/** The token of a user whom every fake GitHub knows. */
export const tokenOf = (login: string) => `token-of-${login}`;

/** A GitHub of a test's own, which knows every repository. The answers to some paths may be other ones. */
export async function fakeGitHub(answers: Readonly<Record<string, GitHubAnswer>> = {}): Promise<FakeGitHub> {
  const requests: GitHubRequest[] = [];
  const server = createServer((request, response) => {
    const asked = { path: request.url ?? '', token: request.headers.authorization?.replace(/^Bearer /, '') };
    requests.push(asked);
    send(response, answers[asked.path] ?? usualAnswer(asked));
  });
  // It ends with its process, whatever is connected still.
  server.unref().on('connection', (socket) => socket.unref());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

let shared: Promise<FakeGitHub> | undefined;

/** The URL of the GitHub that all tests of this process share, started when the first one asks. */
export async function sharedGitHub(): Promise<string> {
  shared ??= fakeGitHub();
  return (await shared).url;
}

/** A PATH on which `gh` is a shell script, for as long as the test runs. */
export function gitHubCli(script: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'recode-gh-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'gh'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return [directory, process.env.PATH].join(delimiter);
}

function usualAnswer({ path, token }: GitHubRequest): GitHubAnswer {
  const login = token === undefined ? undefined : /^token-of-(.+)$/.exec(token)?.[1];
  if (token !== undefined && login === undefined) return { status: 401, body: { message: 'Bad credentials' } };
  const [, account, name] = /^\/repos\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  if (account !== undefined) return { status: 200, body: { full_name: `${account}/${name}` } };
  if (path === '/user') {
    return login === undefined ? { status: 401, body: { message: 'Requires authentication' } } : { status: 200, body: { login } };
  }
  return { status: 404, body: { message: 'Not Found' } };
}

function send(response: ServerResponse, answer: GitHubAnswer): void {
  if (answer === 'silence') return;
  response.writeHead(answer.status, { 'content-type': 'application/json; charset=utf-8', ...answer.headers });
  response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
}
