import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { expectAllRaised, expectFailure, raisedBy } from '../../harness/failure.ts';
import { sshAgent } from '../../harness/ssh-agent.ts';
import { deployWorkspace } from '../../harness/workspace.ts';

const there = deployWorkspace();
const start = (...options: string[]) => ['start', 'acme/api', ...options];
/** The settings of git on the instance, and on the machine of alice. */
const global = () => join(there.home, '.gitconfig');
const hers = () => {
  const home = there.alice.files('acme/api').root.replace(/\/\.local\/.*$/, '');
  mkdirSync(dirname(home), { recursive: true });
  return join(home, '.gitconfig');
};

it('gives git on the instance the name and the address of git on this machine, where it has none', async () => {
  writeFileSync(hers(), '[user]\n\tname = Ada \\"Countess\\" O\'Lovelace\n\temail = ada@example.com\n');
  writeFileSync(global(), '[user]\n\temail = mine@example.com\n');
  expect((await there.run(start())).code).toBe(0);
  const settings = execFileSync('git', ['config', '--file', global(), '--list'], { encoding: 'utf8' });
  expect(settings).toBe('user.email=mine@example.com\nuser.name=Ada "Countess" O\'Lovelace\n');
});

it('signs commits on the instance with a key that the agent of this machine holds, until that is taken back', async () => {
  using agent = await sshAgent();
  const env = { SSH_AUTH_SOCK: agent.socket };
  const { sshConfig } = there.alice.files('acme/api');
  writeFileSync(hers(), `[user]\n\tname = Ada\n\temail = ada@example.com\n\tsigningkey = ${agent.publicKeyFile}\n[gpg]\n\tformat = ssh\n`);
  rmSync(global(), { force: true });
  const started = await there.run(start('--git-signing'), { env });
  expect(started.code, started.stderr).toBe(0);
  expect(readFileSync(sshConfig, 'utf8')).toContain('\n  ForwardAgent yes\n');

  // It lasts.
  expect((await there.run(start(), { env })).code).toBe(0);
  const script = 'cd ~/workspace/api && git commit -q --allow-empty -m Signed && git cat-file commit HEAD';
  const commit = await there.run(['ssh', 'acme/api', '--', script], { env });
  expect(commit.stdout, commit.stderr).toContain('gpgsig -----BEGIN SSH SIGNATURE-----');
  const allowed = join(there.home, 'allowed');
  writeFileSync(allowed, `ada@example.com ${agent.publicKey}\n`);
  execFileSync('git', ['-C', there.folder, '-c', `gpg.ssh.allowedSignersFile=${allowed}`, 'verify-commit', 'HEAD'], { stdio: 'pipe' });

  expect((await there.run(start('--no-git-signing'))).code).toBe(0);
  expect(readFileSync(sshConfig, 'utf8')).not.toContain('ForwardAgent');
  expect(execFileSync('git', ['config', '--file', global(), '--list'], { encoding: 'utf8' })).not.toMatch(/sign|gpg/);
});

it.each([
  ['', 'git signs with GPG here: gpg.format is not set.'],
  ['[gpg]\n\tformat = x509\n', 'git signs with x509 here.'],
  ['[gpg]\n\tformat = ssh\n', 'user.signingkey of git is not set.'],
  ['[gpg]\n\tformat = ssh\n[user]\n\tsigningkey = key::nonsense\n', 'user.signingkey of git is not an SSH public key.'],
  ['[gpg]\n\tformat = ssh\n[user]\n\tsigningkey = key::ssh-ed25519 AAAA\n', 'No SSH agent holds the key of user.signingkey.'],
])('refuses to sign before it starts anything: %j', async (settings, message) => {
  writeFileSync(hers(), settings);
  await there.aws.delete('calls');
  const args = start('--git-signing');
  const ran = await there.run(args);
  expect(ran.stdout).toBe('');
  expectFailure(ran, ['aws', ...args], { name: 'SigningKeyNotUsable', message });
});

it('raises the errors that it is there for', () => expectAllRaised(raisedBy.identity));
