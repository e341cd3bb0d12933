import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import { recode } from '../harness/recode.ts';
import type { User } from '../harness/users.ts';
import { runStop } from '../harness/workflows.ts';

const run = promisify(execFile);
let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recode-config-ssh-'));
  file = join(directory, 'ssh', 'config');
});
afterEach(() => rmSync(directory, { recursive: true }));

const configSsh = (...args: string[]) => ['aws', 'config-ssh', '--ssh-config', file, ...args];
const ran = (...args: string[]) => recode(configSsh(...args), { directory });
const lineIn = (home: string) => `Include "${home}/.local/share/recode/ssh/*.recode"`;
const line = () => lineIn(join(directory, 'home'));
const read = () => readFileSync(file, 'utf8');

function given(text: string, mode = 0o600): string {
  mkdirSync(join(directory, 'ssh'), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, mode);
  return text;
}

describe('the file', () => {
  it('is made if it is missing, for its owner alone, and goes with the line', async () => {
    const { code, stdout, stderr } = await ran();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      `✓ Added to the top of ${file}:\n  ${line()}\n\nNo environment is known on this machine yet. Once you start acme/api, run "ssh -F ${file} acme-api.recode".\n`,
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'ssh')).mode & 0o777).toBe(0o700);
    expect((await ran()).stdout).toMatch(new RegExp(`^✓ ${file} already includes the hosts of your environments\\.\n`));
    expect(read().split('\n')).toEqual([expect.stringMatching(/^# Created by /), line(), '']);
    expect((await ran('--remove')).stdout).toBe(`✓ Removed from ${file}:\n  ${line()}\n`);
    expect(existsSync(file)).toBe(false);
    expect((await ran('--remove')).stdout).toBe(`${file} does not have the line of "recode aws config-ssh".\n`);
  });

  it('stays if it was there, even empty, and keeps its mode', async () => {
    given('', 0o640);
    await ran();
    expect(read()).toContain(line());
    expect(statSync(file).mode & 0o777).toBe(0o640);
    await ran('--remove');
    expect(read()).toBe('');
  });

  it('stays a symbolic link, also to what is not there yet', async () => {
    const target = join(directory, 'dotfiles', 'config');
    given('');
    rmSync(file);
    symlinkSync('../dotfiles/config', file);
    await ran();
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).toContain(line());
    writeFileSync(target, `${readFileSync(target, 'utf8')}Host web\n`);
    await ran('--remove');
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).toBe('Host web\n');
  });

  it('is only looked at with --dry-run', async () => {
    expect((await ran('--dry-run')).stdout).toMatch(/^--- \/dev\/null\n\+\+\+ .+\n\+# Created by .+\n\+Include .+\n$/);
    expect(existsSync(file)).toBe(false);
    given('Host web\r\n', 0o444);
    expect((await ran('--dry-run')).stdout).toMatch(/^--- .+\n\+\+\+ .+\n\+# Added by .+\n\+Include .+\n$/);
    expect(await ran('--dry-run', '--json').then(({ json }) => json)).toEqual({
      sshConfigFile: file,
      line: line(),
      included: true,
      changed: true,
      dryRun: true,
      hosts: [],
    });
    expect((await ran('--dry-run', '--remove')).stdout).toBe(`Nothing would change in ${file}.\n`);
    expect(read()).toBe('Host web\r\n');
  });

  it('keeps a line that somebody else has written, and is told of it', async () => {
    const text = given(`${line()}\nHost web\n`.replace(/"/g, ''));
    expect((await ran()).stdout).toContain('already includes');
    const { stdout, stderr } = await ran('--remove');
    expect(stdout).toContain('does not have the line');
    expect(stderr).toBe(`! ${file} still includes the hosts, by a line that somebody else has written. That line stays.\n`);
    expect(read()).toBe(text);
  });

  it('is whole and has the line once, however many commands add it at once', async () => {
    const text = given('Host web\n'.repeat(2000));
    const codes = await Promise.all(Array.from({ length: 6 }, () => ran().then(({ code }) => code)));
    expect(codes).toEqual([0, 0, 0, 0, 0, 0]);
    expect(read().split(line())).toHaveLength(2);
    expect(read().endsWith(text)).toBe(true);
  });

  it('is said to be refused by ssh if others can write it', async () => {
    given('', 0o620);
    const { code, stderr } = await ran();
    expect(code).toBe(0);
    expect(stderr).toBe(`! Other users can write ${file}, so ssh refuses it. Run "chmod go-w ${file}".\n`);
  });

  it('is said not to work if ssh does not read it', async () => {
    given('Host web\n  Porridge 3\n');
    const { code, stderr } = await ran();
    expect(code).toBe(0);
    expect(stderr).toBe(`! ssh does not read the configuration: ${file}: terminating, 1 bad configuration options\n`);
  });
});

it('leaves a circle of other Include lines alone, and says that ssh does not read it', async () => {
  const text = given(`Include "${file}"\n`);
  const { code, stderr } = await ran();
  expect(code).toBe(0);
  expect(stderr).toBe('! ssh does not read the configuration: Too many recursive configuration includes\n');
  expect(read().endsWith(text)).toBe(true);
});

describe('what cannot be read or changed is left as it is:', () => {
  const byHand = (remove: boolean) =>
    remove ? `To remove it yourself, delete this line:\n${line()}` : `To add it yourself, write this at the top of the file:\n${line()}`;

  it.each([false, true])('a file that is read-only (to remove: %j)', async (remove) => {
    if (remove) {
      given('Host web\n');
      await ran();
    } else given('Host web\n');
    const text = given(read(), 0o444);
    const message = `${file} cannot be changed: it is read-only.\n${byHand(remove)}`;
    const args = remove ? ['--remove'] : [];
    expectFailure(await ran(...args), configSsh(...args), { name: 'SshConfigNotWritable', message });
    expect(read()).toBe(text);
  });

  it('a file in the place of its folder', async () => {
    writeFileSync(join(directory, 'ssh'), '');
    const message = `${file} cannot be read: a file is where one of its folders should be.`;
    expectFailure(await ran(), configSsh(), { name: 'SshConfigNotReadable', message });
  });

  it('a folder in its place', async () => {
    mkdirSync(file, { recursive: true });
    expectFailure(await ran(), configSsh(), { name: 'SshConfigNotReadable', message: `${file} cannot be read: a folder is in its place.` });
  });

  it('a symbolic link to itself', async () => {
    given('');
    rmSync(file);
    symlinkSync(file, file);
    const message = `${file} cannot be read: its symbolic links lead in a circle.`;
    expectFailure(await ran(), configSsh(), { name: 'SshConfigNotReadable', message });
  });

  it('a file in UTF-16', async () => {
    given('');
    writeFileSync(file, '\ufeffHost web\r\n', 'utf16le');
    const message = `${file} cannot be read: it is not in UTF-8. Save it as UTF-8, because ssh does not read it either.`;
    expectFailure(await ran(), configSsh(), { name: 'SshConfigNotReadable', message });
    expect(readFileSync(file, 'utf16le')).toBe('\ufeffHost web\r\n');
  });
});

describe('a host', () => {
  let alice: User;
  let config: string;
  const options = () => ['-F', config];
  const inEnvironment = async (command: string) => (await run('ssh', [...options(), 'acme-api.recode', command])).stdout;
  let stop: () => Promise<unknown>;

  deployForTests(async (aws, user) => {
    alice = user('alice');
    stop = () => runStop(aws);
    config = join(alice.files('acme/api').root, '..', '..', '..', 'my config');
    mkdirSync(join(config, '..'), { recursive: true });
    // What comes after the line counts for the host only where the host does not say it.
    writeFileSync(config, 'Host *\n  HostName 192.0.2.1\n  Port 1\n  User nobody\n');
    const started = await alice.run(['start', 'acme/api'], { env: { RECODE_SSH_CONFIG: config } });
    expect(started.code, started.stderr).toBe(0);
    expect(started.stdout).toMatch(/\nTo connect, run:\n {2}ssh -F \S+ acme-api\n$/);
    const configured = await alice.run(['config-ssh'], { env: { RECODE_SSH_CONFIG: config } });
    expect(configured.stderr).toBe('');
    expect(configured.stdout).toMatch(
      /\n\nHOST {13}REPOSITORY\nacme-api\.recode {2}acme\/api\n\nTo connect, run:\n {2}ssh acme-api\.recode\n$/,
    );
  });

  it('is given to ssh with the configuration that has it, where ssh does not read that by itself', async () => {
    const { stdout } = await alice.run(['config-ssh', '--ssh-config', config]);
    const [, command = ''] = /\nTo connect, run:\n {2}(ssh -F .+)\n$/.exec(stdout) ?? [];
    expect(command).toBe(`ssh -F '${config}' acme-api.recode`);
    expect((await run('/bin/sh', ['-c', `${command} echo connected`])).stdout).toBe('connected\n');
  });

  it('is what start and status print', async () => {
    for (const command of ['start', 'status', 'restart']) {
      const { stdout } = await alice.run([command, 'acme/api', ...(command === 'restart' ? ['--force'] : [])], {
        env: { RECODE_SSH_CONFIG: config },
      });
      expect(stdout, command).toMatch(/\nTo connect, run:\n {2}ssh acme-api\.recode\n$/);
    }
  });

  it('connects ssh, scp and sftp', async () => {
    writeFileSync(join(directory, 'a b.txt'), 'mine\n');
    await run('scp', [...options(), join(directory, 'a b.txt'), 'acme-api.recode:scp.txt']);
    expect(await inEnvironment('cat scp.txt; whoami >&2')).toBe('mine\n');
    await run('/bin/sh', ['-c', `echo 'get scp.txt "${join(directory, 'back.txt')}"' | sftp -b - -F '${config}' acme-api.recode`]);
    expect(readFileSync(join(directory, 'back.txt'), 'utf8')).toBe('mine\n');
  });

  it('connects rsync', async () => {
    mkdirSync(join(directory, 'src', 'deep'), { recursive: true });
    writeFileSync(join(directory, 'src', 'deep', 'a b.txt'), 'mine\n');
    await run('rsync', ['-a', '-e', `ssh -F '${config}'`, `${join(directory, 'src')}/`, 'acme-api.recode:rsync/']);
    expect(await inEnvironment("cat 'rsync/deep/a b.txt'")).toBe('mine\n');
  });

  it('connects git', async () => {
    await inEnvironment('git init -q --bare pushed.git');
    const git = (...args: string[]) =>
      run('git', ['-c', 'user.name=Alice', '-c', 'user.email=alice@example.com', '-C', directory, ...args], {
        env: { PATH: process.env.PATH, HOME: directory, GIT_SSH_COMMAND: `ssh -F '${config}'` },
      });
    await git('init', '-q', '-b', 'main');
    await git('commit', '-q', '--allow-empty', '-m', 'A commit');
    await git('push', '-q', 'acme-api.recode:pushed.git', 'main');
    expect(await inEnvironment('git -C pushed.git log --format=%s main')).toBe('A commit\n');
    await git('clone', '-q', 'ssh://acme-api.recode/~/pushed.git', 'cloned');
    expect(existsSync(join(directory, 'cloned', '.git'))).toBe(true);
  });

  it('has the new address after a start that nobody waited for, once it is listed', async () => {
    const address = async () => /^hostname (.+)$/m.exec((await run('ssh', [...options(), '-G', 'acme-api.recode'])).stdout)?.[1];
    const before = await address();
    await stop();
    const { json } = await alice.run(['start', 'acme/api', '--json']);
    const { publicIpAddress } = json as { publicIpAddress: string };
    expect(publicIpAddress).not.toBe(before);
    expect(await address()).toBe(publicIpAddress);
    expect(await inEnvironment('echo in')).toBe('in\n');
  });

  it('goes with the environment', async () => {
    await alice.run(['remove', 'acme/api', '--force']);
    const settings = (await run('ssh', [...options(), '-G', 'acme-api.recode'])).stdout;
    expect(settings).toContain('hostname 192.0.2.1\n');
    expect(existsSync(join(alice.files('acme/api').aliases, 'acme-api.recode'))).toBe(false);
  });
});

it('has no --local, and needs a file', async () => {
  expectFailure(await ran('--local'), configSsh('--local'), {
    name: 'UsageNotValid',
    message: 'Unknown option \'--local\' for "recode aws config-ssh".',
    usage: 'recode aws config-ssh',
  });
  expect((await recode(['aws', 'config-ssh', '--ssh-config', ''], { directory })).stderr).toContain('--ssh-config needs a value.');
});

it('raises the errors that it is there for', () => expectAllRaised(raisedBy['config-ssh']));
