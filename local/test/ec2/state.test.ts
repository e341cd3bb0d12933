import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateInternetGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  DeleteSecurityGroupCommand,
  DescribeInternetGatewaysCommand,
  DescribeKeyPairsCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeTagsCommand,
  DescribeVpcsCommand,
  type EC2Client,
  ImportKeyPairCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClock } from '../../src/clock.ts';
import { createEc2 } from '../../src/ec2/ec2.ts';
import { createInstanceHost } from '../../src/instance-host/instance-host.ts';
import { bundle } from '../harness/bundle.ts';
import { accountId, refusal, startEc2, type TestEc2 } from './server.ts';

let test: TestEc2;
beforeEach(async () => {
  test = await startEc2();
});
afterEach(() => test.stop());

const createVpc = (client = test.client) => client.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));

/** All resources of a region. */
async function everything(client: EC2Client): Promise<unknown> {
  const seen = [
    await client.send(new DescribeVpcsCommand({})),
    await client.send(new DescribeSubnetsCommand({})),
    await client.send(new DescribeInternetGatewaysCommand({})),
    await client.send(new DescribeRouteTablesCommand({})),
    await client.send(new DescribeSecurityGroupsCommand({})),
    await client.send(new DescribeSecurityGroupRulesCommand({})),
    await client.send(new DescribeKeyPairsCommand({ IncludePublicKey: true })),
    await client.send(new DescribeTagsCommand({})),
  ];
  return seen.map(({ $metadata, ...answer }) => answer);
}

