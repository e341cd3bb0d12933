import { expect, it, onTestFinished } from 'vitest';
import { resolveRepository } from '../../cli/repository.ts';
import { fakeGitHub, gitHubCli, tokenOf } from '../harness/github.ts';

async function gitHub() {
  const made = await fakeGitHub();
  onTestFinished(() => made[Symbol.asyncDispose]());
  return { requests: made.requests, environment: { PATH: '/nowhere', GITHUB_API_URL: made.url } };
}

it.each(['acme/api', 'https://github.com/acme/api/tree/main', 'git@github.com:acme/api.git'])(
  'asks nobody whose repository %s is',
  async (text) => {
    const { requests, environment } = await gitHub();
    expect(await resolveRepository(text, { ...environment, GH_TOKEN: tokenOf('mona') })).toBe('acme/api');
    expect(requests).toEqual([]);
  },
);

it('takes a name alone for a repository of the account that the token in the environment belongs to', async () => {
  const { environment } = await gitHub();
  expect(await resolveRepository('cli', { ...environment, GH_TOKEN: tokenOf('Mona-Lisa') })).toBe('Mona-Lisa/cli');
  expect(await resolveRepository('cli.git', { ...environment, GITHUB_TOKEN: tokenOf('mona_acme') })).toBe('mona_acme/cli');
});

it('takes a name alone for a repository of whoever is logged in with the GitHub CLI', async () => {
  const { environment } = await gitHub();
  expect(await resolveRepository('cli', { ...environment, PATH: gitHubCli(`echo ${tokenOf('mona')}`) })).toBe('mona/cli');
});

it.each([
  [{}, 'Neither GH_TOKEN nor GITHUB_TOKEN is set, and the GitHub CLI (gh) is not installed.'],
  [{ GH_TOKEN: 'worthless' }, 'GITHUB does not accept the token in GH_TOKEN.'],
  [{ GH_TOKEN: tokenOf('mona'), GITHUB_API_URL: 'nowhere' }, 'Invalid GITHUB_API_URL. Use an http or https URL without a user name.'],
])('tells why it does not know whose repository a name alone is: %o', async (variables, reason) => {
  const { environment } = await gitHub();
  const message = `"cli" does not say whose repository it is, and Recode does not know your GitHub account. ${reason}`;
  await expect(resolveRepository('cli', { ...environment, ...variables })).rejects.toThrow(
    expect.objectContaining({
      name: 'GitHubAccountUnknown',
      message: message.replace('GITHUB does', `GitHub at ${new URL(environment.GITHUB_API_URL).host} does`),
    }),
  );
});

it('refuses what is no repository without asking anybody', async () => {
  const { requests, environment } = await gitHub();
  await expect(resolveRepository('my cli', { ...environment, GH_TOKEN: tokenOf('mona') })).rejects.toThrow(
    expect.objectContaining({ name: 'RepositoryNotValid' }),
  );
  expect(requests).toEqual([]);
});
