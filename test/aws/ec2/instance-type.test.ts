import type { EC2Client } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { resolveInstanceType } from '../../../aws/ec2/instance-type.ts';
import { InstanceType, InstanceTypeName } from '../../../core/instance-type.ts';
import type { Settings } from '../../../core/settings.ts';
import { testAccount } from '../../functions/account.ts';
import { makeSubnet, makeVpc } from '../../functions/resources.ts';

const zones = (letters: string) => [...letters].map((letter) => `us-east-1${letter}`);
const document = (instanceType?: string) => ({ ...(instanceType !== undefined && { instanceType }) });
/** As a step runs it, so that what AWS refuses is an error of the catalog. */
const resolving = {
  input: v.object({ instanceType: v.exactOptional(InstanceTypeName) }),
  output: InstanceType,
  run: async ({ instanceType }: { instanceType?: string }, { ec2, settings }: { ec2: EC2Client; settings: Settings }) =>
    (await resolveInstanceType(ec2, instanceType, settings)).instanceType,
};

describe('resolveInstanceType where the administrator has chosen', () => {
  it('takes the default that was chosen', async () => {
    await using account = await testAccount();
    account.choose({ instanceType: 'm6g.large' });
    expect(await account.run(resolving, document())).toMatchObject({ name: 'm6g.large', architecture: 'arm64' });
  });

  it.each(['t3.large', 'm6g.large'])('takes %s where the team allows every t3, and m6g.large', async (name) => {
    await using account = await testAccount();
    account.choose({ allowedInstanceTypes: ['t3.*', 'm6g.large'] });
    expect(await account.run(resolving, document(name))).toMatchObject({ name });
  });

  it.each(['t3a.large', 'm6g.xlarge', 't2.medium'])('refuses %s there, saying what is allowed', async (name) => {
    await using account = await testAccount();
    account.choose({ allowedInstanceTypes: ['t3.*', 'm6g.large'] });
    expect(await account.refusal(resolving, document(name))).toMatchObject({
      name: 'InstanceTypeNotAllowed',
      message: `Your team allows t3.*, m6g.large, not ${name}.`,
    });
  });
});

