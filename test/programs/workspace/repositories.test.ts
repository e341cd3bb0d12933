import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { expectAllRaised, expectFailure, raisedBy } from '../../harness/failure.ts';
import { deployWorkspace } from '../../harness/workspace.ts';

const there = deployWorkspace();
const args = ['start', 'acme/api'];
const beside = () => readdirSync(join(there.folder, '..'));
const serve = (repositories: string) => {
  for (const name of beside()) rmSync(join(there.folder, '..', name), { recursive: true });
  there.serve({ files: { '.recode/repositories': repositories, '.recode/hooks/init.sh': 'ls .. >&2; exit 0' } });
};

it('clones the repositories that the repository names beside it, before its hooks run', async () => {
  for (const name of ['web', 'tools']) there.server.add(`acme/${name}`, { files: { 'README.md': `${name}\n` } });
  serve(`# What the API needs\r\nacme/web # its pages\r\n\n${there.server.url}/acme/tools.git\r\nACME/api\n`);
  const { code, stdout, stderr } = await there.run(args);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(
    /\nCloning acme\/api\nCloning acme\/web\nCloning acme\/tools\nRunning \.recode\/hooks\/init\.sh\n {2}api\n {2}tools\n {2}web\n/,
  );
  expect(beside()).toEqual(['.recode~lock', 'api', 'tools', 'web']);
  expect((await there.run(args)).stdout).not.toContain('Cloning');
});

it.each([
  ['web', '"web" does not say whose repository it is.'],
  ['acme/web extra', '"acme/web extra" is not the name of a GitHub repository.'],
  ['beta/API', 'beta/API and acme/api would be in the same folder.'],
  [
    'https://gitlab.com/acme/web',
    '"https://gitlab.com/acme/web" is on gitlab.com. Recode uses 127.0.0.1, unless GITHUB_SERVER_URL names another GitHub.',
  ],
])('names the file and the line of %s', async (line, problem) => {
  serve(`# One\n${line}\n`);
  const ran = await there.run(args);
  expect(ran.stdout).toContain('To connect, run:\n');
  expectFailure(ran, ['aws', ...args], { name: 'RepositoriesNotValid', message: `.recode/repositories line 2: ${problem}` });
  expect(existsSync(there.folder)).toBe(true);
});

it('clones the others where one cannot be cloned, and runs the hooks', async () => {
  there.server.add('acme/web', { files: {} });
  serve('acme/missing\nacme/web\n');
  const ran = await there.run(args);
  expect(ran.stdout).toContain('Exit code 0');
  expect(ran.stderr).toMatch(/^✗ The instance cannot read the repository\n {2}http\S+ has no public repository acme\/missing\./);
  expect(ran.code).toBe(1);
  expect(beside()).toEqual(['.recode~lock', 'api', 'web']);
});

it('raises the errors that it is there for', () => expectAllRaised(raisedBy.repositories));
