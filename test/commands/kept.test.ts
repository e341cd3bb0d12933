import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { expect, it } from 'vitest';
import { ensureKeyPair } from '../../cli/ssh/keys.ts';
import { deployForTests } from '../harness/deployment.ts';
import { type ExpectedFailure, expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import { expectKept, keptIn } from '../harness/kept.ts';
import type { User } from '../harness/users.ts';

let aws: TestAws;
let alice: User;
let bob: User;
deployForTests((deployed, user) => {
  aws = deployed;
  alice = user('alice');
  bob = user('bob');
});

const succeeds = async (user: User, ...args: string[]) => {
  const ran = await user.run(args);
  expect(ran.code, ran.stderr).toBe(0);
  return ran;
};
const fails = async (user: User, args: readonly string[], expected: ExpectedFailure) =>
  expectFailure(await user.run(args), ['aws', ...args], expected);
const removed = async (user: User, ...args: string[]) => (await succeeds(user, 'list', '--removed', '--json', ...args)).json;

it('brings a removed environment back with its files, but lets in nobody who was let in before', async () => {
  const { json: before } = await succeeds(alice, 'start', 'acme/api', '--json', '--instance-type', 't3.large', '--volume-size', '20');
  const files = alice.files('acme/api');
  const oldHostKeys = readFileSync(files.knownHosts, 'utf8');
  const oldKey = join(files.root, 'old-key');
  const keyIn = (folder: string) => ensureKeyPair(folder, 'recode acme/api');
  copyFileSync(keyIn(files.key).privateKeyFile, oldKey);
  const { publicKey } = keyIn(files.key);
  await succeeds(alice, 'ssh', 'acme/api', '--', `echo mine > ~/note.txt; echo '${publicKey}' >> ~/.ssh/authorized_keys`);

  await succeeds(alice, 'rename', 'acme/api', 'billing');
  const gone = await succeeds(alice, 'remove', 'acme/api', '--keep', '30d', '--force');
  expect(gone.stdout).toMatch(/Removed acme\/api\nIts disk is kept until .*\. To get it back, run:\n {2}recode aws restore acme\/api\n$/);
  await expectKept(aws, 1);
  expect(await removed(alice)).toMatchObject([
    {
      repository: 'acme/api',
      owner: 'alice',
      restorable: true,
      volumeSizeGiB: 20,
      usedGiB: expect.any(Number),
      instanceType: 't3.large',
      costPerMonth: expect.any(Number),
      currency: 'USD',
    },
  ]);
  expect((await succeeds(alice, 'list', '--removed')).stdout).toMatch(
    /^REPOSITORY +KEPT UNTIL +DISK +USED +TYPE +\$\/MONTH\nacme\/api +.* +20 GiB +[\d.]+ GiB +t3\.large +0\.\d\d\n$/,
  );
  expect(await removed(bob)).toEqual([]);
  expect(await removed(bob, '--all')).toHaveLength(1);

  const { json: after } = await succeeds(alice, 'restore', 'acme/api', '--json');
  expect(after).toMatchObject({
    repository: 'acme/api',
    name: 'billing',
    status: 'started',
    created: true,
    instanceType: 't3.large',
    volumeSizeGiB: 20,
  });
  expect(after).not.toMatchObject({ instanceId: (before as { instanceId: string }).instanceId });
  expect((await succeeds(alice, 'ssh', 'acme/api', '--home', '--', 'cat note.txt')).stdout).toBe('mine\n');
  // Another host key, which is pinned.
  expect(readFileSync(files.knownHosts, 'utf8').split(' ').slice(1)).not.toEqual(oldHostKeys.split(' ').slice(1));
  const options = ['-F', 'none', '-o', 'IdentitiesOnly=yes', '-o', `UserKnownHostsFile=${files.knownHosts}`, '-o', 'BatchMode=yes'];
  const as = async (key: string) => {
    const { host, port } = (await succeeds(alice, 'status', 'acme/api', '--json')).json as { host: string; port: number };
    return promisify(execFile)('ssh', [...options, '-i', key, '-p', String(port), `recode@${host}`, 'cat ~/.ssh/authorized_keys']).then(
      ({ stdout }) => stdout,
      ({ stderr }: { stderr: string }) => stderr,
    );
  };
  // Also after the next start, whose user data is written again, and on the instance to which a move takes the disk.
  for (const next of [undefined, 'restart', 'move']) {
    if (next !== undefined) await succeeds(alice, next, 'acme/api', '--force');
    expect(await as(keyIn(files.key).privateKeyFile), next).toContain(publicKey);
    expect(await as(oldKey), next).toContain('Permission denied (publickey');
  }
  expect((await succeeds(alice, 'ssh', 'acme/api', '--home', '--', 'cat note.txt')).stdout).toBe('mine\n');

  await fails(alice, ['restore', 'acme/api'], {
    name: 'EnvironmentExists',
    message: 'alice has an environment for acme/api.',
  });
  await succeeds(alice, 'remove', 'acme/api', '--force');
});

it('deletes what is kept when it is told to, and uninstalls only then', async () => {
  const [{ keptUntil }] = (await removed(alice)) as [{ keptUntil: string }];
  const disk = `acme/api of alice until ${keptUntil.slice(0, 10)}`;
  await fails(alice, ['uninstall', '--force'], {
    name: 'KeptDisksStillExist',
    message: `Disks of removed environments are kept in this region: ${disk}.`,
  });
  await fails(bob, ['restore', 'acme/api'], { name: 'KeptDiskNotFound', message: 'No disk of acme/api of bob is kept in us-east-1.' });
  const deleted = await succeeds(alice, 'remove', 'acme/api', '--kept', '--force', '--json');
  expect(deleted.json).toMatchObject({ owner: 'alice', repository: 'acme/api', deleted: 1 });
  expect(await keptIn(aws)).toEqual({ images: [], snapshots: [] });
  await fails(alice, ['remove', 'acme/api', '--kept', '--force'], {
    name: 'KeptDiskNotFound',
    message: 'No disk of acme/api of alice is kept in us-east-1.',
  });

  await succeeds(alice, 'start', 'acme/web', '--no-clone');
  await succeeds(alice, 'remove', 'acme/web', '--keep', '1d', '--force');
  expect((await succeeds(alice, 'uninstall', '--delete-kept', '--force')).stdout).toContain('Uninstalled Recode');
  expect(await keptIn(aws)).toEqual({ images: [], snapshots: [] });
});

it('refuses a time that is no number of days', async () => {
  await fails(alice, ['remove', 'acme/api', '--keep', '2w'], {
    name: 'KeepNotValid',
    message: "Invalid --keep '2w'. Use a number of days from 1d to 365d, for example 30d.",
    usage: 'recode aws remove',
  });
});

it('has raised the errors that only these commands show', () => expectAllRaised(raisedBy.kept));
