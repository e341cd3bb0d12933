import { describe, expect, it } from 'vitest';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironment } from '../../../aws/records/read/environment.ts';
import { recordKept } from '../../../functions/environment/record-kept.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, operationOf, request } from '../documents.ts';
import { environmentKey, recordOf } from '../installed.ts';
import { kept } from '../kept.ts';

const operation = operationOf('one', 'move');

async function holding(lock = operation): Promise<TestAccount> {
  const account = await testAccount();
  await account.createTable();
  await putItem(account.dynamodb, environmentKey, { ...recordOf({ name: 'acme-api' }), lock });
  return account;
}

/** The image of a disk. */
const imageOf = async (account: TestAccount) => {
  const [image] = await kept(account, [{ until: '2027-01-01T00:00:00.000Z', operation }]);
  if (!image) throw new Error('There is no image.');
  return image;
};

describe('recordKept', () => {
  it('has any start go on with the disk, of the type that the instance had', async () => {
    await using account = await holding();
    const moving = { ...environment, request: { ...request, instanceType: 't3.large' } };
    const document = { environment: moving, operation, kept: await imageOf(account) };
    const restored = { ...moving, request: { ...moving.request, restore: true } };
    expect(await account.run(recordKept, document)).toEqual(restored);
    expect(await account.run(recordKept, document)).toEqual(restored);
    expect((await readEnvironment(account.dynamodb, environment))?.wanted).toMatchObject({
      restore: true,
      instanceType: 't3.large',
      volumeSize: 16,
    });
  });

  it('follows a volume that was grown outside Recode, and keeps a larger one that is wanted', async () => {
    await using account = await holding();
    const image = await imageOf(account);
    const sized = async (volumeSize: number) => {
      const document = { environment: { ...environment, request: { ...request, volumeSize } }, operation, kept: image };
      return (await account.run(recordKept, document)).request.volumeSize;
    };
    // The disk has 8 GiB.
    expect([await sized(4), await sized(64)]).toEqual([8, 64]);
    expect((await readEnvironment(account.dynamodb, environment))?.wanted.volumeSize).toBe(64);
  });

  it('records nothing of an image that EC2 does not show, or for an operation that has lost the environment', async () => {
    await using account = await holding(operationOf('two', 'move'));
    const missing = { imageId: 'ami-0123456789abcdef0', until: '2027-01-01T00:00:00.000Z' };
    expect((await account.refusal(recordKept, { environment, operation, kept: missing })).name).toBe('NotVisibleYet');
    expect((await account.refusal(recordKept, { environment, operation, kept: await imageOf(account) })).name).toBe('LockLost');
    expect((await readEnvironment(account.dynamodb, environment))?.wanted).not.toHaveProperty('restore');
  });
});
