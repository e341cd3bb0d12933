import { describe, expect, it } from 'vitest';
import { gitHubApiOf, gitHubHosts, isAccountName, parseRepository } from '../../core/repository.ts';

const refusal = (message: string) => expect.objectContaining({ name: 'RepositoryNotValid', message: expect.stringContaining(message) });

describe('parseRepository', () => {
  it.each([
    ['acme/api', 'acme', 'api'],
    ['recode-sh/workspace', 'recode-sh', 'workspace'],
    ['A/b.c_d-e', 'A', 'b.c_d-e'],
    ['acme/api.git', 'acme', 'api'],
    ['mona_acme/api', 'mona_acme', 'api'],
    [`a/${'x'.repeat(100)}`, 'a', 'x'.repeat(100)],
    ['https://github.com/acme/api', 'acme', 'api'],
    ['http://github.com/acme/api', 'acme', 'api'],
    ['https://github.com/acme/api.git', 'acme', 'api'],
    ['https://github.com/acme/api/', 'acme', 'api'],
    ['acme/api/', 'acme', 'api'],
    ['https://github.com/acme/api/tree/main/docs', 'acme', 'api'],
    ['https://github.com/acme/api/pull/7#issuecomment-1', 'acme', 'api'],
    ['https://github.com/acme/api?tab=readme-ov-file', 'acme', 'api'],
    ['HTTPS://www.GitHub.com/Acme/API', 'Acme', 'API'],
    ['https://mona:secret@github.com/acme/api.git', 'acme', 'api'],
    ['github.com/acme/api', 'acme', 'api'],
    ['git@github.com:acme/api.git', 'acme', 'api'],
    ['git@github.com:acme/api', 'acme', 'api'],
    ['git@github.com:/acme/api/', 'acme', 'api'],
    ['ssh://git@github.com/acme/api.git', 'acme', 'api'],
    ['ssh://git@ssh.github.com:443/acme/api.git', 'acme', 'api'],
    ['git+ssh://git@github.com/acme/api.git', 'acme', 'api'],
    ['git://github.com/acme/api.git', 'acme', 'api'],
  ])('reads %s', (text, account, name) => {
    expect(parseRepository(text)).toEqual({ account, name });
  });

  it.each(['cli', 'b.c_d-e', 'api.git'])('takes %s for a name without an account', (text) => {
    expect(parseRepository(text)).toEqual({ name: text.replace('.git', '') });
  });

  it.each([
    '',
    ' ',
    '/',
    '.',
    '..',
    '.git',
    '/api',
    '../api',
    'a/b/c',
    'acme/api//',
    'acme/',
    'acme/..',
    'acme/.',
    'acme/.git',
    '-acme/api',
    'ac_me_/api',
    'acme.inc/api',
    'my cli',
    'acme/a b',
    ' acme/api',
    'acme/api\n',
    'acme/ä',
    `a/${'x'.repeat(101)}`,
    `${'x'.repeat(40)}/a`,
    'https://github.com',
    'https://github.com/acme',
    'https://github.com/acme/.',
    'https://github.com//acme/api',
    'https://github.com/acme/a%20b',
    'https://github.com/acme/a b',
    'https://github.com/acme/api ',
    'https://',
    'github.com/acme',
    'git@github.com:api',
    'git@github.com:acme/api/web.git',
    'ssh://github.com/acme/api/web',
    'file:///home/mona/api',
    'ftp://github.com/acme/api',
  ])('refuses "%s"', (text) => {
    expect(() => parseRepository(text)).toThrow(refusal(`"${text}" is not the name of a GitHub repository.`));
  });

  it.each([
    ['https://gitlab.com/acme/api', 'gitlab.com'],
    ['https://github.com.evil.example/acme/api', 'github.com.evil.example'],
    ['https://github.com@evil.example/acme/api', 'evil.example'],
    ['https://gist.github.com/acme/0123', 'gist.github.com'],
    ['https://xgithub.com/acme/api', 'xgithub.com'],
    ['git@bitbucket.org:acme/api.git', 'bitbucket.org'],
    ['ssh://git@codeberg.org/acme/api.git', 'codeberg.org'],
    ['gitlab.com/acme/api', 'gitlab.com'],
  ])('names the host of %s', (text, host) => {
    expect(() => parseRepository(text)).toThrow(
      refusal(`" is on ${host}. Recode uses github.com, unless GITHUB_SERVER_URL names another GitHub.`),
    );
  });

  it('does not repeat the secret of a URL', () => {
    for (const text of ['https://mona:secret@gitlab.com/acme/api', 'https://secret@github.com/acme']) {
      expect(() => parseRepository(text)).toThrow(expect.not.objectContaining({ message: expect.stringContaining('secret') }));
      expect(() => parseRepository(text)).toThrow(refusal(`"${text.replace(/[^/]*@/, '')}" is`));
    }
  });
});

describe('isAccountName', () => {
  it.each(['mona', 'mona-', 'mo--na', 'my-organization', 'mona_acme', 'A1', 'x'.repeat(39)])('is true for %s', (text) => {
    expect(isAccountName(text)).toBe(true);
  });

  it.each(['', '-mona', 'mona_', 'mona/api', 'x'.repeat(40), 'mona\n'])('is false for "%s"', (text) => {
    expect(isAccountName(text)).toBe(false);
  });
});

// https://docs.github.com/en/enterprise-cloud@latest/admin/data-residency and the GHES REST reference ("/api/v3").
describe('a GitHub of one’s own', () => {
  it.each([
    [{}, ['github.com']],
    [{ api: 'https://api.github.com', server: 'https://github.com' }, ['github.com']],
    [{ api: 'https://ghes.example/api/v3' }, ['ghes.example']],
    [{ api: 'https://api.acme.ghe.com' }, ['acme.ghe.com']],
    [{ server: 'https://ghes.example:8443' }, ['ghes.example']],
    [{ api: 'http://127.0.0.1:4000' }, ['github.com']],
    [{ api: 'nonsense' }, ['github.com']],
  ])('has by %o the hosts %j', (variables, hosts) => {
    expect(gitHubHosts(variables)).toEqual(hosts);
  });

  it('has URLs there, and none on github.com', () => {
    expect(parseRepository('git@ghes.example:acme/api.git', ['ghes.example'])).toEqual({ account: 'acme', name: 'api' });
    expect(() => parseRepository('https://github.com/acme/api', ['ghes.example'])).toThrow(refusal('Recode uses ghes.example, unless'));
  });

  it.each([
    [undefined, 'https://api.github.com'],
    ['https://github.com', 'https://api.github.com'],
    ['https://acme.ghe.com', 'https://api.acme.ghe.com'],
    ['https://ghes.example:8443/', 'https://ghes.example:8443/api/v3'],
  ])('has for %s the API %s', (server, api) => {
    expect(gitHubApiOf(server)).toBe(api);
  });
});
