import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { expectFailure } from '../../harness/failure.ts';
import { gitOverSsh } from '../../harness/git-over-ssh.ts';
import { fakeGitHub } from '../../harness/github.ts';
import { sshAgent } from '../../harness/ssh-agent.ts';
import { deployWorkspace } from '../../harness/workspace.ts';

const there = deployWorkspace();
const command = (...options: string[]) => ['start', 'acme/api', ...options];
const files = { 'README.md': 'The API.\n' };
const token = 'ghp_QvT7mysecret0000000000000000000000000';

it('clones with the token, gives it to this server alone, and keeps it nowhere', async () => {
  let send = () => {};
  const until = new Promise<void>((resolve) => {
    send = resolve;
  });
  there.server.add('acme/elsewhere', { files: { 'elsewhere.txt': 'Public.\n' } });
  there.server.add('acme/library', { files: { 'library.txt': 'Private, too.\n' }, token });
  // The same server under another name, which a token is not for.
  const elsewhere = `${there.server.url.replace('127.0.0.1', 'localhost')}/acme/elsewhere.git`;
  const submodules = {
    library: { of: 'acme/library', url: '../library.git' },
    elsewhere: { of: 'acme/elsewhere', url: elsewhere },
  };
  there.serve({ files, submodules, token, until });
  const before = there.server.requests.length;
  const running = there.run(command(), { env: { GH_TOKEN: token, RECODE_DEBUG: '1' } });
  await vi.waitFor(
    () => expect(there.server.requests.slice(before).some(({ path }) => path.endsWith('/git-upload-pack'))).toBe(true),
    30_000,
  );
  const processes = ofProcesses();
  expect(processes).toContain('acme/api.git');
  // Of this machine's own command, whose person has set it.
  expect(processes.replaceAll(`GH_TOKEN=${token}`, '')).not.toContain(token);
  expect(inFiles(there.home, token)).toEqual([]);
  send();
  const ran = await running;
  expect(ran.code, ran.stderr).toBe(0);
  expect(readFileSync(join(there.folder, 'library/library.txt'), 'utf8')).toBe('Private, too.\n');
  expect(readFileSync(join(there.folder, 'elsewhere/elsewhere.txt'), 'utf8')).toBe('Public.\n');
  const given = there.server.requests.slice(before).filter(({ authorization }) => authorization !== undefined);
  expect(given.length).toBeGreaterThan(0);
  expect(given.filter(({ path }) => path.startsWith('/acme/elsewhere'))).toEqual([]);

  expect(ran.stdout + ran.stderr).not.toContain(token);
  // Instances, user data, records, history and logs: all that the embedded AWS has on disk, and what is on this machine.
  expect(inFiles(join(there.home, '../../../..'), token)).toEqual([]);
  expect(inFiles(join(there.alice.files('acme/api').root), token)).toEqual([]);
  expect(ofProcesses()).not.toContain(token);
  expect(execFileSync('git', ['-C', there.folder, 'config', '--local', '--list'], { encoding: 'utf8' })).not.toMatch(/credential|x-access/);
});

it('refuses a token that cannot read the repository', async () => {
  there.serve({ files, token });
  const args = command();
  const ran = await there.run(args, { env: { GH_TOKEN: 'ghp_another' } });
  const message = `${there.server.url} has no repository acme/api that the token in GH_TOKEN can read.`;
  expectFailure(ran, ['aws', ...args], { name: 'CloneRefused', message });
});

it('clones over SSH with the agent of this machine, which it forwards for that alone', async () => {
  using agent = await sshAgent();
  await using ssh = await gitOverSsh(there.server.root, agent.publicKey);
  const gitHub = await fakeGitHub({
    '/repos/acme/api': { status: 200, body: { ssh_url: `ssh://git@${ssh.host}/acme/api.git` } },
    '/meta': { status: 200, body: { ssh_keys: [ssh.hostKey] } },
  });
  onTestFinished(() => gitHub[Symbol.asyncDispose]());
  there.serve({ files, token });
  const env = { GITHUB_API_URL: gitHub.url, SSH_AUTH_SOCK: agent.socket };
  const args = command('--git-protocol', 'ssh');
  const ran = await there.run(args, { env });
  expect(ran.code, ran.stderr).toBe(0);
  expect(ssh.commands).toEqual(["git-upload-pack '/acme/api.git'"]);
  expect(readFileSync(join(there.folder, 'README.md'), 'utf8')).toBe('The API.\n');
  const [host, port] = ssh.host.split(':');
  expect(readFileSync(join(there.home, '.ssh/known_hosts'), 'utf8')).toBe(`[${host}]:${port} ${ssh.hostKey}\n`);
  expect(readFileSync(there.alice.files('acme/api').sshConfig, 'utf8')).not.toContain('ForwardAgent');

  there.serve({ files, token });
  const without = await there.run(args, { env: { GITHUB_API_URL: gitHub.url } });
  const reason = 'git says: ';
  expect(without.stderr).toContain(`✗ The instance cannot read the repository\n  ssh://git@${ssh.host}/acme/api.git cannot be cloned with`);
  expect(without.stderr).not.toContain(reason);
  expect(without.code).toBe(1);
});

/** The paths of the files below a folder that have a text in them. */
function inFiles(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(text));
}

/** The arguments and variables of all processes but this one. */
function ofProcesses(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        readlinkSync(`/proc/${pid}/exe`);
        return ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', '\n'));
      } catch {
        // It has ended meanwhile.
        return [];
      }
    })
    .join('\n');
}
