import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { deployForTests } from '../harness/deployment.ts';
import { expectFailure, expectNothingChanged } from '../harness/failure.ts';
import { fakeGitHub, type GitHubAnswer, gitHubCli, tokenOf } from '../harness/github.ts';
import { recodeStart } from '../harness/workflows.ts';

let aws: TestAws;
let directory: string;
deployForTests((deployed) => {
  directory = mkdtempSync(join(tmpdir(), 'recode-github-'));
  aws = deployed;
});
afterAll(() => rmSync(directory, { recursive: true }));

/** A GitHub with answers of its own, for as long as the test runs. */
async function gitHubWith(answers: Record<string, GitHubAnswer>): Promise<{ GITHUB_API_URL: string; host: string }> {
  const gitHub = await fakeGitHub(answers);
  onTestFinished(() => gitHub[Symbol.asyncDispose]());
  return { GITHUB_API_URL: gitHub.url, host: new URL(gitHub.url).host };
}

// In the order in which somebody would come across them.
describe('recode aws start', () => {
  const missing = { '/repos/acme/api': { status: 404 } };

  it.each([[['acme/api']], [['https://github.com/acme/api', '--json']]])(
    'refuses a repository that does not exist before anything is made: %j',
    async (args) => {
      const { GITHUB_API_URL, host } = await gitHubWith(missing);
      const ran = await recodeStart(aws, directory, args, { GITHUB_API_URL, GITHUB_SERVER_URL: '', GH_TOKEN: tokenOf('mona') });
      const message = `GitHub at ${host} has no repository acme/api that the token in GH_TOKEN can see.`;
      expectFailure(ran, ['aws', 'start', ...args], { name: 'RepositoryNotFound', message });
      await expectNothingChanged(aws);
      expect(readdirSync(join(directory, 'home'))).toEqual([]);
    },
  );

  it('refuses a name alone where it cannot know whose repository that is', async () => {
    const { GITHUB_API_URL, host } = await gitHubWith({});
    const ran = await recodeStart(aws, directory, ['api'], { GITHUB_API_URL, GITHUB_TOKEN: 'ghp_worthless' });
    const reason = `GitHub at ${host} does not accept the token in GITHUB_TOKEN.`;
    const message = `"api" does not say whose repository it is, and Recode does not know your GitHub account. ${reason}`;
    expectFailure(ran, ['aws', 'start', 'api'], { name: 'GitHubAccountUnknown', message });
    await expectNothingChanged(aws);
  });

  it('starts with a warning where GitHub does not say', async () => {
    const { GITHUB_API_URL, host } = await gitHubWith({ '/repos/acme/api': { status: 503 } });
    const ran = await recodeStart(aws, directory, ['acme/api', '--json'], { GITHUB_API_URL });
    expect(ran.stderr).toContain(`Recode could not check whether acme/api exists. GitHub at ${host} answered with HTTP status 503.\n`);
    expect(ran.json).toMatchObject({ repository: 'acme/api', status: 'started', created: true });
  });

  it('asks through the proxy that HTTPS_PROXY names', async () => {
    const asked: string[] = [];
    const proxy = createServer().on('connect', ({ url }, socket) => {
      asked.push(String(url));
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void proxy.close());
    const HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const ran = await recodeStart(aws, directory, ['acme/proxied'], { GITHUB_API_URL: 'https://github.example/api/v3', HTTPS_PROXY });
    expect(asked).toEqual(['github.example:443']);
    expect(ran.stdout).toContain('Recode could not check whether acme/proxied exists. GitHub at github.example cannot be reached.');
  });

  it('asks no more about a repository that has an environment', async () => {
    const { GITHUB_API_URL } = await gitHubWith(missing);
    const ran = await recodeStart(aws, directory, ['git@127.0.0.1:acme/api.git', '--json'], { GITHUB_API_URL });
    expect(ran.json, ran.stderr).toMatchObject({ repository: 'acme/api', status: 'started', created: false });
  });

  it('takes a name alone for a repository of the person who is logged in with the GitHub CLI, and keeps their token to itself', async () => {
    const token = tokenOf('mona');
    const ran = await recodeStart(aws, directory, ['cli', '--json'], { PATH: gitHubCli(`echo ${token}`), RECODE_DEBUG: '1' });
    expect(ran.json, ran.stderr).toMatchObject({ repository: 'mona/cli', name: 'mona-cli', status: 'started' });
    expect(ran.stdout + ran.stderr).not.toContain(token);
  });
});
