import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeInstanceAttributeCommand,
  DescribeVolumesCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { launchInstance } from '../../../functions/environment/launch-instance.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, operationOf, publicKey, request } from '../documents.ts';
import { instanceOf, type LaunchDocument, launched, liveInstances, readyToLaunch, untilState } from '../launched.ts';
import { environmentTagsOf, idOf } from '../resources.ts';

describe('launchInstance', () => {
  it('launches the instance with our type, image, key, interface and tags, and answers the plan with it', async () => {
    await using account = await testAccount();
    const document = await readyToLaunch(account);
    const { instanceId } = await account.run(launchInstance, document);
    const instance = await instanceOf(account.ec2, idOf(instanceId));
    expect(await account.run(launchInstance, document)).toEqual({ instanceId });
    expect(instance).toMatchObject({
      InstanceType: 't2.medium',
      ImageId: document.image.imageId,
      KeyName: 'recode-acme-api-key-pair',
      NetworkInterfaces: [{ NetworkInterfaceId: document.networkInterface.networkInterfaceId, Attachment: { DeleteOnTermination: false } }],
      MetadataOptions: { HttpEndpoint: 'enabled', HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
    });
    expect(instance.Tags).toEqual([
      ...environmentTagsOf('instance'),
      { Key: 'recode:ssh-host-key', Value: expect.stringMatching(/^ssh-ed25519 /) },
    ]);
    const shutdown = { InstanceId: instanceId, Attribute: 'instanceInitiatedShutdownBehavior' as const };
    const { InstanceInitiatedShutdownBehavior } = await account.ec2.send(new DescribeInstanceAttributeCommand(shutdown));
    expect(InstanceInitiatedShutdownBehavior?.Value).toBe('stop');
  });

  it.each([
    ['16 GiB of gp2', {}, { Size: 16, VolumeType: 'gp2' }],
    ['what was asked for', { volumeSize: 40, volumeType: 'gp3' } as const, { Size: 40, VolumeType: 'gp3' }],
  ])('gives it an encrypted root volume that goes with it: %s', async (_, fields, expected) => {
    await using account = await testAccount();
    const document = await readyToLaunch(account, { ...environment, request: { ...request, ...fields } });
    await account.run(launchInstance, document);
    const { Volumes } = await account.ec2.send(new DescribeVolumesCommand({}));
    expect(Volumes).toMatchObject([
      {
        ...expected,
        Encrypted: true,
        Tags: environmentTagsOf('volume'),
        Attachments: [{ Device: document.image.rootDeviceName, DeleteOnTermination: true }],
      },
    ]);
  });

  it('leaves a volume unencrypted only where the administrator has chosen that, and no key', async () => {
    await using account = await testAccount();
    account.choose({ volumeEncrypted: false });
    await account.run(launchInstance, await readyToLaunch(account, environment));
    expect((await account.ec2.send(new DescribeVolumesCommand({}))).Volumes).toMatchObject([{ Encrypted: false }]);
  });

  it('puts the host key into the user data, its public half into a tag, and neither’s secret into the output', async () => {
    await using account = await testAccount();
    const document = await readyToLaunch(account);
    const output = await account.run(launchInstance, document);
    const { ssh_keys: keys, users, bootcmd } = await userDataOf(account, output.instanceId);
    const privateKey = ssh2.utils.parseKey(keys.ed25519_private);
    if (privateKey instanceof Error) throw privateKey;
    const { Tags = [] } = await instanceOf(account.ec2, idOf(output.instanceId));
    const tag = Tags.find(({ Key }) => Key === 'recode:ssh-host-key')?.Value;
    expect(tag).toBe(keys.ed25519_public);
    expect(tag?.split(' ')[1]).toBe(privateKey.getPublicSSH().toString('base64'));
    expect(users).toMatchObject([{ name: 'recode' }]);
    expect(bootcmd.join()).toContain(`'${publicKey().split(' ').slice(0, 2).join(' ')}' > /etc/ssh/recode/recode`);
    expect(JSON.stringify([output, Tags])).not.toContain('PRIVATE KEY');
  });

  it('gives each instance a host key of its own', async () => {
    await using account = await testAccount();
    const { document, instanceId } = await launched(account);
    await account.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    await untilState(account, instanceId, 'terminated');
    const next = await account.run(launchInstance, { ...document, operation: operationOf('two') });
    const [first, second] = [await userDataOf(account, instanceId), await userDataOf(account, next.instanceId)];
    expect(next.instanceId).not.toBe(instanceId);
    expect(second.ssh_keys.ed25519_public).not.toBe(first.ssh_keys.ed25519_public);
  });

  it('adopts the instance whose launch was not answered, by the client token', async () => {
    await using account = await testAccount();
    const document = await readyToLaunch(account);
    await account.loseAnswer('RunInstances');
    expect((await account.refusal(launchInstance, document)).name).toBe('AwsUnavailable');
    const { instanceId } = await account.run(launchInstance, document);
    expect(await outcomes(account)).toEqual(['lost-answer', 'IdempotentParameterMismatch']);
    expect(await liveInstances(account.ec2)).toEqual([instanceId]);
  });

  it('waits for an earlier attempt’s instance that is not visible yet', async () => {
    await using account = await testAccount();
    const document = await readyToLaunch(account);
    await account.hideNew(3_000);
    await account.run(launchInstance, document);
    expect((await account.refusal(launchInstance, document)).name).toBe('InstanceNotVisibleYet');
    account.aws.clock.advance(3_000);
    const { instanceId } = await account.run(launchInstance, document);
    expect(await liveInstances(account.ec2)).toEqual([instanceId]);
  });

  it('returns an earlier attempt’s instance that has ended since, so that the next step says why', async () => {
    await using account = await testAccount();
    const prepared = await readyToLaunch(account);
    await account.aws.post('ec2', { launches: [{ outcome: 'terminated' }] });
    const { document, instanceId } = await launched(account, prepared);
    await untilState(account, instanceId, 'terminated');
    await account.refuse('RunInstances', 'IdempotentInstanceTerminated');
    expect(await account.run(launchInstance, document)).toEqual({ instanceId });
    await account.refuse('RunInstances', 'IdempotentInstanceTerminated');
    const next = { ...document, operation: operationOf('two') };
    expect((await account.refusal(launchInstance, next)).name).toBe('InstanceFailedToLaunch');
  });

  it('adopts our live instance that an earlier execution launched with the interface', async () => {
    await using account = await testAccount();
    const { document, instanceId } = await launched(account);
    expect(await account.run(launchInstance, { ...document, operation: operationOf('two') })).toMatchObject({ instanceId });
    expect(await outcomes(account)).toEqual(['ok', 'InvalidNetworkInterface.InUse']);
    expect(await liveInstances(account.ec2)).toEqual([instanceId]);
  });

  it('waits for an instance on its way out to let go of the interface, then launches another', async () => {
    await using account = await testAccount();
    const { document, instanceId } = await launched(account);
    const next = { ...document, operation: operationOf('two') };
    await account.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    expect((await account.refusal(launchInstance, next)).name).toBe('DependencyStillInUse');
    await untilState(account, instanceId, 'terminated');
    const { instanceId: second } = await account.run(launchInstance, next);
    expect(await liveInstances(account.ec2)).toEqual([second]);
  });

  it('refuses an interface that somebody else’s instance has, and leaves that one alone', async () => {
    await using account = await testAccount();
    const document = await readyToLaunch(account);
    const foreign = await launchByHand(account, document);
    const { name, message } = await account.refusal(launchInstance, document);
    expect([name, message]).toEqual([
      'ResourceDiffers',
      expect.stringContaining(`${document.networkInterface.networkInterfaceId} is attached to ${foreign}`),
    ]);
    expect(await liveInstances(account.ec2)).toEqual([foreign]);
  });

  it('does not take an instance for ours whose tags name another environment', async () => {
    await using account = await testAccount();
    const { document, instanceId } = await launched(account);
    await account.ec2.send(new DeleteTagsCommand({ Resources: [instanceId], Tags: [{ Key: 'recode:environment' }] }));
    await account.ec2.send(new CreateTagsCommand({ Resources: [instanceId], Tags: [{ Key: 'recode:environment', Value: 'other' }] }));
    const next = { ...document, operation: operationOf('two') };
    expect((await account.refusal(launchInstance, next)).name).toBe('ResourceDiffers');
  });

  it.each([
    ['InsufficientInstanceCapacity', 'NoCapacity'],
    ['VcpuLimitExceeded', 'QuotaReached'],
    ['InvalidKeyPair.NotFound', 'NotVisibleYet'],
    ['InvalidInstanceType', 'InstanceTypeNotSupported'],
    ['InvalidParameterCombination', 'AwsRefused'],
    ['InvalidBlockDeviceMapping', 'VolumeSizeNotValid'],
    ['InvalidUserData.Malformed', 'AwsRefused'],
    ['PendingVerification', 'AccountNotReady'],
    ['UnauthorizedOperation', 'PermissionMissing'],
    ['RequestLimitExceeded', 'RequestThrottled'],
    ['InternalError', 'AwsUnavailable'],
  ])('ends with what %s means, and launches nothing', async (code, name) => {
    await using account = await testAccount();
    const document = await readyToLaunch(account);
    await account.refuse('RunInstances', code);
    expect((await account.refusal(launchInstance, document)).name).toBe(name);
    expect(await liveInstances(account.ec2)).toEqual([]);
  });

  it.each(['InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable'])(
    'has the image resolved again where RunInstances answers %s, once',
    async (code) => {
      await using account = await testAccount();
      const document = await readyToLaunch(account);
      await account.refuse('RunInstances', code);
      const first = await account.refusal(launchInstance, document);
      expect(first).toMatchObject({
        name: 'ImageUnavailable',
        message: expect.stringMatching(`^The image ${document.image.imageId} is no longer available: AWS says: .* \\(${code}\\)\\.$`),
      });
      await account.refuse('RunInstances', code);
      const second = { ...document, imageUnavailable: { Error: 'ImageUnavailable', Cause: '{}' } };
      expect(await account.refusal(launchInstance, second)).toMatchObject({ name: 'ImageNotFound', message: first.message });
      expect(await liveInstances(account.ec2)).toEqual([]);
      const { instanceId } = await account.run(launchInstance, second);
      expect(await liveInstances(account.ec2)).toEqual([instanceId]);
    },
  );

  it('tells an account on the Free Tier that it cannot have the instance type', async () => {
    await using account = await testAccount();
    const document = await readyToLaunch(account);
    const message = 'The specified instance type is not eligible for Free Tier';
    await account.aws.post('faults', {
      service: 'ec2',
      action: 'RunInstances',
      kind: 'error',
      code: 'InvalidParameterCombination',
      message,
    });
    expect(await account.refusal(launchInstance, document)).toMatchObject({
      name: 'InstanceTypeNotInFreeTier',
      message: expect.stringContaining(message),
    });
  });

  it('refuses a document without the image', async () => {
    await using account = await testAccount();
    const document = await readyToLaunch(account);
    expect(await account.refusal(launchInstance, { ...document, image: { imageId: 'ami-1' } })).toMatchObject({
      name: 'InputNotValid',
      message: expect.stringContaining('image.rootDeviceName'),
    });
  });
});

interface UserData {
  ssh_keys: { ed25519_private: string; ed25519_public: string };
  users: unknown[];
  bootcmd: string[];
}

async function userDataOf({ ec2 }: TestAccount, InstanceId: string | undefined): Promise<UserData> {
  const { UserData } = await ec2.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute: 'userData' }));
  return parse(Buffer.from(UserData?.Value ?? '', 'base64').toString('utf8')) as UserData;
}

async function launchByHand({ ec2 }: TestAccount, { image, networkInterface }: LaunchDocument): Promise<string> {
  const input: RunInstancesCommandInput = {
    ImageId: image.imageId,
    InstanceType: 't2.micro',
    MinCount: 1,
    MaxCount: 1,
    NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId: networkInterface.networkInterfaceId }],
  };
  const { Instances = [] } = await ec2.send(new RunInstancesCommand(input));
  return idOf(Instances[0]?.InstanceId);
}

/** How the calls of RunInstances ended. */
async function outcomes({ aws }: TestAccount): Promise<string[]> {
  const { calls } = (await aws.get('calls')) as { calls: { action: string; outcome: string }[] };
  return calls.filter(({ action }) => action === 'RunInstances').map(({ outcome }) => outcome);
}
