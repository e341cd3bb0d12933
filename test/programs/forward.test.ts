import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { deployForTests } from '../harness/deployment.ts';
import { standIns } from '../harness/editors.ts';
import { expectAllRaised, expectFailure, expectNothingChanged, raisedBy } from '../harness/failure.ts';
import type { User } from '../harness/users.ts';
import { runStop } from '../harness/workflows.ts';

let aws: TestAws;
let alice: User;
deployForTests(async (deployed, user) => {
  aws = deployed;
  alice = user('alice');
  const started = await alice.run(['start', 'acme/api', '--no-clone', '--json']);
  expect(started.code, started.stderr).toBe(0);
});

// An instance of the embedded AWS shares the loopback interface of this machine.
const servers: Server[] = [];
async function serving(text: string): Promise<number> {
  const server = createServer((_, response) => response.end(text));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
let one: number;
let other: number;
beforeAll(async () => {
  [one, other] = await Promise.all([serving('one'), serving('other')]);
});
afterAll(() => {
  for (const server of servers) server.close();
});

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const forward = (...args: string[]) => ['forward', 'acme/api', ...args];
const answer = async (port: number) => (await fetch(`http://127.0.0.1:${port}`)).text();
const reached = (port: number, text: string) =>
  vi.waitFor(async () => expect(await answer(port)).toBe(text), { timeout: 30_000, interval: 100 });

it('forwards ports until Ctrl-C', async () => {
  const [first, second] = [await freePort(), await freePort()];
  const interrupted = Promise.all([reached(first, 'one'), reached(second, 'other')]);
  const { code, stdout, stderr } = await alice.run(forward(`${first}:${one}`, `${second}:${other}`), { interrupted });
  const lines = [[first, one] as const, [second, other] as const].map(
    ([local, remote]) => `http://localhost:${local} → acme/api:${remote}\n`,
  );
  expect({ code, stdout, stderr }).toEqual({ code: 130, stdout: `${lines.join('')}Press Ctrl-C to stop.\n`, stderr: '' });
  await expect(answer(first)).rejects.toThrow('fetch failed');
});

it('says that nothing listens in the environment, and goes on', async () => {
  const [local, closed] = [await freePort(), await freePort()];
  const refused = async () => {
    const error: unknown = await answer(local).catch((reason: unknown) => reason);
    expect(String((error as { cause?: unknown }).cause)).toMatch(/other side closed|ECONNRESET|socket hang up/);
  };
  const interrupted = vi.waitFor(refused, { timeout: 30_000, interval: 100 });
  const { code, stderr } = await alice.run(forward(`${local}:${closed}`), { interrupted, signal: 'SIGTERM' });
  expect(code).toBe(143);
  expect(stderr).toMatch(/^A connection failed: .+\. Does a program in the environment listen on the port\?\n/);
});

it('refuses a port that is taken, and names another one', async () => {
  await aws.delete('calls');
  const args = forward(String(one));
  const message = `Another program on this machine listens on 127.0.0.1, port ${one}.`;
  expectFailure(await alice.run(args), ['aws', ...args], { name: 'PortInUse', message, fix: `${one + 1}:${one}` });
  const { calls } = (await aws.get('calls')) as { calls: unknown[] };
  expect(calls).toEqual([]);
});

it('needs a port', async () => {
  const { code, stderr } = await alice.run(forward());
  expect(stderr).toContain('recode aws forward needs at least two arguments: <repository> <port>.');
  expect(code).toBe(2);
});

it('starts nothing that is stopped without being told to, and tells that the connection is lost', async () => {
  const local = await freePort();
  const args = forward(`${local}:${one}`);
  const stopped = reached(local, 'one').then(() => runStop(aws));
  const ran = await alice.run(args);
  await stopped;
  expect(ran.stdout).toContain('Press Ctrl-C');
  const said = /has ended: (.+)\n/.exec(ran.stderr)?.[1];
  expect(said).toMatch(/closed|reset/i);
  expectFailure(ran, ['aws', ...args], { name: 'ConnectionLost', message: `The connection to acme/api has ended: ${said}` });

  await aws.delete('calls');
  expectFailure(await alice.run(args), ['aws', ...args], { name: 'EnvironmentNotStarted', message: 'acme/api is stopped.' });
  await expectNothingChanged(aws);
  const { code, stderr } = await alice.run([...args, '--start'], { interrupted: reached(local, 'one') });
  expect(code, stderr).toBe(130);
});

it('says what ssh says if it does not forward', async () => {
  const args = forward(`${await freePort()}:${one}`);
  const directory = mkdtempSync(join(tmpdir(), 'recode-forward-'));
  try {
    const { PATH, addScript } = standIns(directory);
    rmSync(join(PATH, 'ssh'));
    addScript('ssh', 'echo "administratively prohibited" >&2; exit 255\n');
    const message = 'ssh did not forward the ports: administratively prohibited.';
    expectFailure(await alice.run(args, { env: { PATH } }), ['aws', ...args], { name: 'PortsNotForwarded', message });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it('raises the errors that it is there for', () => expectAllRaised(raisedBy.forward));
