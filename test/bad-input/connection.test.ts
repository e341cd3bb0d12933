import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTagsCommand, GetConsoleOutputCommand } from '@aws-sdk/client-ec2';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyPairFrom } from '../../core/openssh-key.ts';
import { tagKey } from '../../core/tags.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import { inventory } from '../harness/inventory.ts';
import { deployedAws, impatientPackage, recodeStart } from '../harness/workflows.ts';

interface Started {
  instanceId: string;
  publicIpAddress: string;
  sshCommand: string;
}

let aws: TestAws;
let directory: string;
let started: Started;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'recode-connection-'));
  aws = await deployedAws(impatientPackage(join(directory, 'stack')));
  const ran = await start(['acme/api', '--json']);
  expect(ran.code, ran.stderr + ran.stdout).toBe(0);
  started = ran.json as Started;
});
afterAll(async () => {
  await aws.stop();
  rmSync(directory, { recursive: true });
});

const start = (args: readonly string[], env: Record<string, string> = {}) => recodeStart(aws, directory, args, env);
const command = ['aws', 'start', 'acme/api'];
const keyFolder = (data: string, name = 'api') => join(data, 'recode', 'keys', aws.accountId, aws.region, 'alice', 'acme', name, 'key');
const data = () => join(directory, 'home', '.local', 'share');

async function instanceOf(repository: string): Promise<{ instanceId: string | undefined; address: string | undefined }> {
  const { instances } = await inventory(aws);
  const instance = instances.find(({ Tags = [] }) => Tags.some(({ Key, Value }) => Key === tagKey.repository && Value === repository));
  return { instanceId: instance?.InstanceId, address: instance?.PublicIpAddress };
}

/** Runs something that is refused, and expects that the account is the same afterwards. */
async function unchanged<Answer>(run: () => Promise<Answer>): Promise<Answer> {
  const before = await inventory(aws);
  const answer = await run();
  expect(await inventory(aws)).toEqual(before);
  return answer;
}

describe('the key of an environment', () => {
  it('that another machine has made is asked for, and no other one is made in its place', async () => {
    const elsewhere = join(directory, 'elsewhere');
    const ran = await unchanged(() => start(['acme/api'], { XDG_DATA_HOME: elsewhere }));
    expectFailure(ran, command, {
      name: 'PrivateKeyNotHere',
      message: `This machine has no SSH key that acme/api accepts. It would be in ${keyFolder(elsewhere)}.`,
    });
    expect(existsSync(elsewhere)).toBe(false);
  });

  it('without its private half is not made again', async () => {
    const file = join(keyFolder(data()), 'id_ed25519');
    renameSync(file, `${file}.away`);
    const ran = await unchanged(() => start(['acme/api']));
    expect(existsSync(file)).toBe(false);
    renameSync(`${file}.away`, file);
    const message = `The folder ${keyFolder(data())} contains id_ed25519.pub, but not id_ed25519.`;
    expectFailure(ran, command, { name: 'KeyPairIncomplete', message });
  });

  it('that cannot be written stops a start before it begins', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const ran = await unchanged(() => start(['acme/web'], { XDG_DATA_HOME: file }));
    expectFailure(ran, ['aws', 'start', 'acme/web'], {
      name: 'FileInPlaceOfFolder',
      message: `${join(keyFolder(file, 'web'), 'id_ed25519')} cannot be read: ${file} is a file, not a folder.`,
    });
  });
});

describe('an SSH client', () => {
  it('that is missing is named before anything is asked of AWS', async () => {
    await aws.delete('calls');
    const ran = await start(['acme/web'], { PATH: join(directory, 'empty') });
    expectFailure(ran, ['aws', 'start', 'acme/web'], { name: 'SshClientMissing', message: 'There is no "ssh" on the PATH.' });
    expect(await aws.get('calls')).toMatchObject({ calls: [] });
  });
});

describe('an instance', () => {
  it('that shows another host key than it was given is not connected to', async () => {
    const { instanceId, publicIpAddress } = started;
    const tag = async (Value: string) =>
      aws.clients.ec2.send(new CreateTagsCommand({ Resources: [instanceId], Tags: [{ Key: tagKey.sshHostKey, Value }] }));
    const given = (await inventory(aws)).instances[0]?.Tags?.find(({ Key }) => Key === tagKey.sshHostKey)?.Value ?? '';
    await tag(keyPairFrom(Buffer.alloc(32, 7), 'other').publicKey);
    expectFailure(await start(['acme/api']), command, {
      name: 'SshHostKeyDiffers',
      message: `The server at ${publicIpAddress} does not have the host key that Recode gave the instance.`,
    });
    await tag(given);
    expect((await start(['acme/api'])).code).toBe(0);
  });

  it('that never answers is shown with the end of its console', async () => {
    await aws.post('ec2', { launches: [{ outcome: 'never-answers' }] });
    const ran = await start(['acme/silent']);
    const { instanceId, address } = await instanceOf('acme/silent');
    const { Output = '' } = await aws.clients.ec2.send(new GetConsoleOutputCommand({ InstanceId: instanceId }));
    const problem = `connect ECONNREFUSED ${address}:2200`;
    const console = Buffer.from(Output, 'base64').toString().trimEnd();
    expect(console).toContain('Kernel panic');
    expectFailure(ran, ['aws', 'start', 'acme/silent'], {
      name: 'SshNotReady',
      message: `The instance ${instanceId} does not answer on ${address} port 2200: ${problem}.\nThe end of its console:\n${console}`,
    });
  });

  it('that this machine cannot reach is told from one that does not answer', async () => {
    // The command waits two minutes of its own clock.
    const hurry = `const now = Date.now; const begun = now(); Date.now = () => begun + (now() - begun) * 100;`;
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(hurry)}`;
    const args = ['acme/closed', '--allow-cidr', '203.0.113.7/32'];
    const ran = await start(args, { NODE_OPTIONS });
    const { address } = await instanceOf('acme/closed');
    expectFailure(ran, ['aws', 'start', ...args], {
      name: 'SshUnreachable',
      message: `The instance runs, but ssh does not get through to ${address}: Connection to ${address} port 2200 timed out.`,
      fix: `ssh -F ${join(keyFolder(data(), 'closed'), '..', 'ssh_config')} acme-closed`,
    });
  });
});

it('raises all that a connection can fail with', () => {
  expectAllRaised(raisedBy.connection);
});
