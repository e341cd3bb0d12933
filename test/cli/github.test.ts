import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { findToken } from '../../cli/github/token.ts';
import { checkRepository, findAccount } from '../../cli/github.ts';
import { type FakeGitHub, fakeGitHub, type GitHubAnswer, gitHubCli, tokenOf } from '../harness/github.ts';

const nobody = 'Neither GH_TOKEN nor GITHUB_TOKEN is set, and the GitHub CLI (gh) is not installed.';
const path = '/repos/acme/api';

/** A GitHub with an answer of its own to a path, for as long as the test runs. */
async function gitHubWith(
  answer?: GitHubAnswer,
  asked = path,
): Promise<{ gitHub: FakeGitHub; host: string; variables: NodeJS.ProcessEnv }> {
  const gitHub = await fakeGitHub(answer === undefined ? {} : { [asked]: answer });
  onTestFinished(() => gitHub[Symbol.asyncDispose]());
  return { gitHub, host: new URL(gitHub.url).host, variables: { PATH: '/nowhere', GITHUB_API_URL: gitHub.url } };
}

/** Makes the few seconds that GitHub may take less. */
function impatient(milliseconds = 200): void {
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  const signal = () => (milliseconds === 0 ? AbortSignal.abort(new DOMException('No time.', 'TimeoutError')) : timeout(milliseconds));
  const spy = vi.spyOn(AbortSignal, 'timeout').mockImplementation(signal);
  onTestFinished(() => spy.mockRestore());
}

