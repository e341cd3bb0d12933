import { CreateTagsCommand, DescribeNetworkInterfacesCommand, DescribeVolumesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { renameResources } from '../../../functions/environment/rename-resources.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment } from '../documents.ts';
import { instanceOf, launchByHand, launched } from '../launched.ts';

const renamed = { environment: { ...environment, name: 'billing', formerNames: ['acme-api'] } };
const tagsOf = (resource: string) =>
  expect.arrayContaining([
    { Key: 'Name', Value: `recode-billing-${resource}` },
    { Key: 'recode:environment', Value: 'billing' },
    { Key: 'recode:managed-by', Value: 'recode' },
    { Key: 'recode:owner', Value: 'alice' },
    { Key: 'recode:repository', Value: 'acme/api' },
  ]);

describe('renameResources', () => {
  it('changes the tags of the instance, its volume and its interface that have the name, and no other', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await account.ec2.send(new CreateTagsCommand({ Resources: [instanceId], Tags: [{ Key: 'team', Value: 'billing' }] }));
    const before = (await instanceOf(account.ec2, instanceId))?.Tags ?? [];
    await account.run(renameResources, renamed);
    const after = (await instanceOf(account.ec2, instanceId))?.Tags ?? [];
    expect(after).toEqual(tagsOf('instance'));
    const others = (tags: typeof after) => tags.filter(({ Key = '' }) => !['Name', 'recode:environment'].includes(Key));
    expect(others(after)).toEqual(others(before));
    const { Volumes: [volume] = [] } = await account.ec2.send(new DescribeVolumesCommand({}));
    expect(volume?.Tags).toEqual(tagsOf('volume'));
    const { NetworkInterfaces = [] } = await account.ec2.send(new DescribeNetworkInterfacesCommand({}));
    expect(NetworkInterfaces).toMatchObject([{ TagSet: tagsOf('network-interface'), Description: 'recode-billing-network-interface' }]);
  });

  it('changes nothing when it runs again', async () => {
    await using account = await testAccount();
    await launched(account);
    await account.run(renameResources, renamed);
    await account.aws.delete('calls');
    await account.run(renameResources, renamed);
    expect(await changes(account)).toEqual([]);
  });

  it.each([['CreateTags'], ['ModifyNetworkInterfaceAttribute']])('goes on where the answer of %s was lost', async (action) => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await account.loseAnswer(action);
    expect((await account.refusal(renameResources, renamed)).name).toBe('AwsUnavailable');
    await account.run(renameResources, renamed);
    expect((await instanceOf(account.ec2, instanceId))?.Tags).toEqual(tagsOf('instance'));
    const { NetworkInterfaces = [] } = await account.ec2.send(new DescribeNetworkInterfacesCommand({}));
    expect(NetworkInterfaces).toMatchObject([{ TagSet: tagsOf('network-interface'), Description: 'recode-billing-network-interface' }]);
  });

  it('leaves what is not the environment’s', async () => {
    await using account = await testAccount();
    const { document } = await launched(account);
    const theirs = await launchByHand(account, document, { tags: [{ Key: 'Name', Value: 'recode-acme-api-instance' }] });
    await account.run(renameResources, renamed);
    expect((await instanceOf(account.ec2, theirs))?.Tags).toEqual([{ Key: 'Name', Value: 'recode-acme-api-instance' }]);
  });

  it('does nothing where nothing is left to be renamed', async () => {
    await using account = await testAccount();
    await account.run(renameResources, renamed);
    expect(await changes(account)).toEqual([]);
  });
});

async function changes(account: TestAccount) {
  const { calls } = (await account.aws.get('calls')) as { calls: { action: string }[] };
  return calls.map(({ action }) => action).filter((action) => !action.startsWith('Describe'));
}
