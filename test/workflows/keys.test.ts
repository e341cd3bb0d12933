import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { expect, it } from 'vitest';
import { changeKeys } from '../../aws/records/hold/environment.ts';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { mostKeys } from '../../core/keys.ts';
import { keyPairFrom, sshFingerprint } from '../../core/openssh-key.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import type { User } from '../harness/users.ts';
import { runStop } from '../harness/workflows.ts';

let aws: TestAws;
/** Alice's machines: the one that creates the environment, and two more. */
let desktop: User;
let laptop: User;
let phone: User;
let bob: User;
deployForTests(async (deployed, user) => {
  aws = deployed;
  desktop = user('alice');
  laptop = user('alice', 'laptop');
  phone = user('alice', 'phone');
  bob = user('bob');
  await succeeds(desktop, 'start', 'acme/api');
});

async function succeeds(user: User, ...args: string[]): Promise<unknown> {
  const ran = await user.run([...args, '--json']);
  expect(ran.code, ran.stderr + ran.stdout).toBe(0);
  return ran.json;
}
const connects = (user: User) => user.prints(['ssh', 'acme/api', '--no-start', '--', 'echo in']);
const isIn = { code: 0, stdout: 'in\n', stderr: '' };
const addressNow = async () =>
  (await readEnvironment(aws.clients.dynamodb, { owner: 'alice', repository: 'acme/api' }))?.observed?.publicIpAddress;
/** What ssh says with the private key of a machine, whether that is to use it or not. */
async function sshAs(user: User): Promise<string> {
  const { knownHosts } = laptop.files('acme/api');
  const options = ['BatchMode=yes', 'IdentitiesOnly=yes', 'IdentityAgent=none', `UserKnownHostsFile=${knownHosts}`].flatMap((option) => [
    '-o',
    option,
  ]);
  const args = [
    '-F',
    '/dev/null',
    '-i',
    join(user.files('acme/api').key, 'id_ed25519'),
    ...options,
    '-p',
    '2200',
    `recode@${await addressNow()}`,
  ];
  return new Promise((resolve) => execFile('ssh', [...args, 'echo in'], (_, stdout, stderr) => resolve(stdout + stderr)));
}
const publicKeyOn = (user: User) => readFileSync(join(user.files('acme/api').key, 'id_ed25519.pub'), 'utf8').trim();
const fingerprintOn = (user: User) => sshFingerprint(publicKeyOn(user));
const keysOn = async (user: User) => {
  const keys = (await succeeds(user, 'keys', 'list', 'acme/api')) as { fingerprint: string; thisMachine: boolean }[];
  return keys.map(({ fingerprint, thisMachine }) => [fingerprint, thisMachine]);
};

it('lets nobody in from a machine whose key was not added, and says how to add it', async () => {
  const command = ['ssh', 'acme/api', '--', 'true'];
  const message = `This machine has no SSH key that acme/api accepts. It would be in ${laptop.files('acme/api').key}.`;
  const ran = await laptop.run(command);
  expectFailure(ran, ['aws', ...command], { name: 'PrivateKeyNotHere', message });
  expect(ran.stderr).toContain('Run "recode aws keys add acme/api" to let this machine in');
  expect(existsSync(laptop.files('acme/api').folder)).toBe(false);
});

it('lets a second machine in after the next stop and start, and the first one still', async () => {
  const added = await laptop.prints(['keys', 'add', 'acme/api']);
  expect({ ...added, stderr: '' }).toEqual({
    code: 0,
    stdout: expect.stringContaining(
      `✓ Added this machine's key ${fingerprintOn(laptop)} to acme/api\n\nIt works after the next stop and start:\n  recode aws restart acme/api\n`,
    ),
    stderr: '',
  });
  expect(publicKeyOn(laptop)).toMatch(new RegExp(`^ssh-ed25519 \\S+ recode acme/api ${hostname()}$`));
  const started = ['start', 'acme/api'];
  const refused = await laptop.run(started);
  const address = await addressNow();
  const message = `The instance at ${address} says: recode@${address}: Permission denied (publickey).`;
  expectFailure(refused, ['aws', ...started], { name: 'SshKeyRefused', message });

  expect(await succeeds(laptop, 'restart', 'acme/api')).toMatchObject({ status: 'started' });
  expect(await connects(laptop)).toEqual(isIn);
  expect(await connects(desktop)).toEqual(isIn);
});

it('adds a key once', async () => {
  const { stdout } = await laptop.prints(['keys', 'add', 'acme/api']);
  expect(stdout).toBe(`✓ acme/api already has this machine's key ${fingerprintOn(laptop)}\n`);
  expect(
    (await laptop.prints(['keys', 'add', 'acme/api', '--public-key', join(desktop.files('acme/api').key, 'id_ed25519.pub')])).stdout,
  ).toBe(`✓ acme/api already has the key ${fingerprintOn(desktop)}\n`);
  expect(await keysOn(desktop)).toHaveLength(2);
});

