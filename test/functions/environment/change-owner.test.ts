import { CreateTagsCommand, DescribeNetworkInterfacesCommand, DescribeVolumesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { changeOwner } from '../../../functions/environment/change-owner.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment } from '../documents.ts';
import { instanceOf, launchByHand, launched } from '../launched.ts';

const bobs = { ...environment, owner: 'bob' };
const transferred = { environment: bobs, formerOwner: 'alice' };
const ownersOf = async ({ ec2 }: TestAccount, instanceId: string) => {
  const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({}));
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({}));
  const instance = await instanceOf(ec2, instanceId);
  const tags = [instance?.Tags, ...Volumes.map((each) => each.Tags), ...NetworkInterfaces.map(({ TagSet }) => TagSet)];
  return tags.map((each = []) => each.find(({ Key }) => Key === 'recode:owner')?.Value);
};

describe('changeOwner', () => {
  it('gives what belongs to the environment the tag of its new owner, and leaves every other tag', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await account.ec2.send(new CreateTagsCommand({ Resources: [instanceId], Tags: [{ Key: 'team', Value: 'billing' }] }));
    const before = (await instanceOf(account.ec2, instanceId))?.Tags ?? [];
    await account.run(changeOwner, transferred);
    const owners = await ownersOf(account, instanceId);
    expect(owners.length).toBeGreaterThan(2);
    expect(new Set(owners)).toEqual(new Set(['bob']));
    const others = (tags: typeof before) => tags.filter(({ Key }) => Key !== 'recode:owner');
    expect(others((await instanceOf(account.ec2, instanceId))?.Tags ?? [])).toEqual(others(before));
  });

  it('writes an owner as tags have them', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await account.run(changeOwner, { ...transferred, environment: { ...bobs, owner: 'role:Dev:b,b' } });
    expect(new Set(await ownersOf(account, instanceId))).toEqual(new Set(['role:Dev:b/b']));
  });

  it('changes nothing when it runs again', async () => {
    await using account = await testAccount();
    await launched(account);
    await account.run(changeOwner, transferred);
    await account.aws.delete('calls');
    await account.run(changeOwner, transferred);
    expect(await changes(account)).toEqual([]);
  });

  it('completes what an earlier attempt left', async () => {
    await using account = await testAccount();
    const { instanceId } = await launched(account);
    await account.ec2.send(new CreateTagsCommand({ Resources: [instanceId], Tags: [{ Key: 'recode:owner', Value: 'bob' }] }));
    await account.loseAnswer('CreateTags');
    expect((await account.refusal(changeOwner, transferred)).name).toBe('AwsUnavailable');
    await account.run(changeOwner, transferred);
    expect(new Set(await ownersOf(account, instanceId))).toEqual(new Set(['bob']));
  });

  it('leaves what is of another repository, of another owner, or not Recode’s', async () => {
    await using account = await testAccount();
    const { document } = await launched(account);
    const tags = (owner: string, repository: string, managed = true) => [
      ...(managed ? [{ Key: 'recode:managed-by', Value: 'recode' }] : []),
      { Key: 'recode:environment', Value: 'acme-api' },
      { Key: 'recode:owner', Value: owner },
      { Key: 'recode:repository', Value: repository },
    ];
    const theirs = [tags('alice', 'acme/web'), tags('carol', 'acme/api'), tags('alice', 'acme/api', false)];
    const ids = [];
    for (const each of theirs) ids.push(await launchByHand(account, document, { tags: each }));
    await account.run(changeOwner, transferred);
    for (const [index, id] of ids.entries())
      expect((await instanceOf(account.ec2, id))?.Tags?.find(({ Key }) => Key === 'recode:owner')?.Value).toBe(
        ['alice', 'carol', 'alice'][index],
      );
  });
});

async function changes(account: TestAccount) {
  const { calls } = (await account.aws.get('calls')) as { calls: { action: string }[] };
  return calls.map(({ action }) => action).filter((action) => !action.startsWith('Describe'));
}