describe('the state', () => {
  it('is the same after a restart, in each region', async () => {
    const { client } = test;
    const VpcId = (await createVpc()).Vpc?.VpcId ?? '';
    const { Subnet } = await client.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.0.0.0/24' }));
    const { InternetGateway } = await client.send(new CreateInternetGatewayCommand({}));
    const GatewayId = InternetGateway?.InternetGatewayId ?? '';
    await client.send(new AttachInternetGatewayCommand({ VpcId, InternetGatewayId: GatewayId }));
    const { RouteTable } = await client.send(new CreateRouteTableCommand({ VpcId, ClientToken: 'token' }));
    const RouteTableId = RouteTable?.RouteTableId ?? '';
    await client.send(new CreateRouteCommand({ RouteTableId, GatewayId, DestinationCidrBlock: '0.0.0.0/0' }));
    await client.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId: Subnet?.SubnetId }));
    const { GroupId } = await client.send(new CreateSecurityGroupCommand({ VpcId, GroupName: 'a', Description: 'a' }));
    const IpRanges = [{ CidrIp: '0.0.0.0/0', Description: 'all' }];
    const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges }];
    await client.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKwN8xVPtL8hk1Yl8hCzZMmXy6GxSOPMxVgTKIvQmJqV';
    await client.send(new ImportKeyPairCommand({ KeyName: 'a', PublicKeyMaterial: Buffer.from(key) }));
    await client.send(new CreateTagsCommand({ Resources: [VpcId, GatewayId], Tags: [{ Key: 'Name', Value: 'a' }] }));
    await createVpc(test.clientOf('eu-west-1'));
    const before = [await everything(client), await everything(test.clientOf('eu-west-1'))];
    expect(before[1]).not.toEqual(before[0]);

    test = await test.restart();
    expect([await everything(test.client), await everything(test.clientOf('eu-west-1'))]).toEqual(before);
  });

  it('is written before the answer', async () => {
    const { Vpc } = await createVpc();
    expect(readFileSync(join(test.stateDirectory, 'ec2.json'), 'utf8')).toContain(Vpc?.VpcId);
  });

  it('is not written by a read-only or refused call', async () => {
    await createVpc();
    const file = join(test.stateDirectory, 'ec2.json');
    writeFileSync(file, 'untouched');
    await everything(test.client);
    await refusal(test.client.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/8' })));
    expect(readFileSync(file, 'utf8')).toBe('untouched');
    await createVpc();
    expect(readFileSync(file, 'utf8')).not.toBe('untouched');
  });

  it('has everything that was answered before a kill', async () => {
    const answered = await importKeysUntilKilled(test.stateDirectory, 60);
    test = await test.restart();
    const { KeyPairs = [] } = await test.client.send(new DescribeKeyPairsCommand({}));
    const names = KeyPairs.map(({ KeyName }) => KeyName);
    expect(names).toEqual(expect.arrayContaining(Array.from({ length: answered }, (_, n) => `key-${n}`)));
    for (const { Tags } of KeyPairs) expect(Tags).toHaveLength(20);
  });

  it('has the changes and deletions after it was last written as a whole', async () => {
    const VpcId = (await createVpc()).Vpc?.VpcId ?? '';
    const { GroupId } = await test.client.send(new CreateSecurityGroupCommand({ VpcId, GroupName: 'a', Description: 'a' }));
    const ClientToken = 'token';
    const { RouteTable } = await test.client.send(new CreateRouteTableCommand({ VpcId, ClientToken }));
    await test.client.send(new CreateTagsCommand({ Resources: [VpcId], Tags: [{ Key: 'a', Value: 'b' }] }));
    await test.client.send(new DeleteSecurityGroupCommand({ GroupId }));
    await createVpc(test.clientOf('eu-west-1'));
    const before = [await everything(test.client), await everything(test.clientOf('eu-west-1'))];
    expect(readFileSync(join(test.stateDirectory, 'ec2.json'), 'utf8').split('\n')).toHaveLength(7);

    test = await test.restart();
    expect([await everything(test.client), await everything(test.clientOf('eu-west-1'))]).toEqual(before);
    const again = await test.client.send(new CreateRouteTableCommand({ VpcId, ClientToken }));
    expect(again.RouteTable?.RouteTableId).toBe(RouteTable?.RouteTableId);
  });

  it('is read as an earlier version has written it, as a whole', async () => {
    const VpcId = (await createVpc()).Vpc?.VpcId ?? '';
    const file = join(test.stateDirectory, 'ec2.json');
    writeFileSync(file, readFileSync(file, 'utf8').trimEnd());
    test = await test.restart();
    await createVpc();
    await test.client.send(new CreateTagsCommand({ Resources: [VpcId], Tags: [{ Key: 'a', Value: 'b' }] }));
    const before = await everything(test.client);
    test = await test.restart();
    expect(await everything(test.client)).toEqual(before);
  });

  it.each([
    ['not JSON', () => 'x'],
    ['another document', () => '{"vpcs":[]}'],
    ['a partial record', (text: string) => text.replace('"cidrBlock":"10.0.0.0/16",', '')],
    ['an unknown kind', (text: string) => text.replace('"vpcs":', '"vpz":')],
    [
      'a change of an unknown kind',
      (text: string) => `${text}{"region":"us-east-1","clientTokens":[],"put":{"vpz":[{"id":"a"}]},"deleted":{}}\n`,
    ],
    ['a change without a region', (text: string) => `${text}{"clientTokens":[],"put":{},"deleted":{}}\n`],
    ['an extra member', (text: string) => text.replace('"cidrBlock":', '"color":"red","cidrBlock":')],
  ])('is named as damaged, and not changed, if it has %s', async (_what, damage) => {
    await createVpc();
    const file = join(test.stateDirectory, 'ec2.json');
    const damaged = damage(readFileSync(file, 'utf8'));
    writeFileSync(file, damaged);
    const { stateDirectory } = test;
    const clock = createClock();
    const open = () => createEc2({ accountId, clock, stateDirectory, instances: createInstanceHost({ stateDirectory, clock }) });
    expect(open).toThrowError(expect.objectContaining({ name: 'StateDamaged', file }));
    expect(readFileSync(file, 'utf8')).toBe(damaged);
    clock.stop();
  });
});

