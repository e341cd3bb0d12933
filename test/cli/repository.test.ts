import { describe, expect, it, onTestFinished } from 'vitest';
import { readRepository, resolveRepository } from '../../cli/repository.ts';
import { fakeGitHub, gitHubCli, tokenOf } from '../harness/github.ts';

const resolved = async (text: string, variables: NodeJS.ProcessEnv, recorded: { repository: string; name?: string }[] = []) =>
  resolveRepository(readRepository(text, variables), async () => recorded, variables);

async function gitHub() {
  const made = await fakeGitHub();
  onTestFinished(() => made[Symbol.asyncDispose]());
  return { requests: made.requests, variables: { PATH: '/nowhere', GITHUB_API_URL: made.url } };
}

it.each(['acme/api', 'https://github.com/acme/api/tree/main', 'git@github.com:acme/api.git'])(
  'asks nobody whose repository %s is',
  async (text) => {
    const { requests, variables } = await gitHub();
    expect(await resolved(text, { ...variables, GH_TOKEN: tokenOf('mona') })).toBe('acme/api');
    expect(requests).toEqual([]);
  },
);

it('takes a name alone for a repository of the account that the token in the environment belongs to', async () => {
  const { variables } = await gitHub();
  expect(await resolved('cli', { ...variables, GH_TOKEN: tokenOf('Mona-Lisa') })).toBe('Mona-Lisa/cli');
  expect(await resolved('cli.git', { ...variables, GITHUB_TOKEN: tokenOf('mona_acme') })).toBe('mona_acme/cli');
});

it('takes a name alone for a repository of the person who is logged in with the GitHub CLI', async () => {
  const { variables } = await gitHub();
  expect(await resolved('cli', { ...variables, PATH: gitHubCli(`echo ${tokenOf('mona')}`) })).toBe('mona/cli');
});

it.each([
  [{}, 'Neither GH_TOKEN nor GITHUB_TOKEN is set, and the GitHub CLI (gh) is not installed.'],
  [{ GH_TOKEN: 'worthless' }, 'GITHUB does not accept the token in GH_TOKEN.'],
  [{ GH_TOKEN: tokenOf('mona'), GITHUB_API_URL: 'nowhere' }, 'Invalid GITHUB_API_URL. Use an http or https URL without a user name.'],
])('tells why it does not know whose repository a name alone is: %o', async (given, reason) => {
  const { variables } = await gitHub();
  const message = `"cli" does not say whose repository it is, and Recode does not know your GitHub account. ${reason}`;
  await expect(resolved('cli', { ...variables, ...given })).rejects.toThrow(
    expect.objectContaining({
      name: 'GitHubAccountUnknown',
      message: message.replace('GITHUB does', `GitHub at ${new URL(variables.GITHUB_API_URL).host} does`),
    }),
  );
});

it('takes a name alone of a teammate only for one of their environments', async () => {
  const { requests, variables } = await gitHub();
  const ofZed = (text: string) =>
    resolveRepository(
      readRepository(text, variables),
      async () => [{ repository: 'acme/web' }],
      { ...variables, GH_TOKEN: tokenOf('mona') },
      'zed',
    );
  expect(await ofZed('web')).toBe('acme/web');
  expect(await ofZed('acme/api')).toBe('acme/api');
  const message = 'zed has no environment named api. Another one can be meant by owner/name.';
  await expect(ofZed('api')).rejects.toThrow(expect.objectContaining({ name: 'EnvironmentNotFound', message }));
  expect(requests).toEqual([]);
});

it('refuses what is no repository without asking anybody', async () => {
  const { requests, variables } = await gitHub();
  await expect(resolved('my cli', { ...variables, GH_TOKEN: tokenOf('mona') })).rejects.toThrow(
    expect.objectContaining({ name: 'RepositoryNotValid' }),
  );
  expect(requests).toEqual([]);
});

describe('where there are environments', () => {
  const recorded = [
    { repository: 'acme/Workspace', name: 'acme-workspace' },
    { repository: 'acme/api', name: 'acme-api' },
    { repository: 'mona/api', name: 'mona-api' },
    { repository: 'acme/\u001b]0;x', name: 'acme-0-x' },
    { repository: 'acme/..', name: 'acme' },
  ];

  it.each([
    ['workspace', 'acme/Workspace'],
    ['mona-api', 'mona/api'],
    ['acme/\\u001b]0;x', 'acme/\u001b]0;x'],
    ['acme-0-x', 'acme/\u001b]0;x'],
    ['acme/..', 'acme/..'],
  ])('takes %s for %j without asking GitHub', async (text, repository) => {
    const { requests, variables } = await gitHub();
    expect(await resolved(text, variables, recorded)).toBe(repository);
    expect(requests).toEqual([]);
  });

  it('names all that a name can be', async () => {
    await expect(resolved('api', {}, recorded)).rejects.toMatchObject({
      name: 'RepositoryAmbiguous',
      message: '"api" can be acme/api (acme-api) or mona/api (mona-api).',
    });
  });

  it('asks GitHub for one that none of them has', async () => {
    const { variables } = await gitHub();
    expect(await resolved('cli', { ...variables, GH_TOKEN: tokenOf('mona') }, recorded)).toBe('mona/cli');
  });

  it('refuses what neither GitHub nor a record has', async () => {
    await expect(resolved('acme/\u001b', {}, recorded)).rejects.toMatchObject({ name: 'RepositoryNotValid' });
  });
});
