import { DeleteRouteTableCommand, DescribeSubnetsCommand, DisassociateRouteTableCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { mostSubnets, publicSubnet } from '../../../core/names.ts';
import { changeSubnet } from '../../../functions/environment/change-subnet.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { instanceType } from '../documents.ts';
import { makeSubnet, networkTagsOf } from '../resources.ts';
import { builtNetwork, routedSubnets, subnetsOf } from '../subnets.ts';

describe('changeSubnet', () => {
  it('creates the second subnet with its name, block and tags, in a zone that offers the type, and finishes it', async () => {
    await using account = await testAccount();
    const { document, subnetId: first } = await prepared(account);
    const { subnetId, ...givenUp } = await account.run(changeSubnet, document);
    expect(givenUp).toEqual({ full: [first], withoutCapacity: [] });
    expect(await subnetsOf(account)).toMatchObject([
      { id: first, cidr: '10.0.0.0/24', zone: 'us-east-1b' },
      { id: subnetId, cidr: '10.0.1.0/24', zone: 'us-east-1c', public: true, tags: networkTagsOf('recode-public-subnet-2') },
    ]);
    expect(await routedSubnets(account)).toEqual([first, subnetId].sort());
  });

  it('finds it when it runs again, and creates no third one', async () => {
    await using account = await testAccount();
    const { document } = await prepared(account);
    const first = await account.run(changeSubnet, document);
    expect(await account.run(changeSubnet, document)).toEqual(first);
    expect(await subnetsOf(account)).toHaveLength(2);
  });

  it('goes on from the subnets that were full before, and forgets no zone', async () => {
    await using account = await testAccount();
    const { document, subnetId: first } = await prepared(account);
    const second = await account.run(changeSubnet, document);
    const third = await account.run(changeSubnet, { ...document, subnet: { ...second, withoutCapacity: ['us-east-1a'] } });
    expect(third).toEqual({ subnetId: third.subnetId, full: [first, second.subnetId], withoutCapacity: ['us-east-1a'] });
    expect(await subnetsOf(account)).toMatchObject([{ id: first }, { id: second.subnetId }, { id: third.subnetId, cidr: '10.0.2.0/24' }]);
  });

  it.each(['CreateSubnet', 'AssociateRouteTable', 'ModifySubnetAttribute'])(
    'finishes a subnet whose %s was not answered',
    async (action) => {
      await using account = await testAccount();
      const { document, subnetId: first } = await prepared(account);
      await account.loseAnswer(action);
      expect((await account.refusal(changeSubnet, document)).name).toBe('AwsUnavailable');
      const { subnetId } = await account.run(changeSubnet, document);
      expect(await subnetsOf(account)).toMatchObject([{ id: first }, { id: subnetId, public: true }]);
      expect(await routedSubnets(account)).toEqual([first, subnetId].sort());
    },
  );

  it('shares the subnet that two starts create at once', async () => {
    await using account = await testAccount();
    const { document } = await prepared(account);
    const attempts = await Promise.all(Array.from({ length: 5 }, () => outcome(account, document)));
    const made = attempts.filter((each) => each !== 'NotVisibleYet');
    expect(made.length).toBeGreaterThan(0);
    const again = await account.run(changeSubnet, document);
    expect([...new Set(made), again.subnetId]).toEqual([again.subnetId, again.subnetId]);
    expect(await subnetsOf(account)).toHaveLength(2);
    expect(await routedSubnets(account)).toHaveLength(2);
  });

  it('waits for the subnet of another start that is not visible yet', async () => {
    await using account = await testAccount();
    account.stopClock();
    const { document, vpcId } = await prepared(account);
    await account.hideNew(3_000);
    await makeSubnet(account.ec2, vpcId, { tags: networkTagsOf('recode-public-subnet-2'), cidr: '10.0.1.0/24', zone: 'us-east-1c' });
    expect((await account.refusal(changeSubnet, document)).name).toBe('NotVisibleYet');
    account.aws.clock.advance(3_000);
    await account.run(changeSubnet, document);
    expect(await subnetsOf(account)).toHaveLength(2);
  });

  it('takes a block that is not somebody else’s', async () => {
    await using account = await testAccount();
    const { document, vpcId } = await prepared(account);
    await makeSubnet(account.ec2, vpcId, { tags: [], cidr: '10.0.1.128/25' });
    const { subnetId } = await account.run(changeSubnet, document);
    expect(await subnetsOf(account)).toContainEqual(expect.objectContaining({ id: subnetId, cidr: '10.0.2.0/24' }));
  });

  it('says that the VPC has no room if it has all subnets, and all are full', async () => {
    await using account = await testAccount();
    const { document, vpcId, subnetId } = await prepared(account);
    const { Subnets: [known] = [] } = await account.ec2.send(new DescribeSubnetsCommand({ SubnetIds: [subnetId] }));
    account.amendAnswers('DescribeSubnetsCommand', () => ({
      Subnets: Array.from({ length: mostSubnets }, (_, index) => ({
        ...known,
        CidrBlock: publicSubnet(index + 1).cidr,
        AvailableIpAddressCount: 0,
      })),
    }));
    expect(await account.refusal(changeSubnet, document)).toMatchObject({
      name: 'SubnetFull',
      message: `The VPC ${vpcId} has no room for another subnet: it can have 255, and all are full.`,
    });
  });

  it('says that none of the type’s zones is available', async () => {
    await using account = await testAccount();
    const { document } = await prepared(account);
    const elsewhere = { ...instanceType, zones: ['us-east-1-atl-1a'] };
    expect(await account.refusal(changeSubnet, { ...document, instanceType: elsewhere })).toMatchObject({
      name: 'NoCapacity',
      message: 'None of the zones that offer t2.medium (us-east-1-atl-1a) is available now.',
    });
    expect(await subnetsOf(account)).toHaveLength(1);
  });

  it('says that the route table is gone, and leaves the subnet for the next start to finish', async () => {
    await using account = await testAccount();
    const { document, vpcId, routeTableId, associationId } = await prepared(account);
    await account.ec2.send(new DisassociateRouteTableCommand({ AssociationId: associationId }));
    await account.ec2.send(new DeleteRouteTableCommand({ RouteTableId: routeTableId }));
    expect(await account.refusal(changeSubnet, document)).toMatchObject({
      name: 'ResourceDiffers',
      message: `The VPC ${vpcId} has no route table of Recode: someone has deleted it.`,
    });
    expect(await subnetsOf(account)).toMatchObject([{}, { public: false }]);
  });

  it.each([
    ['CreateSubnet', 'SubnetLimitExceeded', 'QuotaReached'],
    ['CreateSubnet', 'UnauthorizedOperation', 'PermissionMissing'],
    ['DescribeSubnets', 'RequestLimitExceeded', 'RequestThrottled'],
  ])('ends where %s answers %s with %s', async (action, code, name) => {
    await using account = await testAccount();
    const { document } = await prepared(account);
    await account.refuse(action, code);
    expect((await account.refusal(changeSubnet, document)).name).toBe(name);
  });
});

async function prepared(account: TestAccount) {
  const { network, ...ids } = await builtNetwork(account);
  return { document: { network, instanceType }, ...ids };
}

/** The subnet that a run ends with, or its error. */
async function outcome(account: TestAccount, document: Awaited<ReturnType<typeof prepared>>['document']): Promise<string> {
  return account.run(changeSubnet, document).then(
    ({ subnetId }) => subnetId,
    (error: Error) => error.name,
  );
}
