import { describe, expect, it } from 'vitest';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironments } from '../../../aws/records/read/environment.ts';
import { readNetwork } from '../../../aws/records/read/network.ts';
import { RecodeError } from '../../../core/errors.ts';
import { beginOperation } from '../../../functions/operation/begin-operation.ts';
import { closeHolder, startHolder } from '../../harness/holders.ts';
import type { TestAccount } from '../account.ts';
import { networkIds as ids, instance, operationOf } from '../documents.ts';
import { afterWrite, beforeWrite, begin, claims, environmentKey, installed, recordOf, replaceNetwork, settle } from '../installed.ts';

const deleting = { status: 'deleting', before: 'ready', ids, lock: operationOf('uninstall', 'uninstall') };
const stopped = recordOf({ power: 'off', name: 'acme-api', instance, state: 'stopped' });

describe('a start that finds Recode being uninstalled', () => {
  it('is refused while the uninstall runs, nothing being written meanwhile', async () => {
    await using account = await installed(null);
    const lock = { ...(await startHolder(account.sfn)), kind: 'uninstall' };
    await replaceNetwork(account, { installation: 'installation-1', ...deleting, lock });
    await account.aws.delete('calls');
    expect((await account.refusal(beginOperation, begin(operationOf('one')))).name).toBe('UninstallInProgress');
    const { calls } = (await account.aws.get('calls')) as { calls: { service: string; action: string }[] };
    const [looks, others] = [true, false].map((ofEc2) => calls.filter(({ service }) => (service === 'ec2') === ofEc2));
    expect(looks?.filter(({ action }) => !action.startsWith('Describe'))).toEqual([]);
    // The record and the network, to look; the network, to enter it; the record again, which an earlier attempt may have put.
    expect(others?.map(({ action }) => action).filter((action) => action !== 'GetCallerIdentity')).toEqual([
      'GetItem',
      'GetItem',
      'GetItem',
      'DescribeExecution',
      'GetItem',
    ]);
    expect((await readEnvironments(account.dynamodb)).items).toEqual([]);
  });

  it.each([
    ['takes back what its attempt before has put', {}, undefined],
    ['lets go of what its attempt before has named, and says why', { name: 'acme-api' }, { name: 'UninstallInProgress' }],
  ])('%s', async (_, named, lastError) => {
    await using account = await installed(null);
    const uninstall = { ...(await startHolder(account.sfn)), kind: 'uninstall' };
    await replaceNetwork(account, { installation: 'installation-1', ...deleting, lock: uninstall });
    const operation = operationOf('one');
    await putItem(account.dynamodb, environmentKey, recordOf({ ...named, lock: operation }));
    expect((await account.refusal(beginOperation, begin(operation))).name).toBe('UninstallInProgress');
    const { items } = await readEnvironments(account.dynamodb);
    expect(items.length).toBeLessThan(2);
    const [left] = items;
    if (lastError === undefined) expect(left).toBeUndefined();
    else expect(left).toMatchObject({ name: 'acme-api', lastError });
    expect(left?.lock).toBeUndefined();
  });

  it('is refused where the uninstall begins while the environment is put, and leaves nothing behind', async () => {
    await using account = await installed();
    afterWrite(account, 'PutItemCommand', () => replaceNetwork(account, { installation: 'installation-1', ...deleting }));
    expect((await account.refusal(beginOperation, begin(operationOf('one')))).name).toBe('UninstallInProgress');
    expect((await readEnvironments(account.dynamodb)).items).toEqual([]);
    expect(await claims(account)).toEqual({});
    expect(await readNetwork(account.dynamodb)).toMatchObject(deleting);
  });

  it('is refused where the uninstall begins while an environment is taken, and leaves it as it was', async () => {
    await using account = await installed({ status: 'ready', ids });
    await putItem(account.dynamodb, environmentKey, stopped);
    afterWrite(account, 'UpdateItemCommand', () => replaceNetwork(account, { installation: 'installation-1', ...deleting }));
    expect((await account.refusal(beginOperation, begin(operationOf('one')))).name).toBe('UninstallInProgress');
    expect((await readEnvironments(account.dynamodb)).items).toEqual([stopped]);
  });

  it.each([
    ['another installation', { status: 'creating', installation: 'installation-2' }],
    ['no installation yet', undefined],
  ])('begins again where the uninstall has ended meanwhile and there is %s', async (_, network) => {
    await using account = await installed();
    afterWrite(account, 'PutItemCommand', () => replaceNetwork(account, network));
    const output = await account.run(beginOperation, begin(operationOf('one')));
    expect(output.network?.installation).not.toBe('installation-1');
    expect(await readNetwork(account.dynamodb)).toEqual(output.network);
    expect((await readEnvironments(account.dynamodb)).items).toMatchObject([
      { uid: output.environment.uid, name: 'acme-api', lock: operationOf('one') },
    ]);
  });
});

