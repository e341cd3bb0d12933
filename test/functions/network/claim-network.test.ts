import { describe, expect, it } from 'vitest';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readNetwork } from '../../../aws/records/read/network.ts';
import { claimNetwork } from '../../../functions/network/claim-network.ts';
import { closeHolder, holderPackage, startHolder } from '../../harness/holders.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { networkIds as ids, operation, operationOf } from '../documents.ts';

describe('claimNetwork', () => {
  it('takes the network for making it, once', async () => {
    await using account = await withNetwork({ status: 'creating' });
    const claimed = await account.run(claimNetwork, { operation });
    expect(claimed).toEqual({ format: 2, status: 'creating', installation: 'installation-1', lock: operation });
    expect(await account.run(claimNetwork, { operation })).toEqual(claimed);
    expect(await readNetwork(account.dynamodb)).toEqual(claimed);
  });

  it('finds the network that somebody else has made meanwhile', async () => {
    await using account = await withNetwork({ status: 'ready', ids });
    expect(await account.run(claimNetwork, { operation })).toEqual({ format: 2, status: 'ready', installation: 'installation-1', ids });
  });

  it('waits while another execution makes it, and goes on where that one died', async () => {
    await using account = await withNetwork({ status: 'creating' });
    const holder = await startHolder(account.sfn, 'bob');
    await account.run(claimNetwork, { operation: holder });
    expect((await account.refusal(claimNetwork, { operation })).name).toBe('NetworkBusy');
    await closeHolder(account.sfn, holder);
    expect((await account.refusal(claimNetwork, { operation })).name).toBe('NetworkBusy');
    account.aws.clock.advance(35_000);
    expect(await account.run(claimNetwork, { operation })).toMatchObject({ status: 'creating', lock: operation });
  });

  it('restores a network whose uninstall died before it refused', async () => {
    const uninstall = { ...operationOf('uninstall'), kind: 'uninstall' }; // Step Functions has forgotten it
    await using account = await withNetwork({ status: 'deleting', before: 'ready', ids, lock: uninstall });
    expect(await account.run(claimNetwork, { operation })).toEqual({ format: 2, status: 'ready', installation: 'installation-1', ids });
  });

  it('refuses an operation of an unknown kind', async () => {
    await using account = await withNetwork({ status: 'creating' });
    expect(await account.refusal(claimNetwork, { operation: { ...operation, kind: 'pause' } })).toMatchObject({
      name: 'InputNotValid',
      message: expect.stringContaining('operation.kind'),
    });
  });
});

async function withNetwork(network: Record<string, unknown>): Promise<TestAccount> {
  const account = await testAccount({ packageDirectory: holderPackage() });
  await account.createTable();
  await putItem(account.dynamodb, { kind: 'network', id: 'network' }, { format: 2, installation: 'installation-1', ...network });
  return account;
}