/** Kills another process while it imports key pairs. Resolves to the number of answered calls, at least `least`. */
async function importKeysUntilKilled(stateDirectory: string, least: number): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'importer-'));
  const program = await bundle(directory, 'importer', 'test/ec2/importer.ts');
  try {
    const importer = spawn(process.execPath, [program, stateDirectory], { stdio: ['ignore', 'pipe', 'inherit'] });
    let answered = 0;
    importer.stdout.on('data', (dots: Buffer) => {
      answered += dots.length;
      if (answered >= least) importer.kill('SIGKILL');
    });
    const [, signal] = await once(importer, 'close');
    expect(signal).toBe('SIGKILL');
    return answered;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe('eventual consistency', () => {
  it('hides a new resource from descriptions and from calls that need it', async () => {
    test.ec2.admin('POST', { invisibleMilliseconds: 60_000 });
    const VpcId = (await createVpc()).Vpc?.VpcId ?? '';
    const missing = { code: 'InvalidVpcID.NotFound', message: `The vpc ID '${VpcId}' does not exist`, status: 400 };
    const createSubnet = () => test.client.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.0.0.0/24' }));
    expect((await test.client.send(new DescribeVpcsCommand({}))).Vpcs).toEqual([]);
    expect(await refusal(test.client.send(new DescribeVpcsCommand({ VpcIds: [VpcId] })))).toEqual(missing);
    expect(await refusal(createSubnet())).toEqual(missing);
    expect(await refusal(test.client.send(new CreateTagsCommand({ Resources: [VpcId], Tags: [{ Key: 'a' }] })))).toEqual(missing);

    test.clock.advance(61_000);
    expect((await test.client.send(new DescribeVpcsCommand({}))).Vpcs).toHaveLength(1);
    await createSubnet();
  });

  it('does not hide it from quotas and checks of uniqueness', async () => {
    const VpcId = (await createVpc()).Vpc?.VpcId ?? '';
    test.ec2.admin('POST', { invisibleMilliseconds: 60_000 });
    const group = new CreateSecurityGroupCommand({ VpcId, GroupName: 'a', Description: 'a' });
    await test.client.send(group);
    expect(await refusal(test.client.send(group))).toMatchObject({ code: 'InvalidGroup.Duplicate' });
    for (let count = 1; count < 5; count++) await createVpc();
    expect(await refusal(createVpc())).toMatchObject({ code: 'VpcLimitExceeded' });
  });
});

describe('the settings', () => {
  const defaults = {
    latency: 'instant',
    invisibleMilliseconds: 0,
    launches: [],
    starts: [],
    zoneGroups: [],
    full: [],
    withoutCapacity: [],
  };

  it('are changed one by one and reset together', () => {
    expect(test.ec2.admin('GET', undefined)).toEqual(defaults);
    expect(test.ec2.admin('POST', { latency: 'calibrated' })).toEqual({ ...defaults, latency: 'calibrated' });
    const launches = [{ outcome: 'terminated', reason: 'no capacity', count: 2 }];
    expect(test.ec2.admin('POST', { launches })).toEqual({ ...defaults, latency: 'calibrated', launches });
    expect(test.ec2.admin('DELETE', undefined)).toEqual(defaults);
  });

  it.each([{ latency: 'slow' }, { invisibleMilliseconds: -1 }, { color: 'red' }, { launches: [{ outcome: 'lost' }] }, 'fast'])(
    'cannot be %o',
    (body) => {
      expect(() => test.ec2.admin('POST', body)).toThrow(expect.objectContaining({ name: 'ValiError' }));
      expect(test.ec2.admin('GET', undefined)).toEqual(defaults);
    },
  );

  it('can make calls as slow as on AWS', async () => {
    test.ec2.admin('POST', { latency: 'calibrated' });
    let answered = false;
    const call = createVpc().then(() => {
      answered = true;
    });
    await sleep(150);
    expect(answered).toBe(false);
    test.clock.advance(300);
    await call;
  });
});

describe('a request', () => {
  const send = (body: Record<string, string>) =>
    fetch(test.endpoint, {
      method: 'POST',
      headers: { authorization: 'AWS4-HMAC-SHA256 Credential=alice/20261122/us-east-1/ec2/aws4_request' },
      body: new URLSearchParams(body),
    });

  it('has an action and the version of the API', async () => {
    expect(await (await send({ Version: '2016-11-15' })).text()).toContain('<Code>MissingAction</Code>');
    expect(await (await send({ Action: 'DescribeVpcs', Version: '2010-08-31' })).text()).toContain('<Code>NoSuchVersion</Code>');
    expect(await (await send({ Action: 'MakeCoffee', Version: '2016-11-15' })).text()).toContain('<Code>InvalidAction</Code>');
  });

  it('may be in the URL', async () => {
    const answer = await fetch(`${test.endpoint}/?Action=DescribeVpcs&Version=2016-11-15`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('<vpcSet></vpcSet>');
  });
});
