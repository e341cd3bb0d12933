import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { expectAllRaised, expectFailure, raisedBy } from '../../harness/failure.ts';
import type { ServedRepository } from '../../harness/git-server.ts';
import { deployWorkspace } from '../../harness/workspace.ts';

const there = deployWorkspace();
const args = ['start', 'acme/api', '--dotfiles', 'ada/dotfiles'];
const inHome = (name: string) => join(there.home, name);
const serve = (files: ServedRepository['files']) => {
  for (const name of ['dotfiles', '.local/state/recode', 'installed']) rmSync(inHome(name), { recursive: true, force: true });
  there.server.add('ada/dotfiles', { files });
};
const note = (name: string) => `echo ${name} "$PWD" >>"$HOME/installed"`;
const installed = () => readFileSync(inHome('installed'), 'utf8');

it('clones the dotfiles, and runs the first installer of them once', async () => {
  serve({ 'setup.sh': note('setup'), bootstrap: { executable: `#!/bin/sh\n${note('bootstrap')}; echo Installed` }, '.vimrc': '' });
  const { code, stdout, stderr } = await there.run(args);
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('\nCloning ada/dotfiles\nInstalling the dotfiles\n  Installed\n');
  expect(installed()).toBe(`bootstrap ${inHome('dotfiles')}\n`);
  expect(existsSync(inHome('.vimrc'))).toBe(false);

  expect((await there.run(args)).stdout).not.toContain('dotfiles\n');
  expect(installed()).toBe(`bootstrap ${inHome('dotfiles')}\n`);
});

it('takes the dotfiles of the setting; links what begins with a dot where there is no installer, and replaces nothing', async () => {
  writeFileSync(inHome('.bashrc'), 'mine\n');
  serve({ '.vimrc': 'set number\n', '.config/app/settings': 'dark\n', '.bashrc': 'theirs\n', 'README.md': '' });
  const config = join(there.alice.files('acme/api').root.replace(/\/\.local\/.*$/, ''), '.config/recode');
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, 'config.json'), '{ "dotfiles": "ada/dotfiles" }\n');
  const { code, stderr } = await there.run(['start', 'acme/api']);
  rmSync(config, { recursive: true });
  expect(code, stderr).toBe(0);
  expect(readlinkSync(inHome('.vimrc'))).toBe(inHome('dotfiles/.vimrc'));
  expect(readFileSync(inHome('.config/app/settings'), 'utf8')).toBe('dark\n');
  expect(readFileSync(inHome('.bashrc'), 'utf8')).toBe('mine\n');
  expect(lstatSync(inHome('.bashrc')).isSymbolicLink()).toBe(false);
  expect(existsSync(inHome('README.md'))).toBe(false);
  expect(existsSync(inHome('.git'))).toBe(false);
});

it('tells where the installer fails, and runs it again at the next start', async () => {
  serve({ 'install.sh': `${note('install')}; exit 9` });
  const ran = await there.run(args);
  expect(ran.stdout).toContain('To connect, run:\n');
  expectFailure(ran, ['aws', ...args], { name: 'DotfilesFailed', message: 'install.sh of ada/dotfiles failed with exit code 9.' });
  writeFileSync(inHome('dotfiles/install.sh'), note('again'));
  expect((await there.run(args)).code).toBe(0);
  expect(installed()).toBe(`install ${inHome('dotfiles')}\nagain ${inHome('dotfiles')}\n`);
});

it('leaves the dotfiles of another repository alone, installed or not, and says how to replace them', async () => {
  serve({ 'install.sh': `${note('install')}; exit 9` });
  there.server.add('grace/dotfiles', { files: { 'install.sh': note('grace') } });
  const graces = ['start', 'acme/api', '--dotfiles', 'grace/dotfiles'];
  const notice =
    '~/dotfiles is not a clone of grace/dotfiles, and stays as it is. To replace it, delete it and ~/.local/state/recode/dotfiles on the instance.\n';
  await there.run(args);
  const failedBefore = await there.run(graces);
  expect(failedBefore.code, failedBefore.stderr).toBe(0);
  expect(failedBefore.stdout).toContain(notice);

  writeFileSync(inHome('dotfiles/install.sh'), note('again'));
  await there.run(['start', 'acme/api', '--dotfiles', 'Ada/dotfiles']);
  expect((await there.run(graces)).stdout).toContain(notice);
  expect(installed()).toBe(`install ${inHome('dotfiles')}\nagain ${inHome('dotfiles')}\n`);

  for (const name of ['dotfiles', '.local/state/recode/dotfiles']) rmSync(inHome(name), { recursive: true });
  expect((await there.run(graces)).stdout).not.toContain(notice);
  expect(installed()).toMatch(/\ngrace .*\n$/);
});

it('raises the errors that it is there for', () => expectAllRaised(raisedBy.dotfiles));