/** A port at which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

const warningOf = async (variables: NodeJS.ProcessEnv) => {
  const checked = await checkRepository('acme/api', variables);
  return checked === 'exists' ? checked : checked.warning.replace('Recode could not check whether acme/api exists. ', '');
};

describe('checkRepository', () => {
  it('finds a repository that everybody may see without a token', async () => {
    const { gitHub, variables } = await gitHubWith();
    expect(await checkRepository('acme/api', variables)).toBe('exists');
    expect(gitHub.requests).toEqual([{ path, token: undefined }]);
  });

  it.each([
    [{ GH_TOKEN: tokenOf('mona'), GITHUB_TOKEN: tokenOf('ci') }, tokenOf('mona')],
    [{ GH_TOKEN: '', GITHUB_TOKEN: `${tokenOf('ci')}\n` }, tokenOf('ci')],
  ])('asks with the token in the environment: %o', async (given, token) => {
    const { gitHub, variables } = await gitHubWith();
    const PATH = gitHubCli('echo another');
    expect(await checkRepository('acme/api', { ...variables, ...given, PATH })).toBe('exists');
    expect(gitHub.requests).toEqual([{ path, token }]);
  });

  it('asks with the token that the GitHub CLI has for the host', async () => {
    const { gitHub, variables } = await gitHubWith();
    const PATH = gitHubCli(`[ "$*" = 'auth token --hostname 127.0.0.1' ] && echo ${tokenOf('mona')}`);
    expect(await checkRepository('acme/api', { ...variables, PATH })).toBe('exists');
    expect(gitHub.requests).toEqual([{ path, token: tokenOf('mona') }]);
  });

  it.each([301, 307])('follows a rename that GitHub answers with %i', async (status) => {
    const { gitHub, variables } = await gitHubWith({ status, headers: { location: '/repos/acme/renamed' } });
    expect(await checkRepository('acme/api', { ...variables, GH_TOKEN: tokenOf('mona') })).toBe('exists');
    expect(gitHub.requests.map((request) => request.path)).toEqual([path, '/repos/acme/renamed']);
  });

  it('leaves the token behind where a rename leads to another host', async () => {
    const { gitHub: other } = await gitHubWith();
    const { gitHub, variables } = await gitHubWith({ status: 301, headers: { location: `${other.url}${path}` } });
    expect(await checkRepository('acme/api', { ...variables, GH_TOKEN: tokenOf('mona') })).toBe('exists');
    expect(gitHub.requests).toEqual([{ path, token: tokenOf('mona') }]);
    expect(other.requests).toEqual([{ path, token: undefined }]);
  });

  it('asks an API whose address has a path and a slash at its end', async () => {
    const { gitHub, variables } = await gitHubWith({ status: 200 }, `/api/v3${path}`);
    expect(await checkRepository('acme/api', { ...variables, GITHUB_API_URL: `${gitHub.url}/api/v3/` })).toBe('exists');
  });

  it('refuses a repository that GitHub does not show, and says that there was no token', async () => {
    const { host, variables } = await gitHubWith({ status: 404 });
    await expect(checkRepository('acme/api', variables)).rejects.toThrow(
      expect.objectContaining({
        name: 'RepositoryNotFound',
        message: `GitHub at ${host} has no public repository acme/api. Private repositories need a token. ${nobody}`,
      }),
    );
  });

  it('refuses a repository that GitHub does not show to the token, and says which that was', async () => {
    const { host, variables } = await gitHubWith({ status: 404 });
    await expect(checkRepository('acme/api', { ...variables, GITHUB_TOKEN: tokenOf('ci') })).rejects.toThrow(
      expect.objectContaining({
        name: 'RepositoryNotFound',
        message: `GitHub at ${host} has no repository acme/api that the token in GITHUB_TOKEN can see.`,
      }),
    );
  });

  it.each<[string, GitHubAnswer, string]>([
    ['429', { status: 429 }, `You have reached the rate limit of GITHUB. A token raises it. ${nobody}`],
    [
      '403, nothing remaining',
      { status: 403, headers: { 'x-ratelimit-remaining': '0' } },
      `You have reached the rate limit of GITHUB. A token raises it. ${nobody}`,
    ],
    [
      '403, to come later',
      { status: 403, headers: { 'retry-after': '60' } },
      `You have reached the rate limit of GITHUB. A token raises it. ${nobody}`,
    ],
    ['403', { status: 403 }, 'GITHUB answered with HTTP status 403.'],
    ['401', { status: 401 }, `GITHUB requires a token. ${nobody}`],
    ['451', { status: 451 }, 'GITHUB answered with HTTP status 451.'],
    ['500', { status: 500, body: { message: 'Server Error' } }, 'GITHUB answered with HTTP status 500.'],
    ['502, as a page', { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>' }, 'GITHUB answered with HTTP status 502.'],
    ['503, of no type', { status: 503, headers: { 'content-type': '' } }, 'GITHUB answered with HTTP status 503.'],
  ])('warns where GitHub answers %s', async (_, answer, warning) => {
    const { host, variables } = await gitHubWith(answer);
    expect(await warningOf(variables)).toBe(warning.replace('GITHUB', `GitHub at ${host}`));
  });

  it.each<[string, GitHubAnswer | undefined, string, string]>([
    ['401', undefined, 'worthless', 'GITHUB does not accept the token in GH_TOKEN.'],
    ['403', { status: 403 }, tokenOf('mona'), 'GITHUB denies access with the token in GH_TOKEN.'],
    ['429', { status: 429 }, tokenOf('mona'), 'You have reached the rate limit of GITHUB.'],
  ])('names the token where GitHub answers it %s', async (_, answer, token, warning) => {
    const { host, variables } = await gitHubWith(answer);
    expect(await warningOf({ ...variables, GH_TOKEN: token })).toBe(warning.replace('GITHUB', `GitHub at ${host}`));
  });

  it('takes an answer that it cannot read for what its status says', async () => {
    const headers = { 'content-type': 'nonsense;;=' };
    expect(await warningOf((await gitHubWith({ status: 200, headers, body: '<' })).variables)).toBe('exists');
    expect(await warningOf((await gitHubWith({ status: 500, headers, body: '<' })).variables)).toMatch(/answered with HTTP status 500\.$/);
  });

  it('warns where GitHub does not answer in time', async () => {
    impatient();
    const { host, variables } = await gitHubWith('silence');
    expect(await warningOf(variables)).toBe(`GitHub at ${host} did not answer within 5 seconds.`);
  });

  it('asks github.com where GITHUB_API_URL says nothing else', async () => {
    // No time is left for the request to leave this machine.
    impatient(0);
    expect(await warningOf({ GH_TOKEN: tokenOf('mona') })).toBe('GitHub did not answer within 5 seconds.');
    expect(await warningOf({ GH_TOKEN: tokenOf('mona'), GITHUB_API_URL: '' })).toBe('GitHub did not answer within 5 seconds.');
  });

  it('warns where the GitHub CLI takes all the time', async () => {
    impatient();
    const { gitHub, variables } = await gitHubWith();
    expect(await warningOf({ ...variables, PATH: gitHubCli('exec sleep 60') })).toBe(nobody.replace('is not installed', 'does not answer'));
    expect(gitHub.requests).toEqual([]);
  });

  it('warns where nothing listens', async () => {
    const host = `127.0.0.1:${await closedPort()}`;
    expect(await warningOf({ PATH: '/nowhere', GITHUB_API_URL: `http://${host}` })).toBe(
      `GitHub at ${host} cannot be reached. Nothing listens at 127.0.0.1 port ${new URL(`http://${host}`).port}.`,
    );
  });

  it('warns where the address goes round in circles, or speaks no TLS', async () => {
    const circle = await gitHubWith({ status: 302, headers: { location: path } });
    expect(await warningOf(circle.variables)).toBe(`GitHub at ${circle.host} cannot be reached. The connection failed.`);
    const plain = await gitHubWith();
    expect(await warningOf({ ...plain.variables, GITHUB_API_URL: plain.gitHub.url.replace('http', 'https') })).toMatch(
      /^GitHub at [\d.:]+ cannot be reached\. The connection failed( \([A-Z_]+\)|: .+)\.$/,
    );
  });

  it.each(['github', 'ftp://api.github.com', 'https://mona:secret@github.example'])('warns where GITHUB_API_URL is %s', async (url) => {
    expect(await warningOf({ PATH: '/nowhere', GITHUB_API_URL: url })).toBe(
      'Invalid GITHUB_API_URL. Use an http or https URL without a user name.',
    );
  });
});

describe('findAccount', () => {
  it('asks GitHub whose token it is', async () => {
    const { gitHub, variables } = await gitHubWith();
    expect(await findAccount({ ...variables, GH_TOKEN: tokenOf('mona') })).toEqual({ account: 'mona' });
    expect(gitHub.requests).toEqual([{ path: '/user', token: tokenOf('mona') }]);
  });

  it.each([
    ['exit 1', 'is not logged in to 127.0.0.1'],
    ['true', 'is not logged in to 127.0.0.1'],
    ['kill -9 $$', 'does not run'],
  ])('tells what is the matter with the GitHub CLI: %s', async (script, problem) => {
    const { gitHub, variables } = await gitHubWith();
    const PATH = gitHubCli(script);
    const reason = `Neither GH_TOKEN nor GITHUB_TOKEN is set, and the GitHub CLI (gh) ${problem}.`;
    expect(await findAccount({ ...variables, PATH })).toEqual({ reason });
    expect(gitHub.requests).toEqual([]);
  });

  it('tells that the GitHub CLI is not installed, or does not answer', async () => {
    const { variables } = await gitHubWith();
    expect(await findAccount(variables)).toEqual({ reason: nobody });
    impatient();
    expect(await findAccount({ ...variables, PATH: gitHubCli('exec sleep 60') })).toEqual({
      reason: nobody.replace('is not installed', 'does not answer'),
    });
  });

  it.each<[string, GitHubAnswer | undefined, string, string]>([
    ['does not accept', undefined, 'worthless', 'GITHUB does not accept the token in GH_TOKEN.'],
    ['that is no person’s', { status: 403 }, tokenOf('mona'), 'GITHUB denies access with the token in GH_TOKEN.'],
    ['of nobody', { status: 200, body: {} }, tokenOf('mona'), 'GITHUB does not tell which account the token in GH_TOKEN belongs to.'],
    [
      'of a strange name',
      { status: 200, body: { login: '../..' } },
      tokenOf('mona'),
      'GITHUB does not tell which account the token in GH_TOKEN belongs to.',
    ],
    ['that knows no users', { status: 404 }, tokenOf('mona'), 'GITHUB does not tell which account the token in GH_TOKEN belongs to.'],
    ['that is down', { status: 500 }, tokenOf('mona'), 'GITHUB answered with HTTP status 500.'],
  ])('gives the reason for a token %s', async (_, answer, token, reason) => {
    const { host, variables } = await gitHubWith(answer, '/user');
    expect(await findAccount({ ...variables, GH_TOKEN: token })).toEqual({ reason: reason.replace('GITHUB', `GitHub at ${host}`) });
  });
});

describe('a token', () => {
  const secret = 'ghp_secret';

  it.each([
    ['api.github.com', 'github.com'],
    ['api.acme.ghe.com', 'acme.ghe.com'],
    ['api.github.example', 'api.github.example'],
    ['github.example', 'github.example'],
  ])('for the API at %s is the one that the GitHub CLI has for %s', async (apiHost, host) => {
    const variables = { PATH: gitHubCli('echo "$*" | tr " " _') };
    expect(await findToken(apiHost, variables, AbortSignal.timeout(5_000))).toEqual({
      value: `auth_token_--hostname_${host}`,
      name: 'token of the GitHub CLI',
    });
  });

  it.each<[string, GitHubAnswer]>([
    ['refuses it', { status: 401, body: { message: `Bad credentials: ${secret}` } }],
    ['does not show it a thing', { status: 404, body: { message: secret } }],
    ['breaks', { status: 500, body: secret }],
  ])('is in no answer and no error where GitHub %s', async (_, answer) => {
    const { variables } = await gitHubWith(answer);
    const outcome = await checkRepository('acme/api', { ...variables, GH_TOKEN: secret }).catch((error: unknown) => error);
    expect(inspect(outcome, { depth: 10, showHidden: true })).not.toContain(secret);
  });

  it.each(['ghp_\nsecret', 'ghp_sécret', 'ghp secret'])('that no header can carry goes nowhere: %j', async (value) => {
    const { gitHub, host, variables } = await gitHubWith({ status: 404 });
    const missing = 'The token in GH_TOKEN contains invalid characters.';
    expect(await findAccount({ ...variables, GH_TOKEN: value })).toEqual({ reason: missing });
    await expect(checkRepository('acme/api', { ...variables, GH_TOKEN: value })).rejects.toThrow(
      expect.objectContaining({
        message: `GitHub at ${host} has no public repository acme/api. Private repositories need a token. ${missing}`,
      }),
    );
    expect(gitHub.requests).toEqual([{ path, token: undefined }]);
  });
});

it('costs no other command the loading of its library', () => {
  const folder = join(import.meta.dirname, '../../dist/cli');
  const containing = readdirSync(folder).filter((file) => readFileSync(join(folder, file), 'utf8').includes('octokit-request.js/'));
  expect(containing).not.toEqual([]);
  const loaded = loadedWith(folder, 'main.cjs', new Set());
  for (const file of containing) expect(loaded).not.toContain(file);
});

/** The files that are loaded with one, because it requires them otherwise than in a function: `()=>require("./…")` was an `import()`. */
function loadedWith(folder: string, file: string, loaded: Set<string>): Set<string> {
  if (loaded.has(file)) return loaded;
  loaded.add(file);
  // The bundles have no spaces.
  for (const [, imported = ''] of readFileSync(join(folder, file), 'utf8').matchAll(/(?<!\(\)=>[\w(]*)\brequire\("\.\/([^"]+)"\)/g)) {
    loadedWith(folder, imported, loaded);
  }
  return loaded;
}