it('lists the keys on each machine, with its own', async () => {
  expect(await keysOn(desktop)).toEqual([
    [fingerprintOn(desktop), true],
    [fingerprintOn(laptop), false],
  ]);
  expect(await succeeds(laptop, 'keys', 'list', 'acme/api')).toEqual([
    { fingerprint: fingerprintOn(desktop), comment: 'recode acme/api', publicKey: publicKeyOn(desktop), addedAt: null, thisMachine: false },
    {
      fingerprint: fingerprintOn(laptop),
      comment: `recode acme/api ${hostname()}`,
      publicKey: publicKeyOn(laptop),
      addedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      thisMachine: true,
    },
  ]);
  const { stdout } = await laptop.prints(['keys', 'list', 'acme/api']);
  const rows = stdout.trimEnd().split('\n');
  expect(rows).toHaveLength(3);
  expect(rows[2]).toMatch(/^SHA256:\S{43} {2}\d+\w ago +this machine {2}recode acme\/api /);
});

it('starts a stopped environment from the second machine, which stays the one of the first', async () => {
  await runStop(aws);
  expect(await succeeds(laptop, 'start', 'acme/api')).toMatchObject({ status: 'started', changed: true });
  expect(await connects(laptop)).toEqual(isIn);
  expect((await keysOn(laptop))[0]).toEqual([fingerprintOn(desktop), false]);
});

it('refuses a removed key after the next start, also of the machine that came first', async () => {
  const command = ['keys', 'remove', 'acme/api', fingerprintOn(desktop)];
  const { stdout } = await laptop.prints(command);
  expect(stdout).toContain(`✓ Removed the key ${fingerprintOn(desktop)} from acme/api\n\nIt is refused after the next stop and start:\n`);
  expect(await sshAs(desktop)).toBe('in\n');
  await succeeds(laptop, 'restart', 'acme/api');
  expect(await connects(laptop)).toEqual(isIn);
  expect(await sshAs(desktop)).toContain('Permission denied (publickey)');
  expect((await desktop.run(['ssh', 'acme/api', '--', 'true'])).stderr).toContain('This machine has no SSH key that acme/api accepts.');
});

it('keeps the last key', async () => {
  const command = ['keys', 'remove', 'acme/api', `recode acme/api ${hostname()}`];
  expectFailure(await laptop.run(command), ['aws', ...command], {
    name: 'LastKey',
    message: 'It is the only key that the environment accepts.',
  });
});

it('knows no key by another name', async () => {
  const command = ['keys', 'remove', 'acme/api', 'phone'];
  expectFailure(await laptop.run(command), ['aws', ...command], {
    name: 'KeyNotFound',
    message: "acme/api has no key with the fingerprint or comment 'phone'.",
  });
});

it.each([
  ['add', 'acme/api'],
  ['remove', 'acme/api', 'phone'],
])("changes no keys of a teammate's environment: %s", async (...words) => {
  const command = ['keys', ...words, '--owner', 'alice'];
  expectFailure(await bob.run(command), ['aws', ...command], {
    name: 'NotYourEnvironment',
    message: 'The environment of acme/api belongs to alice.',
  });
  expect(existsSync(bob.files('acme/api', 'alice').folder)).toBe(false);
});

it("lists a teammate's keys", async () => {
  expect(await succeeds(bob, 'keys', 'list', 'acme/api', '--owner', 'alice')).toMatchObject([{ thisMachine: false }]);
});

it.each([
  ['a file that does not exist', undefined, /given\.pub\.none': there is no such file or folder\.$/],
  ['a private key', keyPairFrom(Buffer.alloc(32, 7), 'x').privateKey, /not the public half of an Ed25519 key/],
  ['a key of another type', 'ssh-rsa AAAAB3NzaC1yc2E= me\n', /not the public half of an Ed25519 key/],
  ['two keys', `${keyPairFrom(Buffer.alloc(32, 7), 'x').publicKey}\n`.repeat(2), /not the public half of an Ed25519 key/],
])('takes no key from %s', async (_, text, problem) => {
  const file = join(laptop.files('acme/api').folder, 'given.pub');
  if (text !== undefined) writeFileSync(file, text);
  const { code, json } = await laptop.run([
    'keys',
    'add',
    'acme/api',
    '--public-key',
    text === undefined ? `${file}.none` : file,
    '--json',
  ]);
  expect(code).toBe(2);
  expect(json).toMatchObject({ error: { name: 'UsageNotValid', message: expect.stringMatching(problem) } });
});

it('makes no key that there is no room for', async () => {
  const record = await readEnvironment(aws.clients.dynamodb, { owner: 'alice', repository: 'acme/api' });
  if (!record) throw new Error('There is no environment.');
  const { publicKey } = record.wanted;
  const moreKeys = Array.from({ length: mostKeys - 1 }, (_, number) => ({
    publicKey: keyPairFrom(Buffer.alloc(32, number), `key ${number}`).publicKey,
    addedAt: record.createdAt,
  }));
  expect(await changeKeys(aws.clients.dynamodb, record, { publicKey, moreKeys })).toBe(true);
  const command = ['keys', 'add', 'acme/api'];
  expectFailure(await phone.run(command), ['aws', ...command], { name: 'TooManyKeys', message: 'An environment accepts up to 20 keys.' });
  expect(existsSync(phone.files('acme/api').folder)).toBe(false);
});

it('raises all that keys can fail with', () => {
  expectAllRaised(raisedBy.keys);
});