describe('resolveInstanceType', () => {
  it('takes t2.medium by default', async () => {
    await using account = await testAccount();
    expect(await account.run(resolving, document())).toMatchObject({
      name: 't2.medium',
      architecture: 'x86_64',
      zones: zones('abcdef'),
    });
  });

  it.each([
    ['t3.large', 'x86_64', 'abcdf'],
    ['t4g.medium', 'arm64', 'abcdf'],
    ['a1.xlarge', 'arm64', 'abc'],
    ['m5.metal', 'x86_64', 'abcdf'],
    ['m1.small', 'x86_64', 'abcd'],
    ['c1.xlarge', 'x86_64', 'abcd'],
    ['t2.nano', 'x86_64', 'abcdef'],
    ['m6a.large', 'x86_64', 'abcdf'],
  ])('tells the architecture and the zones of %s', async (name, architecture, letters) => {
    await using account = await testAccount();
    expect(await account.run(resolving, document(name))).toMatchObject({ name, architecture, zones: zones(letters) });
  });

  it.each([
    ['t2.nano', false, ['legacy-bios']],
    ['m5.large', true, ['legacy-bios', 'uefi']],
    ['m5.metal', true, ['legacy-bios']],
  ])('tells whether %s needs ENA, and how it boots', async (name, nitro, bootModes) => {
    await using account = await testAccount();
    expect(await account.run(resolving, document(name))).toMatchObject({ nitro, bootModes });
  });

  it('refuses a type that AWS does not have in its words, suggesting one', async () => {
    await using account = await testAccount();
    const words = (name: string) =>
      `AWS says: The following supplied instance types do not exist: [${name}]. ` +
      `The catalog of the embedded AWS does not have ${name} (InvalidInstanceType).`;
    expect(await account.refusal(resolving, document('t9.large'))).toMatchObject({
      name: 'InstanceTypeNotFound',
      message: `t9.large is not available in us-east-1. Try t3.large. ${words('t9.large')}`,
    });
    expect(await account.refusal(resolving, document('t9.enormous'))).toMatchObject({
      message: `t9.enormous is not available in us-east-1. Try t3.medium. ${words('t9.enormous')}`,
    });
  });

  // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html: us-west-2-lax-1a is a Local Zone.
  it('names no Local or Wavelength Zone that the account has opted into', async () => {
    await using oregon = await testAccount({ region: 'us-west-2' });
    await oregon.aws.post('ec2', { zoneGroups: ['us-west-2-lax-1'] });
    const { zones } = await oregon.run(resolving, document('t3.medium'));
    expect(zones).toEqual(expect.arrayContaining(['us-west-2a']));
    expect(zones.filter((zone) => !/^us-west-2[a-z]$/.test(zone))).toEqual([]);
    await using virginia = await testAccount();
    await virginia.aws.post('ec2', { zoneGroups: ['us-east-1-bos-1', 'us-east-1-wl1'] });
    expect((await virginia.run(resolving, document('t3.medium'))).zones.filter((zone) => zone.includes('bos'))).toEqual([]);
  });

  it('takes t3.medium where nothing else is asked for and the region lacks t2.medium', async () => {
    await using stockholm = await testAccount({ region: 'eu-north-1' });
    expect(await stockholm.run(resolving, document())).toMatchObject({ name: 't3.medium', architecture: 'x86_64' });
  });

  it('refuses t2.medium where it is asked for and the region lacks it, suggesting its successor', async () => {
    await using account = await testAccount({ region: 'eu-north-1' });
    expect(await account.refusal(resolving, document('t2.medium'))).toMatchObject({
      name: 'InstanceTypeNotFound',
      message: expect.stringMatching(/^t2\.medium is not available in eu-north-1\. Try t3\.medium\. AWS says/),
    });
  });

  it('suggests and takes in place of a default only what the team allows', async () => {
    await using account = await testAccount({ region: 'eu-north-1' });
    account.choose({ allowedInstanceTypes: ['t2.*', 'm6g.*'] });
    expect((await account.refusal(resolving, document())).message).toMatch(/eu-north-1\. Try m6g\.medium\./);
    account.choose({ allowedInstanceTypes: ['t2.*', 'c7g.large'] });
    expect((await account.refusal(resolving, document())).message).toMatch(/eu-north-1\. Try c7g\.large\./);
    account.choose({ allowedInstanceTypes: ['t2.medium'] });
    expect((await account.refusal(resolving, document())).message).toMatch(/eu-north-1\. AWS says/);
  });

  it('takes a type that the zone of the subnet lacks, with the zones that have it', async () => {
    await using account = await testAccount();
    await account.aws.post('ec2', { zoneGroups: ['us-east-1-bos-1'] });
    await makeSubnet(account.ec2, await makeVpc(account.ec2), { zone: 'us-east-1e' });
    expect(await account.run(resolving, document('t3.large'))).toMatchObject({ name: 't3.large', zones: zones('abcdf') });
  });

  it('does not ask for the zones where that of a subnet offers the type', async () => {
    await using account = await testAccount();
    await makeSubnet(account.ec2, await makeVpc(account.ec2), { zone: 'us-east-1e' });
    await account.aws.delete('calls');
    expect(await account.run(resolving, document('t2.large'))).toMatchObject({ name: 't2.large', zones: zones('abcdef') });
    const { calls } = (await account.aws.get('calls')) as { calls: { action: string }[] };
    expect(calls.map(({ action }) => action).sort()).toEqual(['DescribeInstanceTypeOfferings', 'DescribeInstanceTypes', 'DescribeSubnets']);
  });

  it('suggests nothing where nothing near is offered', async () => {
    await using account = await testAccount();
    account.amendAnswers('DescribeInstanceTypeOfferingsCommand', () => ({ InstanceTypeOfferings: [] }));
    expect((await account.refusal(resolving, document())).message).toBe('t2.medium is not available in us-east-1.');
  });

  it.each([
    ['mac1.metal', 'its architecture is x86_64_mac, not amd64 or arm64'],
    ['mac2.metal', 'its architecture is arm64_mac, not amd64 or arm64'],
  ])('refuses %s: %s', async (name, problem) => {
    await using account = await testAccount();
    expect(await account.refusal(resolving, document(name))).toMatchObject({
      name: 'InstanceTypeNotSupported',
      message: `${name} cannot hold an environment: ${problem}.`,
    });
  });

  it('refuses a type that is sold as spot only, boots no HVM image and has no EBS root volume, naming all of it', async () => {
    await using account = await testAccount();
    account.amendAnswers('DescribeInstanceTypesCommand', () => ({
      InstanceTypes: [
        {
          SupportedUsageClasses: ['spot'],
          SupportedVirtualizationTypes: ['paravirtual'],
          SupportedRootDeviceTypes: ['instance-store'],
          ProcessorInfo: { SupportedArchitectures: ['x86_64'] },
        },
      ],
    }));
    expect(await account.refusal(resolving, document())).toMatchObject({
      name: 'InstanceTypeNotSupported',
      message: 't2.medium cannot hold an environment: it is not sold on demand; it boots no HVM image; it has no EBS root volume.',
    });
  });

  it.each([
    ['ec2', 'DescribeInstanceTypes', 'UnauthorizedOperation', 'PermissionMissing'],
    ['ec2', 'DescribeSubnets', 'RequestLimitExceeded', 'RequestThrottled'],
  ])('ends where %s:%s answers %s with %s', async (service, action, code, name) => {
    await using account = await testAccount();
    await account.aws.post('faults', { service, action, kind: 'error', code });
    expect((await account.refusal(resolving, document())).name).toBe(name);
  });
});
