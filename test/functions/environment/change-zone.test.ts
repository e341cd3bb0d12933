import { DescribeNetworkInterfacesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { failureForStepFunctions } from '../../../aws/errors.ts';
import { changeZone } from '../../../functions/environment/change-zone.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, instanceType } from '../documents.ts';
import { environmentTagsOf, makeInterface, makeSubnet, networkTagsOf } from '../resources.ts';
import { builtNetwork, routedSubnets, subnetsOf } from '../subnets.ts';

const noCapacity = failureForStepFunctions({ name: 'NoCapacity', message: 'AWS says: not now (InsufficientInstanceCapacity).' });

describe('changeZone', () => {
  it('creates a subnet in the next zone that offers the type, and deletes the network interface', async () => {
    await using account = await testAccount();
    const { document, subnetId: first } = await prepared(account);
    const next = await account.run(changeZone, document);
    expect(next).toEqual({ subnetId: next.subnetId, full: [], withoutCapacity: ['us-east-1b'] });
    expect(await subnetsOf(account)).toMatchObject([
      { id: first },
      { id: next.subnetId, cidr: '10.0.1.0/24', zone: 'us-east-1c', public: true },
    ]);
    expect(await routedSubnets(account)).toEqual([first, next.subnetId].sort());
    expect(await interfaces(account)).toEqual([]);
  });

  it('uses a subnet that exists in another zone', async () => {
    await using account = await testAccount();
    const { document, vpcId } = await prepared(account);
    const tags = networkTagsOf('recode-public-subnet-2');
    const other = await makeSubnet(account.ec2, vpcId, { tags, cidr: '10.0.1.0/24', zone: 'us-east-1c' });
    expect((await account.run(changeZone, document)).subnetId).toBe(other);
    expect(await subnetsOf(account)).toHaveLength(2);
  });

  it('tries each zone once, and ends with what to try', async () => {
    await using account = await testAccount();
    const { document } = await prepared(account);
    const subnet = await account.run(changeZone, document);
    const networkInterface = { networkInterfaceId: await makeInterface(account.ec2, subnet.subnetId), zone: 'us-east-1c' };
    expect(await account.refusal(changeZone, { ...document, subnet, networkInterface })).toMatchObject({
      name: 'NoCapacity',
      message:
        'No zone has capacity for t2.medium now: not us-east-1b, us-east-1c. Try t3.medium. AWS says: not now (InsufficientInstanceCapacity).',
    });
    expect(await subnetsOf(account)).toHaveLength(2);
  });

  it('remembers the subnets that were full', async () => {
    await using account = await testAccount();
    const { document } = await prepared(account);
    const next = await account.run(changeZone, { ...document, subnet: { subnetId: 'subnet-1', full: ['subnet-9'] } });
    expect(next).toMatchObject({ full: ['subnet-9'], withoutCapacity: ['us-east-1b'] });
  });

  it('tries all zones where nobody has asked which offer the type', async () => {
    await using account = await testAccount();
    const { document } = await prepared(account);
    await account.run(changeZone, { ...document, instanceType: { ...instanceType, zones: [] } });
    expect(await subnetsOf(account)).toMatchObject([{}, { zone: 'us-east-1a' }]);
  });

  it.each(['CreateSubnet', 'DeleteNetworkInterface'])('ends as usual when it runs again after an unanswered %s', async (action) => {
    await using account = await testAccount();
    const { document } = await prepared(account);
    await account.loseAnswer(action);
    expect((await account.refusal(changeZone, document)).name).toBe('AwsUnavailable');
    expect(await account.run(changeZone, document)).toMatchObject({ withoutCapacity: ['us-east-1b'] });
    expect(await subnetsOf(account)).toHaveLength(2);
    expect(await interfaces(account)).toEqual([]);
  });

  it('leaves other network interfaces alone', async () => {
    await using account = await testAccount();
    const { document, subnetId } = await prepared(account);
    const tags = environmentTagsOf('network-interface').map((tag) => (tag.Key === 'recode:owner' ? { ...tag, Value: 'bob' } : tag));
    const foreign = await makeInterface(account.ec2, subnetId, undefined, tags);
    await account.run(changeZone, document);
    expect(await interfaces(account)).toEqual([foreign]);
  });
});

async function prepared(account: TestAccount) {
  const { network, ...ids } = await builtNetwork(account);
  const networkInterface = { networkInterfaceId: await makeInterface(account.ec2, ids.subnetId), zone: 'us-east-1b' };
  return { document: { environment, network, instanceType, networkInterface, noCapacity }, ...ids };
}

async function interfaces({ ec2 }: TestAccount) {
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({}));
  return NetworkInterfaces.map(({ NetworkInterfaceId }) => NetworkInterfaceId);
}
