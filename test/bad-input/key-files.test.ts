import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { ErrorName } from '../../core/errors.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import { inventory } from '../harness/inventory.ts';
import { recodeAws, recodeStart } from '../harness/workflows.ts';

const run = promisify(execFile);

let aws: TestAws;
let directory: string;
let folder: string;
let file: string;
let sshCommand: string;
deployForTests(async (deployed) => {
  directory = mkdtempSync(join(tmpdir(), 'recode-key-files-'));
  aws = deployed;
  const ran = await start(['acme/api', '--json']);
  expect(ran.code, ran.stderr + ran.stdout).toBe(0);
  ({ sshCommand } = ran.json as { sshCommand: string });
  folder = join(directory, 'home', '.local', 'share', 'recode', 'keys', aws.accountId, aws.region, 'alice', 'acme', 'api', 'key');
  file = join(folder, 'id_ed25519');
  cpSync(folder, join(directory, 'backup'), { recursive: true });
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(directory, 'other')]);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(directory, 'backup'), folder, { recursive: true });
});
afterAll(() => rmSync(directory, { recursive: true }));

const start = (args: readonly string[], env: Record<string, string> = {}) => recodeStart(aws, directory, args, env);
const status = (args: readonly string[]) => recodeAws(aws, directory, ['status', ...args]);
const command = ['aws', 'start', 'acme/api'];
const shell = (line: string) => run('/bin/sh', ['-c', line]);

/** Whether OpenSSH gets in with the files as they are, asking nobody. */
const connects = (program = sshCommand) =>
  shell(`${program.replace(/^ssh /, 'ssh -o BatchMode=yes ')} true </dev/null`).then(
    () => true,
    () => false,
  );

function replaceByFolder(path: string): void {
  rmSync(path);
  mkdirSync(path, { mode: 0o700 });
}

/** The command that a next step quotes. */
const fixIn = (text: string) => /"((?:chmod|ssh-keygen|perl) [^"]+)"/.exec(text)?.[1] ?? '';

describe('a private key', () => {
  // test/cli/ssh/key-trouble.test.ts has everything that can be wrong with one; here is one of each name.
  it.each<[ErrorName, string, () => unknown]>([
    ['PrivateKeyReadableByOthers', 'The private key FILE has mode 0644, so ssh refuses it.', () => chmodSync(file, 0o644)],
    [
      'PrivateKeyLocked',
      'The private key FILE has a passphrase, and no SSH agent holds the key.',
      () => execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret', '-f', file], { stdio: 'ignore' }),
    ],
    [
      'PrivateKeyLineEndings',
      'The private key FILE has Windows line endings, which OpenSSH does not read.',
      () => writeFileSync(file, readFileSync(file, 'utf8').replaceAll('\n', '\r\n')),
    ],
    ['PrivateKeyNotUsable', 'The private key FILE is empty.', () => writeFileSync(file, '')],
    [
      'PublicKeyNotValid',
      'The public key FILE.pub belongs to a different private key.',
      () => cpSync(join(directory, 'other.pub'), `${file}.pub`),
    ],
    ['KeysNotReadable', 'FILE cannot be read: a folder is in its place.', () => replaceByFolder(file)],
  ])('that OpenSSH does not use is named before an execution starts: %s', async (name, message, damage) => {
    const before = await inventory(aws);
    damage();
    expect(await connects()).toBe(false);
    const ran = await start(['acme/api']);
    expectFailure(ran, command, { name, message: message.replace('FILE', file), fix: fixIn(ran.stderr) });
    expect(ran.stderr.includes('recode aws remove')).toBe(name === 'PrivateKeyNotUsable');
    expect(await inventory(aws)).toEqual(before);
  });

  it('that is damaged is named by the status in place of the command that connects, with the next step', async () => {
    chmodSync(file, 0o644);
    const { code, stdout } = await status(['acme/api', '--region', aws.region]);
    const message = `The private key ${file} has mode 0644, so ssh refuses it.`;
    expect(stdout).toContain(
      `\nThis machine cannot connect: ${message}\n  Run "chmod 600 ${file}", then run "recode aws status acme/api --region`,
    );
    expect(stdout).not.toContain('ssh -F');
    expect(code).toBe(0);
    const sshError = { name: 'PrivateKeyReadableByOthers', message };
    expect((await status(['acme/api', '--json'])).json).toMatchObject({ sshConfigFile: null, sshCommand: null, sshError });
    await shell(fixIn(stdout));
    expect((await status(['acme/api'])).stdout).toContain(`\nTo connect, run:\n  ${sshCommand}\n`);
    expect((await status(['acme/api', '--json'])).json).toMatchObject({ sshCommand, sshError: null });
  });

  it('that is lost is given up with the environment, as the next step says', async () => {
    expect((await start(['acme/lost'])).code).toBe(0);
    const lost = join(folder, '..', '..', 'lost', 'key', 'id_ed25519');
    writeFileSync(lost, 'damaged');
    const { stderr } = await start(['acme/lost']);
    const [, remove = ''] = /Without a copy, run "recode aws ([^"]+)" and start again/.exec(stderr) ?? [];
    expect(remove).toBe('remove acme/lost');
    expect((await recodeAws(aws, directory, [...remove.split(' '), '--force'])).code).toBe(0);
    expect((await start(['acme/lost'])).code).toBe(0);
  });

  it('counts as missing if the environment accepts another one', async () => {
    cpSync(join(directory, 'other'), file);
    expect(await connects()).toBe(false);
    expect((await start(['acme/api'])).stderr).toContain('✗ The private key is not on this machine');
  });

  it('with a passphrase works while an SSH agent holds it', async () => {
    const SSH_AUTH_SOCK = join(directory, 'agent');
    const { stdout } = await run('ssh-agent', ['-s', '-a', SSH_AUTH_SOCK]);
    const [, pid] = /SSH_AGENT_PID=(\d+)/.exec(stdout) ?? [];
    try {
      await run('ssh-add', ['-q', file], { env: { ...process.env, SSH_AUTH_SOCK } });
      await run('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret', '-f', file]);
      expect((await start(['acme/api'], { SSH_AUTH_SOCK })).code).toBe(0);
    } finally {
      process.kill(Number(pid));
    }
  });

  it('is used from a folder whose path has every character that ssh takes', async () => {
    const XDG_DATA_HOME = join(directory, `it's "50%" #1 \\ $HOME $(id) \t* {a,b} =é~ %h %%`);
    const ran = await start(['acme/odd', '--json'], { XDG_DATA_HOME });
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    expect(await connects((ran.json as { sshCommand: string }).sshCommand)).toBe(true);
  });

  it.each([
    ['a ${HOME} b', '"${", which ssh takes for a variable'],
    ['a\nb', 'a line break'],
  ])('is not made below %j, and nothing else is', async (name, problem) => {
    const unchanged = await inventory(aws);
    const XDG_DATA_HOME = join(directory, name);
    await aws.delete('calls');
    expectFailure(await start(['acme/web'], { XDG_DATA_HOME }), ['aws', 'start', 'acme/web'], {
      name: 'PathNotUsable',
      message: `The keys would be in ${JSON.stringify(join(XDG_DATA_HOME, 'recode', 'keys'))}. That path has ${problem}.`,
    });
    expect(await aws.get('calls')).toMatchObject({ calls: [] });
    expect(await inventory(aws)).toEqual(unchanged);
    expect(statSync(XDG_DATA_HOME, { throwIfNoEntry: false })).toBeUndefined();
  });
});

