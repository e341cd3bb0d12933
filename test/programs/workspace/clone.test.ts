import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ExpectedFailure, expectAllRaised, expectFailure, raisedBy } from '../../harness/failure.ts';
import { mountTrouble, smallDisk } from '../../harness/small-disk.ts';
import { deployWorkspace } from '../../harness/workspace.ts';

const there = deployWorkspace();
const command = (...options: string[]) => ['start', 'acme/api', ...options];
const git = (...args: string[]) => execFileSync('git', ['-C', there.folder, ...args], { encoding: 'utf8' }).trim();
const beside = () => readdirSync(join(there.folder, '..'));
const files = { 'README.md': 'The API.\n' };
const noLfs = spawnSync('git', ['lfs', 'version']).status !== 0;
const cannotMount = mountTrouble();
const missing = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 12\n`;

/** Expects that a start has failed after it told how to connect, and has left nothing of a clone. */
async function expectFailedClone(args: string[], expected: ExpectedFailure): Promise<void> {
  const ran = await there.run(args);
  expect(ran.stdout).toMatch(/✓ acme\/api is already started\n(.+\n)+\nTo connect, run:\n {2}ssh -F /);
  expectFailure(ran, ['aws', ...args], expected);
  expect(beside()).toEqual(['.recode~lock']);
}

it('clones the repository at the first start, shows the folder, and remembers it', async () => {
  expect(readFileSync(join(there.folder, 'README.md'), 'utf8')).toBe('The API.\n');
  expect(git('remote', 'get-url', 'origin')).toBe(`${there.server.url}/acme/api.git`);
  expect(git('status', '--short', '--branch')).toBe('## main...origin/main');
  expect(beside()).toEqual(['.recode~lock', 'api']);
  const status = await there.run(['status', 'acme/api', '--json']);
  expect(status.json).toMatchObject({ workspaceFolder: there.folder });
});

it('leaves a repository alone that is there, and asks its server nothing', async () => {
  writeFileSync(join(there.folder, 'README.md'), 'Changed.\n');
  const before = there.server.requests.length;
  const { code, stdout } = await there.run(command('--branch', 'next'));
  expect(code).toBe(0);
  expect(stdout).not.toContain('Cloning');
  expect(stdout).toContain(`  Folder    ${there.folder}\n`);
  expect(git('status', '--short')).toBe('M README.md');
  expect(there.server.requests.length).toBe(before);
});

it('clones a branch, as much of its history as asked for, and removes what a killed clone has left', async () => {
  there.serve({ files, branches: ['next'], history: 5 });
  const left = join(there.folder, '../.recode~clone.killed');
  mkdirSync(join(left, 'clone'), { recursive: true });
  const { code, stdout } = await there.run(command('--branch', 'next', '--depth', '2'));
  expect(code).toBe(0);
  expect(stdout).toMatch(/\nChecking the SSH connection\nCloning acme\/api\n\n✓/);
  expect(git('rev-parse', '--abbrev-ref', 'HEAD')).toBe('next');
  expect(git('rev-list', '--count', 'HEAD')).toBe('2');
  expect(existsSync(left)).toBe(false);
});

it('clones all of the history, and submodules', async () => {
  there.server.add('acme/library', { files: { 'library.txt': 'A library.\n' } });
  there.serve({ files, history: 5, submodules: { 'vendor/library': { of: 'acme/library', url: '../library.git' } } });
  expect((await there.run(command())).code).toBe(0);
  expect(git('rev-list', '--count', 'HEAD')).toBe('7');
  expect(readFileSync(join(there.folder, 'vendor/library/library.txt'), 'utf8')).toBe('A library.\n');
  expect(git('submodule', 'status')).toMatch(/^[0-9a-f]{40} vendor\/library/);
});

it('says that Git LFS is missing where the repository uses it', async () => {
  there.serve({ files: { 'assets/.gitattributes': '*.png filter=lfs diff=lfs merge=lfs -text\n', 'assets/logo.png': 'pointer' } });
  // It hides a git-lfs of this machine, and the configuration that Debian's has made.
  const hiding = join(there.home, 'hiding');
  mkdirSync(hiding);
  writeFileSync(join(hiding, 'git-lfs'), '#!/bin/sh\nexit 127\n', { mode: 0o755 });
  const startup = join(there.home, '.bashrc');
  writeFileSync(startup, `PATH=${hiding}:$PATH; export GIT_CONFIG_NOSYSTEM=1\n`);
  const { code, stdout } = await there.run(command());
  rmSync(startup);
  expect(code).toBe(0);
  expect(stdout).toContain('acme/api uses Git LFS, which the instance does not have: large files are pointers only.\n');
  expect(readFileSync(join(there.folder, 'assets/logo.png'), 'utf8')).toBe('pointer');
});

describe.skipIf(noLfs)(`with the git-lfs of this machine${noLfs ? ' (skipped: there is none)' : ''}`, () => {
  const logo = randomBytes(100_000);
  const startup = () => join(there.home, '.bashrc');
  // As after "apt-get install git-lfs" of another system than Debian, which configures git for everybody.
  beforeEach(() => writeFileSync(startup(), 'export GIT_CONFIG_NOSYSTEM=1\n'));
  afterEach(() => rmSync(startup()));

  it('clones large files as they are, and leaves git ready for them', async () => {
    there.serve({ files, large: { 'assets/logo.png': logo } });
    const { code, stdout, stderr } = await there.run(command());
    expect(code, stderr).toBe(0);
    expect(stdout).not.toContain('Git LFS');
    expect(readFileSync(join(there.folder, 'assets/logo.png')).equals(logo)).toBe(true);
    expect(git('lfs', 'ls-files', '--name-only')).toBe('assets/logo.png');
    expect(git('status', '--short')).toBe('');
    expect(readFileSync(join(there.home, '.gitconfig'), 'utf8')).toContain('[filter "lfs"]');
  });

  it('clones private ones with the token, which it keeps nowhere', async () => {
    const token = 'ghp_Lfs8mysecret00000000000000000000000000';
    there.serve({ files, large: { 'assets/logo.png': logo }, token });
    const before = there.server.requests.length;
    const { code, stdout, stderr } = await there.run(command(), { env: { GH_TOKEN: token } });
    expect(code, stderr).toBe(0);
    expect(readFileSync(join(there.folder, 'assets/logo.png')).equals(logo)).toBe(true);
    const paths = there.server.requests.slice(before).flatMap(({ path, authorization }) => (authorization ? [path] : []));
    expect(paths).toContain('/acme/api.git/info/lfs/objects/batch');
    expect(stdout + stderr).not.toContain(token);
    const kept = execFileSync('sh', ['-c', `grep -rlF ${token} '${there.home}' || :`], { encoding: 'utf8' });
    expect(kept).toBe('');
  });

  it('tells where a large file is not on the server, and leaves no half clone', async () => {
    there.serve({ files: { ...files, '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n', 'a.bin': missing }, large: {} });
    const message = `acme/api could not be cloned from ${there.server.url}/acme/api.git. git says: a.bin: smudge filter lfs failed.`;
    await expectFailedClone(command(), { name: 'CloneFailed', message });
  });
});

describe.skipIf(cannotMount)(`on a full disk${cannotMount === undefined ? '' : ` (skipped: ${cannotMount})`}`, () => {
  const large = { ...files, 'large.txt': randomBytes(1_500_000).toString('base64') };

  it.each([
    ['while it clones', false],
    ['before it clones', true],
  ])('fails %s, leaves no half clone, and clones at the next start', async (_, before) => {
    there.serve({ files: large });
    const args = command();
    {
      using disk = smallDisk({ kibibytes: 1024, over: join(there.folder, '..') });
      if (before) disk.fill();
      const ran = await there.run(args);
      expect(ran.stdout).toMatch(/✓ acme\/api is already started\n(.+\n)+\nTo connect, run:\n {2}ssh -F /);
      expect(ran.stderr).toMatch(/^✗ The disk of the instance is full\n {2}acme\/api could not be cloned\. .*No space left on device/);
      expect(ran.code).toBe(1);
      expect(beside().filter((name) => name !== 'filler')).toEqual(['.recode~lock']);
    }
    expect((await there.run(args)).code).toBe(0);
    expect(git('status', '--short')).toBe('');
  });
});

it('shows on a terminal how far git is', async () => {
  const large = Array.from({ length: 10 }, (_, index) => [`${index}.txt`, randomBytes(30_000).toString('base64')]);
  there.serve({ files: Object.fromEntries(large), until: sleep(6000) });
  const { text, code } = await there.alice.inTerminal(command('--no-open'), [], { GITHUB_SERVER_URL: there.server.url });
  expect(code, text).toBe(0);
  expect(text).toMatch(/Cloning acme\/api {2}(\d+s {2})?Receiving objects [1-9]\d%/);
  expect(text).toMatch(/✓ Cloning acme\/api {2}\d+\.\ds\n/);
});

it('leaves the repository to the person with --no-clone', async () => {
  there.serve({ files });
  const { code, stdout } = await there.run(command('--no-clone'));
  expect(code).toBe(0);
  expect(stdout).not.toMatch(/Cloning|Folder/);
  expect(existsSync(there.folder)).toBe(false);
});

it('clones once where two starts meet', async () => {
  let send = () => {};
  const until = new Promise<void>((resolve) => {
    send = resolve;
  });
  there.serve({ files, until });
  const first = there.run(command());
  await vi.waitFor(() => expect(beside().some((name) => name.startsWith('.recode~clone.'))).toBe(true), 30_000);
  const second = there.run(command());
  setTimeout(send, 3000);
  const [one, other] = await Promise.all([first, second]);
  expect([one.code, other.code]).toEqual([0, 0]);
  expect(one.stdout).toContain('Cloning acme/api');
  expect(other.stdout).not.toContain('Cloning acme/api');
  expect(readFileSync(join(there.folder, 'README.md'), 'utf8')).toBe('The API.\n');
});

it('tells where there is no such branch', async () => {
  there.serve({ files });
  const message = 'acme/api has no branch next.';
  await expectFailedClone(command('--branch', 'next'), { name: 'BranchNotFound', message });
});

it('tells where the repository does not exist, or nobody without a token may see it', async () => {
  there.serve({ files, token: 'secret' });
  const noToken = 'Neither GH_TOKEN nor GITHUB_TOKEN is set, and the GitHub CLI (gh) is not installed.';
  const message = `${there.server.url} has no public repository acme/api. A private one needs a token. ${noToken}`;
  await expectFailedClone(command(), { name: 'CloneRefused', message });
});

it('tells where the server ends in the middle of the clone, and clones at the next start', async () => {
  there.serve({ files, history: 20, dies: true });
  const args = command();
  const ran = await there.run(args);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(
    /^✗ The repository could not be downloaded\n {2}The instance cannot clone http\S+\/acme\/api\.git\. git says: .+\./,
  );
  expect(beside()).toEqual(['.recode~lock']);
  there.serve({ files, history: 20 });
  expect((await there.run(args)).code).toBe(0);
  expect(existsSync(join(there.folder, 'README.md'))).toBe(true);
});

it('tells where the server cannot be reached', async () => {
  there.serve({ files });
  const args = command();
  const ran = await there.run(args, { env: { GITHUB_SERVER_URL: 'http://127.0.0.1:9' } });
  const url = 'http://127.0.0.1:9/acme/api.git';
  // How long it has tried, and the rest in the words of its version.
  const [said = ''] = /Failed to connect to 127\.0\.0\.1 port 9 .*/.exec(ran.stderr) ?? [];
  const message = `The instance cannot clone ${url}. git says: unable to access '${url}/': ${said}`;
  expectFailure(ran, ['aws', ...args], { name: 'GitServerUnreachable', message });
  expect(said).not.toBe('');
  expect(beside()).toEqual(['.recode~lock']);
});

it('tells where the instance has no git', async () => {
  there.serve({ files });
  const bin = join(there.home, 'bin');
  mkdirSync(bin);
  for (const tool of ['sh', 'mkdir', 'flock'])
    symlinkSync(execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim(), join(bin, tool));
  // The shell reads it also for a command over SSH.
  const startup = join(there.home, '.bashrc');
  writeFileSync(startup, `PATH=${bin}; echo Welcome\n`);
  const message = 'The instance has no git, and cloud-init is not installing it.';
  await expectFailedClone(command(), { name: 'GitNotInstalled', message });
  rmSync(startup);
});

describe('while cloud-init has not installed git yet', () => {
  const bin = () => join(there.home, 'without-git');
  const startup = () => join(there.home, '.bashrc');
  /** What cloud-init says of itself. It says in a file that it was asked. */
  const cloudInit = (status: string) =>
    writeFileSync(join(bin(), 'cloud-init'), `#!/bin/sh\necho asked >>'${bin()}/asked'\necho 'status: ${status}'\n`, { mode: 0o755 });
  const asked = (times: number) =>
    vi.waitFor(() => expect(readFileSync(join(bin(), 'asked'), 'utf8').split('\n').length).toBeGreaterThan(times), 30_000);
  beforeEach(() => {
    mkdirSync(bin());
    // What is written over a link would change the machine's own program.
    const others = readdirSync('/usr/bin').filter((name) => !/^(git|cloud-init)/.test(name));
    for (const name of others) symlinkSync(join('/usr/bin', name), join(bin(), name));
    writeFileSync(startup(), `PATH=${bin()}\n`);
    there.serve({ files });
  });
  afterEach(() => {
    rmSync(startup());
    rmSync(bin(), { recursive: true });
  });

  it('waits for it, and then clones', async () => {
    cloudInit('running');
    const running = there.run(command());
    await asked(2);
    const git = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
    symlinkSync(git, join(bin(), 'git'));
    const { code, stdout, stderr } = await running;
    expect(code, stderr).toBe(0);
    expect(stdout.match(/Waiting until git is installed\./g)).toHaveLength(1);
    expect(stdout).toMatch(/Waiting until git is installed\.\nCloning acme\/api\n/);
    expect(readFileSync(join(there.folder, 'README.md'), 'utf8')).toBe('The API.\n');
  });

  it.each(['done', 'error'])('does not wait any more once it has ended: %s', async (status) => {
    cloudInit('running');
    const running = there.run(command());
    await asked(1);
    cloudInit(status);
    const ran = await running;
    const message = 'The instance has no git, and cloud-init is not installing it.';
    expectFailure(ran, ['aws', ...command()], { name: 'GitNotInstalled', message });
    expect(beside()).toEqual(['.recode~lock']);
  });
});

