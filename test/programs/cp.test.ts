import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deployForTests } from '../harness/deployment.ts';
import { standIns } from '../harness/editors.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import type { User } from '../harness/users.ts';
import { runStop } from '../harness/workflows.ts';

let aws: TestAws;
let alice: User;
deployForTests(async (deployed, user) => {
  aws = deployed;
  alice = user('alice');
  const started = await alice.run(['start', 'acme/api', '--no-clone', '--json']);
  expect(started.code, started.stderr).toBe(0);
  await alice.run(['start', 'acme/web', '--no-clone', '--json']);
  await inEnvironment('mkdir -p workspace/api');
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recode cp-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const inEnvironment = async (command: string) => (await alice.run(['ssh', 'acme/api', '--home', '--', command])).stdout;
const cp = (...args: string[]) => ['cp', ...args];
const ran = (...args: string[]) => alice.run(cp(...args), { cwd: directory });
const copied = { code: 0, stdout: '', stderr: '' };
const prints = async (...args: string[]) => {
  const { code, stdout, stderr } = await ran(...args);
  return { code, stdout, stderr };
};
const file = (name: string, text = name) => {
  writeFileSync(join(directory, name), text);
  return name;
};

describe('copies', () => {
  it('names that a remote shell would read, there and back', async () => {
    const names = ['plain.txt', 'a b.txt', "it's.txt", '$HOME.txt', '`x`.txt', 'a;b.txt', 'é.txt', '-r', 'a"b', '(1).txt', '#1'];
    for (const name of names) file(name, `text of ${name}`);
    expect(await prints('--', ...names, 'acme/api:')).toEqual(copied);
    for (const name of names) rmSync(join(directory, name));
    expect(await prints('--', ...names.map((name) => `acme/api:${name}`), '.')).toEqual(copied);
    for (const name of names) expect(readFileSync(join(directory, name), 'utf8')).toBe(`text of ${name}`);
  });

  it('to the folder of the repository, the home folder, and any other', async () => {
    file('a.txt');
    const places = ['acme/api:', 'acme/api:b.txt', 'acme/api:~/c.txt', 'api:~', `acme/api:${directory}/d.txt`, 'acme-api:e.txt'];
    await Promise.all(places.map(async (to) => expect(await prints('a.txt', to), to).toEqual(copied)));
    expect(await inEnvironment('ls workspace/api/[abe].txt a.txt c.txt')).toBe(
      'a.txt\nc.txt\nworkspace/api/a.txt\nworkspace/api/b.txt\nworkspace/api/e.txt\n',
    );
    expect(readdirSync(directory).sort()).toEqual(['a.txt', 'd.txt']);
  });

  it('folders with -r alone', async () => {
    mkdirSync(join(directory, 'src', 'deep'), { recursive: true });
    writeFileSync(join(directory, 'src', 'deep', 'a b.txt'), 'mine');
    const { code, stderr } = await ran('src', 'acme/api:');
    expect(code).toBe(1);
    expect(stderr).toMatch(/not a regular file/);
    expect(await prints('-r', 'src', 'acme/api:')).toEqual(copied);
    expect(await inEnvironment("cat 'workspace/api/src/deep/a b.txt'")).toBe('mine');
    expect(await prints('acme/api:src', 'back', '--recursive')).toEqual(copied);
    expect(readFileSync(join(directory, 'back', 'deep', 'a b.txt'), 'utf8')).toBe('mine');
  });

  it('several at once, and by a pattern', async () => {
    for (const name of ['1.log', '2.log', '3.txt']) file(name);
    await inEnvironment('mkdir workspace/api/logs');
    expect(await prints('1.log', '2.log', '3.txt', 'acme/api:logs')).toEqual(copied);
    mkdirSync(join(directory, 'back'));
    expect(await prints('acme/api:logs/*.log', 'back')).toEqual(copied);
    expect(readdirSync(join(directory, 'back'))).toEqual(['1.log', '2.log']);
    expect(await prints('acme/api:logs/3.txt', 'acme/api:logs/1.log', 'back')).toEqual(copied);
  });

  it('a file of this machine whose name has a colon, written with ./', async () => {
    file('a:b');
    expect(await prints('./a:b', 'acme/api:colon')).toEqual(copied);
    expect(await inEnvironment('cat workspace/api/colon')).toBe('a:b');
  });
});

it('uses the home folder while there is no clone, and says so', async () => {
  file('a.txt');
  const { code, stderr } = await ran('a.txt', 'acme/web:');
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: '! The environment has no folder ~/workspace/web, so the paths are in its home folder.\n',
  });
  expect((await ran('a.txt', 'acme/web:~/b.txt')).stderr).toBe('');
});

it('has the exit code and the words of scp', async () => {
  const { code, stdout, stderr } = await ran('acme/api:missing.txt', '.');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/workspace\/api\/missing\.txt.*No such file or directory\r?\n$/);
});

it('does not blame the connection for a file of this machine that is not there', async () => {
  const { code, stderr } = await ran('missing.txt', 'acme/api:');
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/missing\.txt.*No such file or directory\r?\n$/);
});

it('says what checks the connection where scp cannot connect', async () => {
  const { PATH, addScript } = standIns(directory);
  rmSync(join(PATH, 'ssh'));
  // As where the network fails between the first connection and the second.
  addScript('ssh', `[ "$1" = -V ] || [ ! -e '${directory}/down' ] || exit 255\nexec /usr/bin/ssh "$@"\n`);
  addScript('scp', `: >'${directory}/down'\nexit 255\n`);
  const { code, stderr } = await alice.run(cp('a.txt', 'acme/api:'), { env: { PATH }, cwd: directory });
  expect(stderr).toBe('scp could not connect. Run "recode aws start acme/api": it checks the connection and says what is wrong.\n');
  expect(code).toBe(255);
});

it('needs one side in an environment', async () => {
  const { code, stderr } = await ran('a.txt', 'b.txt');
  expect(stderr).toContain('Both sides are on this machine. Write a path in an environment as acme/api:path.');
  expect(code).toBe(2);
});

it('refuses an old scp only for names that its remote shell would read', async () => {
  const { PATH, addScript } = standIns(directory);
  rmSync(join(PATH, 'ssh'));
  addScript('ssh', 'echo OpenSSH_8.2p1 >&2\n');
  const args = cp('acme/api:a b', '.');
  const message = "The scp of OpenSSH_8.2 lets a remote shell read 'a b'. Names like that need OpenSSH 8.7 or newer.";
  expectFailure(await alice.run(args, { env: { PATH } }), ['aws', ...args], {
    name: 'SshClientOld',
    message,
    again: "recode aws cp 'acme/api:a b' .",
  });
});

it('starts nothing that is stopped without being told to', async () => {
  await runStop(aws);
  const args = cp('acme/api:plain.txt', '.');
  expectFailure(await alice.run(args, { cwd: directory }), ['aws', 'cp', 'acme/api', '.'], {
    name: 'EnvironmentNotStarted',
    message: 'acme/api is stopped.',
    again: `recode aws ${args.join(' ')}`,
  });
  const { code, stderr } = await ran(...args.slice(1), '--start');
  expect(code, stderr).toBe(0);
  expect(readFileSync(join(directory, 'plain.txt'), 'utf8')).toBe('text of plain.txt');
});

it('raises the errors that it is there for', () => expectAllRaised(raisedBy.cp));
