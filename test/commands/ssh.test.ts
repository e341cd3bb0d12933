import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { expect, it, vi } from 'vitest';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, expectNothingChanged, raisedBy } from '../harness/failure.ts';
import { keys, type User } from '../harness/users.ts';
import { runStop } from '../harness/workflows.ts';

let aws: TestAws;
let alice: User;
let bob: User;
deployForTests(async (deployed, user) => {
  aws = deployed;
  alice = user('alice');
  bob = user('bob');
  const started = await alice.run(['start', 'acme/api', '--json']);
  expect(started.code, started.stderr).toBe(0);
});

const ssh = (...args: string[]) => ['ssh', 'acme/api', ...args];
// The instances of the embedded AWS run as who runs it.
const prompt = process.getuid?.() === 0 ? '# ' : '$ ';
const notStarted = { name: 'EnvironmentNotStarted', message: 'acme/api is stopped.' } as const;

it('begins in the folder of the repository, or in the home', async () => {
  const { stdout: home } = await alice.run(ssh('--home', '--', 'pwd'));
  expect(await alice.prints(ssh('--', 'pwd'))).toEqual({ code: 0, stdout: `${home.trim()}/workspace/api\n`, stderr: '' });
  // Options of ssh may be followed by a command.
  expect((await alice.run(ssh('--', '-q', 'pwd'))).stdout).toBe(home);
  const shell = await alice.run(ssh(), { input: 'pwd; shopt -q login_shell && echo login\n' });
  expect(shell.stdout).toBe(`${home.trim()}/workspace/api\nlogin\n`);

  await alice.run(ssh('--', 'mv ~/workspace ~/elsewhere'));
  expect((await alice.run(ssh('--', 'pwd; exit 3'))).stdout).toBe(home);
  await alice.run(ssh('--', 'mv ~/elsewhere ~/workspace'));
});

it('runs a command, and has its output and exit code', async () => {
  expect(await alice.prints(ssh('--', 'echo out; echo err >&2; exit 7'))).toEqual({ code: 7, stdout: 'out\n', stderr: 'err\n' });
});

it('joins the words of a command with spaces, as ssh does, and leaves options in them alone', async () => {
  expect(await alice.prints(ssh('--', 'echo', 'a   b', '--json', '--start'))).toEqual({
    code: 0,
    stdout: 'a b --json --start\n',
    stderr: '',
  });
});

it('gives its input to the command', async () => {
  const { code, stdout } = await alice.run(ssh('--', 'cat'), { input: 'one\ntwo\n' });
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'one\ntwo\n' });
});

it('gives a command a terminal of the size of its own', async () => {
  const { text, code } = await alice.inTerminal(ssh('--', 'stty size; exit 3'), []);
  expect(text).toContain('50 200\n');
  expect(code).toBe(3);
});

it('opens a shell on a terminal', async () => {
  const { text, code } = await alice.inTerminal(ssh(), [[prompt, `stty size; exit 4${keys.enter}`]]);
  expect(text).toContain('50 200\n');
  expect(code).toBe(4);
});

it('passes options to ssh, and says what to do where ssh fails', async () => {
  const { code, stdout, stderr } = await alice.run(ssh('--ssh-option', 'BatchMode=yes', '--ssh-option', 'Port=1', '--', 'true'));
  expect({ code, stdout }).toEqual({ code: 255, stdout: '' });
  expect(stderr).toMatch(/port 1: Connection refused/);
  expect(stderr).toMatch(
    /If ssh could not connect, run "recode aws start acme\/api"\. It checks the connection and says what is wrong\.\n$/,
  );
});

it('ends with ssh at a signal', async () => {
  const connected = join(alice.files('acme/api').folder, 'connected');
  const interrupted = vi.waitFor(() => expect(existsSync(connected)).toBe(true), { timeout: 30_000 });
  const { code, stdout } = await alice.run(ssh('--', `touch '${connected}'; sleep 60`), { interrupted, signal: 'SIGTERM' });
  expect({ code, stdout }).toEqual({ code: 143, stdout: '' });
});

it('has no --json', async () => {
  const { code, json } = await alice.run(ssh('--json'));
  expect(code).toBe(2);
  expect(json).toMatchObject({ error: { name: 'UsageNotValid', message: 'Unknown option \'--json\' for "recode aws ssh".' } });
});

it('knows no environment of another repository', async () => {
  const command = ['ssh', 'acme/web', '--start'];
  const message = 'alice has no environment for acme/web in us-east-1.';
  expectFailure(await alice.run(command), ['aws', ...command], { name: 'EnvironmentNotFound', message });
});

it("needs the key of a teammate's environment", async () => {
  const command = ssh('--owner', 'alice');
  const message = `This machine has no SSH key that acme/api accepts. It would be in ${bob.files('acme/api', 'alice').key}.`;
  expectFailure(await bob.run(command), ['aws', ...command], { name: 'PrivateKeyNotHere', message });
});

it.each([[['--no-start']], [[]]])('starts nothing that is stopped without being told to: %j', async (options) => {
  await runStop(aws);
  await aws.delete('calls');
  const command = ssh(...options, '--', 'true');
  expectFailure(await alice.run(command), ['aws', ...command], notStarted);
  await expectNothingChanged(aws);
});

it('asks on a terminal whether to start; a no ends it', async () => {
  await runStop(aws);
  await aws.delete('calls');
  const { text, code } = await alice.inTerminal(ssh(), [['[y/N] ', `n${keys.enter}`]]);
  expect(text).toBe('acme/api is stopped. Start it? [y/N] n\nCancelled.\n');
  expect(code).toBe(1);
  await expectNothingChanged(aws);
});

it('starts after a yes, and gives the terminal to the shell', async () => {
  await runStop(aws);
  const { text, code } = await alice.inTerminal(ssh(), [
    ['[y/N] ', `y${keys.enter}`],
    [prompt, `stty size; exit 5${keys.enter}`],
  ]);
  expect(text).toContain('50 200\n');
  expect(code).toBe(5);
});

it('starts what is stopped with --start, and shows the progress on stderr alone', async () => {
  await runStop(aws);
  const { code, stdout, stderr } = await alice.run(ssh('--start', '--', 'cat; exit 6'), { input: 'mine' });
  expect({ code, stdout }).toEqual({ code: 6, stdout: 'mine' });
  expect(stderr).toMatch(/\nStarting the instance\n(.+\n)+Checking the SSH connection\n$/);
});

it('raises the errors that it is there for', () => expectAllRaised(raisedBy.ssh));