describe('a start that finds the network of an uninstall that died', () => {
  it.each([
    ['ready', { status: 'deleting', before: 'ready', ids }, { status: 'ready', ids }],
    ['incomplete', { status: 'deleting', before: 'creating' }, { status: 'creating' }],
  ])('restores it to what it was, %s, once the last Lambda must be dead', async (_, left, restored) => {
    await using account = await installed(null);
    const uninstall = { ...(await startHolder(account.sfn, 'bob')), kind: 'uninstall' as const };
    await replaceNetwork(account, { installation: 'installation-1', ...left, lock: uninstall });
    expect((await account.refusal(beginOperation, begin(operationOf('one')))).name).toBe('UninstallInProgress');
    await closeHolder(account.sfn, uninstall);
    expect((await account.refusal(beginOperation, begin(operationOf('one')))).name).toBe('OperationSettling');
    expect(await readNetwork(account.dynamodb)).toMatchObject(left);
    expect((await readEnvironments(account.dynamodb)).items).toEqual([]);
    settle(account);
    const { network } = await account.run(beginOperation, begin(operationOf('one')));
    expect(network).toEqual({ format: 2, installation: 'installation-1', ...restored });
    expect(await readNetwork(account.dynamodb)).toEqual(network);
  });

  it('restores it where the uninstall’s execution is forgotten by now', async () => {
    await using account = await installed(deleting);
    const { network } = await account.run(beginOperation, begin(operationOf('one')));
    expect(network).toEqual({ format: 2, installation: 'installation-1', status: 'ready', ids });
  });

  it('is content with a restoration whose answer was lost', async () => {
    await using account = await installed(null);
    const uninstall = { ...(await startHolder(account.sfn)), kind: 'uninstall' as const };
    await replaceNetwork(account, { installation: 'installation-1', ...deleting, lock: uninstall });
    await closeHolder(account.sfn, uninstall);
    settle(account);
    await account.aws.post('faults', { service: 'dynamodb', action: 'UpdateItem', kind: 'lost-answer' });
    // The SDK repeats the write, which finds the network restored; the state machine comes back.
    expect((await account.refusal(beginOperation, begin(operationOf('one')))).name).toBe('OperationSettling');
    const { network } = await account.run(beginOperation, begin(operationOf('one')));
    expect(network).toEqual({ format: 2, installation: 'installation-1', status: 'ready', ids });
  });

  it('finds it restored where another start restores it at the same time', async () => {
    await using account = await installed(null);
    const uninstall = { ...(await startHolder(account.sfn)), kind: 'uninstall' as const };
    await replaceNetwork(account, { installation: 'installation-1', ...deleting, lock: uninstall });
    await closeHolder(account.sfn, uninstall);
    settle(account);
    const repositories = ['acme/api', 'acme/web', 'acme/app'];
    const outcomes = await Promise.all(repositories.map((repository) => enterEventually(account, repository)));
    for (const { network } of outcomes) expect(network).toEqual({ format: 2, installation: 'installation-1', status: 'ready', ids });
    expect(await readNetwork(account.dynamodb)).toEqual({ format: 2, installation: 'installation-1', status: 'ready', ids });
    expect((await readEnvironments(account.dynamodb)).items.map(({ repository }) => repository).toSorted()).toEqual(
      repositories.toSorted(),
    );
  });

  it('leaves it to another uninstall that has taken it meanwhile', async () => {
    await using account = await installed(null);
    const dead = { ...(await startHolder(account.sfn)), kind: 'uninstall' as const };
    await replaceNetwork(account, { installation: 'installation-1', ...deleting, lock: dead });
    await closeHolder(account.sfn, dead);
    settle(account);
    const next = { ...(await startHolder(account.sfn)), kind: 'uninstall' as const };
    beforeWrite(account, 'UpdateItemCommand', () => replaceNetwork(account, { installation: 'installation-1', ...deleting, lock: next }));
    expect((await account.refusal(beginOperation, begin(operationOf('one')))).name).toBe('OperationSettling');
    expect((await account.refusal(beginOperation, begin(operationOf('one')))).name).toBe('UninstallInProgress');
    expect(await readNetwork(account.dynamodb)).toMatchObject({ ...deleting, lock: next });
    expect((await readEnvironments(account.dynamodb)).items).toEqual([]);
  });
});

/** Begins a start as its state machine does: again, while it has to settle. */
async function enterEventually(account: TestAccount, repository: string) {
  for (;;) {
    try {
      return await account.run(beginOperation, begin(operationOf(repository.replace('/', '-')), { repository }));
    } catch (error) {
      if (!(error instanceof RecodeError && error.name === 'OperationSettling')) throw error;
    }
  }
}