describe('the files for ssh', () => {
  const knownHosts = () => join(folder, '..', 'known_hosts');

  it('are written again where they are damaged or may not be read', async () => {
    writeFileSync(join(folder, '..', 'ssh_config'), 'NoSuchOption yes\n');
    chmodSync(knownHosts(), 0);
    expect((await start(['acme/api'])).code).toBe(0);
    expect(await connects()).toBe(true);
  });

  it('that cannot be written stop a start that would change them', async () => {
    rmSync(knownHosts());
    mkdirSync(knownHosts());
    const ran = await start(['acme/api']);
    rmSync(knownHosts(), { recursive: true });
    expect(ran.stderr).toContain('known_hosts cannot be written: a folder is in its place.');
  });
});

describe('an SSH client', () => {
  const fake = (script: string) => {
    const bin = mkdtempSync(join(directory, 'bin-'));
    writeFileSync(join(bin, 'ssh'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return { PATH: `${bin}:${process.env.PATH}` };
  };

  it('that does not run for this user is named before anything is asked of AWS', async () => {
    await aws.delete('calls');
    // What OpenSSH 9.2 says to a user ID without a user: setpriv --reuid=12345 ssh -V.
    const ran = await start(['acme/web'], fake('echo "No user exists for uid 12345" >&2; exit 255'));
    expectFailure(ran, ['aws', 'start', 'acme/web'], {
      name: 'UserNotKnown',
      message: 'ssh does not run for the user ID 12345, because the system has no user with that ID.',
      fix: 'useradd --uid 12345 --no-create-home dev',
    });
    expect(await aws.get('calls')).toMatchObject({ calls: [] });
  });

  it('that does not start is named before anything is asked of AWS', async () => {
    await aws.delete('calls');
    const said = 'ssh: error while loading shared libraries: libcrypto.so.3: cannot open shared object file: No such file or directory';
    expectFailure(await start(['acme/web'], fake(`echo "${said}" >&2; exit 127`)), ['aws', 'start', 'acme/web'], {
      name: 'SshClientFails',
      message: `"ssh -V" fails: ${said}`,
    });
    expect(await aws.get('calls')).toMatchObject({ calls: [] });
  });
});

it('raises all that key files can be the cause of', () => {
  expectAllRaised(raisedBy['key-files']);
});