it('tells where a startup file keeps the shell from running anything', async () => {
  const startup = join(there.home, '.bashrc');
  writeFileSync(startup, 'exit 0\n');
  const message = 'The shell of the instance ends before it runs a command.';
  const args = command();
  const ran = await there.run(args);
  rmSync(startup);
  expect(ran.stdout).toContain('To connect, run:\n');
  expectFailure(ran, ['aws', ...args], { name: 'RemoteShellFails', message });
});

it('shows with --json the failure alone', async () => {
  const args = command('--json');
  const message = expect.stringContaining('127.0.0.1 port 9') as unknown as string;
  const ran = await there.run(args, { env: { GITHUB_SERVER_URL: 'http://127.0.0.1:9' } });
  expect(ran.json).toEqual({ error: expect.objectContaining({ name: 'GitServerUnreachable', message }) });
  expect(ran.code).toBe(1);
});

it('tells where the connection to the instance is lost in the middle, and leaves no half clone', async () => {
  there.serve({ files, until: new Promise(() => {}) });
  const running = there.run(command());
  await vi.waitFor(() => expect(beside().some((name) => name.startsWith('.recode~clone.'))).toBe(true), 30_000);
  await vi.waitFor(() => expect(clients()).toHaveLength(1), 30_000);
  for (const pid of clients()) process.kill(pid, 'SIGKILL');
  const ran = await running;
  expect(ran.stderr).toMatch(/^✗ The SSH connection to the instance was lost\n/);
  expect(ran.code).toBe(1);
  await vi.waitFor(() => expect(beside()).toEqual(['.recode~lock']), 30_000);
});

it('refuses options that mean nothing together', async () => {
  const args = command('--branch', 'next', '--no-clone');
  const message = '--branch cannot be used with --no-clone, which does not clone.';
  expectFailure(await there.run(args), ['aws', ...args], { name: 'UsageNotValid', message });
});

it('raises the errors that it is there for', () => expectAllRaised(raisedBy.clone));

/** The process ids of the ssh clients that run a script of Recode on the instance. */
function clients(): number[] {
  const config = there.alice.files('acme/api').sshConfig;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words[0] === 'ssh' && words.includes(config) && words.some((word) => word.includes('recode~clone'));
      } catch {
        return false;
      }
    })
    .map(Number);
}
