import { DescribeNetworkInterfacesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { deleteNetworkInterface } from '../../../functions/environment/delete-network-interface.ts';
import { testAccount } from '../account.ts';
import { describeDeletion, ofEnvironment } from '../deletion.ts';
import { environment } from '../documents.ts';
import { bringTo, launched } from '../launched.ts';
import { makeInterface, makeSubnet, makeVpc } from '../resources.ts';

const document = { environment, instances: { instanceIds: [] } };

describe('deleteNetworkInterface', () => {
  describeDeletion({
    ...ofEnvironment('network-interface'),
    run: (account) => account.run(deleteNetworkInterface, document),
    runKnowing: (account, ids) =>
      account.run(deleteNetworkInterface, { environment, instances: { instanceIds: [], networkInterfaceIds: ids } }),
    describes: 'DescribeNetworkInterfaces',
    deletes: 'DeleteNetworkInterface',
    notFound: 'InvalidNetworkInterfaceID.NotFound',
    inUse: ['InvalidNetworkInterface.InUse'],
    async prepare({ ec2 }) {
      const subnetId = await makeSubnet(ec2, await makeVpc(ec2));
      return (tags) => makeInterface(ec2, subnetId, undefined, tags);
    },
    list: interfaces,
  });

  it('waits while it is attached, and leaves it so until the instance is terminated', async () => {
    await using account = await testAccount();
    const { document: launch, instanceId } = await launched(account);
    const { networkInterfaceId } = launch.networkInterface;
    for (const state of ['running', 'shutting-down'] as const) {
      await bringTo(account, instanceId, state);
      expect(await account.refusal(deleteNetworkInterface, document)).toMatchObject({
        name: 'DependencyStillInUse',
        message: `AWS says: Network interface '${networkInterfaceId}' is currently in use (InvalidParameterValue).`,
      });
      expect(await interfaces(account.ec2)).toEqual([networkInterfaceId]);
    }
    await bringTo(account, instanceId, 'terminated');
    expect(await account.run(deleteNetworkInterface, document)).toBeUndefined();
    expect(await interfaces(account.ec2)).toEqual([]);
  });

  it('waits while one that was found before is attached', async () => {
    await using account = await testAccount();
    const { document: launch, instanceId } = await launched(account);
    const instances = { instanceIds: [instanceId], networkInterfaceIds: [launch.networkInterface.networkInterfaceId] };
    expect((await account.refusal(deleteNetworkInterface, { environment, instances })).name).toBe('DependencyStillInUse');
    await bringTo(account, instanceId, 'terminated');
    expect(await account.run(deleteNetworkInterface, { environment, instances })).toBeUndefined();
    expect(await interfaces(account.ec2)).toEqual([]);
  });

  it('does not wait where EC2 refuses for something else than use', async () => {
    await using account = await testAccount();
    const subnetId = await makeSubnet(account.ec2, await makeVpc(account.ec2));
    const id = await makeInterface(account.ec2, subnetId);
    await account.refuse('DeleteNetworkInterface', 'InvalidParameterValue');
    expect((await account.refusal(deleteNetworkInterface, document)).name).toBe('AwsRefused');
    expect(await interfaces(account.ec2)).toEqual([id]);
  });

  it('refuses an environment without an owner', async () => {
    await using account = await testAccount();
    const { owner: _, ...others } = environment;
    expect((await account.refusal(deleteNetworkInterface, { ...document, environment: others })).name).toBe('InputNotValid');
  });
});

async function interfaces(ec2: EC2Client) {
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({}));
  return NetworkInterfaces.map(({ NetworkInterfaceId }) => NetworkInterfaceId);
}
