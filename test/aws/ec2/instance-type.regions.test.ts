import { EC2Client } from '@aws-sdk/client-ec2';
import catalog from '@recode/embedded-aws/ec2/instance-types.json' with { type: 'json' };
import { beforeAll, describe, expect, it } from 'vitest';
import { resolveInstanceType } from '../../../aws/ec2/instance-type.ts';
import { defaultSettings, type TestAccount, testAccount } from '../../functions/account.ts';
import { makeSubnet, makeVpc } from '../../functions/resources.ts';

// AWS's own answers in each region: local/src/ec2/catalog/README.md says where they come from.
const regions = Object.entries(catalog.zones);
const zonesOf = (name: string | undefined, region: string) => {
  const type = catalog.types.find((each) => each.name === name);
  const offering: Readonly<Record<string, string>> = catalog.offerings[type?.offering ?? -1] ?? {};
  return offering[region] ?? '';
};

let account: TestAccount;
beforeAll(async () => {
  account = await testAccount();
  return () => account[Symbol.asyncDispose]();
});

/** The type that a start in a region gets, or is told to try. */
async function typeFor(ec2: EC2Client, instanceType?: string): Promise<string | undefined> {
  try {
    return (await resolveInstanceType(ec2, instanceType, defaultSettings)).instanceType.name;
  } catch (error) {
    return / Try (\S+)\./.exec((error as Error).message)?.[1];
  }
}

describe.each(regions)('resolveInstanceType in %s', (region, letters) => {
  it('gives or suggests a type that the region has, whether or not the zone of the subnet has it', async () => {
    const { endpoint } = account.aws;
    const ec2 = new EC2Client({ endpoint, region, credentials: { accessKeyId: 'lambda', secretAccessKey: 'test' }, maxAttempts: 1 });
    const anywhere = await typeFor(ec2);
    expect(zonesOf(anywhere, region)).not.toBe('');
    const without = [...letters].find((letter) => !zonesOf(anywhere, region).includes(letter)) ?? 'a';
    await makeSubnet(ec2, await makeVpc(ec2), { zone: `${region}${without}` });
    expect(await typeFor(ec2)).toBe(anywhere);
    expect(zonesOf(await typeFor(ec2, 'm99.large'), region)).not.toBe('');
    ec2.destroy();
  });
});
