import { describe, expect, it } from 'vitest';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironments } from '../../../aws/records/read/environment.ts';
import { readNetwork } from '../../../aws/records/read/network.ts';
import { beginOperation } from '../../../functions/operation/begin-operation.ts';
import { closeHolder, startHolder } from '../../harness/holders.ts';
import { testAccount } from '../account.ts';
import { networkIds as ids, instance, operationOf } from '../documents.ts';
import { begin, environmentKey, installed, recordOf, replaceNetwork, settle } from '../installed.ts';

const operation = { ...operationOf('one', 'uninstall'), owner: 'bob' };

describe('an uninstall', () => {
  it.each([
    ['ready', { status: 'ready', ids }, { status: 'deleting', before: 'ready', ids }],
    ['incomplete', { status: 'creating' }, { status: 'deleting', before: 'creating' }],
  ])('marks a network that is %s, and hands on nothing of an environment', async (_, network, marked) => {
    await using account = await installed(network);
    const output = await account.run(beginOperation, begin(operation));
    expect(output).toEqual({
      kind: 'uninstall',
      network: { format: 2, installation: 'installation-1', ...marked, lock: operation },
      operation,
    });
    expect(await readNetwork(account.dynamodb)).toEqual(output.network);
  });

  it('makes the record of the network where the table has none: a start may be about to', async () => {
    await using account = await installed(null);
    const { network } = await account.run(beginOperation, begin(operation));
    expect(network).toEqual({
      format: 2,
      installation: expect.stringMatching(/^[0-9a-f-]{36}$/),
      status: 'deleting',
      before: 'creating',
      lock: operation,
    });
    expect(await readNetwork(account.dynamodb)).toEqual(network);
  });

  it('says that there is no table', async () => {
    await using account = await testAccount();
    expect((await account.refusal(beginOperation, begin(operation))).name).toBe('RecodeNotInstalled');
  });

  it('leaves the environments to whoever confirms', async () => {
    await using account = await installed({ status: 'ready', ids });
    const stopped = recordOf({ power: 'off', name: 'acme-api', instance, state: 'stopped' });
    await putItem(account.dynamodb, environmentKey, stopped);
    await account.run(beginOperation, begin(operation));
    expect((await readEnvironments(account.dynamodb)).items).toEqual([stopped]);
  });

  it('is refused while a start makes the network, telling whose it is, and waits for the last Lambda of one that died', async () => {
    await using account = await installed(null);
    const holder = await startHolder(account.sfn, 'alice');
    await replaceNetwork(account, { installation: 'installation-1', status: 'creating', lock: holder });
    expect(await account.refusal(beginOperation, begin(operation))).toMatchObject({
      name: 'OperationInProgress',
      message: `A start is running on the network; alice started it at ${holder.startedAt}.`,
    });
    await closeHolder(account.sfn, holder);
    expect((await account.refusal(beginOperation, begin(operation))).name).toBe('OperationSettling');
    expect((await readNetwork(account.dynamodb))?.lock).toEqual(holder);
    settle(account);
    const { network } = await account.run(beginOperation, begin(operation));
    expect(network).toMatchObject({ status: 'deleting', before: 'creating', lock: operation });
  });

  it('waits for the quiet time after a failure', async () => {
    await using account = await installed({ status: 'creating', lock: { quietUntil: Number.MAX_SAFE_INTEGER } });
    expect((await account.refusal(beginOperation, begin(operation))).name).toBe('OperationSettling');
    await replaceNetwork(account, { installation: 'installation-1', status: 'creating', lock: { quietUntil: account.aws.clock.now() } });
    const { network } = await account.run(beginOperation, begin(operation));
    expect(network).toEqual({ format: 2, installation: 'installation-1', status: 'deleting', before: 'creating', lock: operation });
  });

  it.each([
    ['had deleted nothing yet', { before: 'ready', ids }],
    ['had begun to delete', { before: 'creating' }],
  ])('goes on where another one died that %s', async (_, left) => {
    await using account = await installed(null);
    const dead = { ...(await startHolder(account.sfn)), kind: 'uninstall' as const };
    await replaceNetwork(account, { installation: 'installation-1', status: 'deleting', ...left, lock: dead });
    expect((await account.refusal(beginOperation, begin(operation))).name).toBe('OperationInProgress');
    await closeHolder(account.sfn, dead);
    expect((await account.refusal(beginOperation, begin(operation))).name).toBe('OperationSettling');
    settle(account);
    const { network } = await account.run(beginOperation, begin(operation));
    expect(network).toEqual({ format: 2, installation: 'installation-1', status: 'deleting', ...left, lock: operation });
  });

  it('finds what an attempt before had taken', async () => {
    await using account = await installed({ status: 'ready', ids });
    const first = await account.run(beginOperation, begin(operation));
    expect(await account.run(beginOperation, begin(operation))).toEqual(first);
  });

  it.each([
    ['the record of the network', 'PutItem'],
    ['the mark', 'UpdateItem'],
  ])('goes on where the write of %s succeeded without an answer', async (_, action) => {
    await using account = await installed(null);
    await account.aws.post('faults', { service: 'dynamodb', action, kind: 'lost-answer' });
    const { network } = await account.run(beginOperation, begin(operation));
    expect(await account.aws.get('faults')).toEqual({ faults: [] });
    expect(network).toMatchObject({ status: 'deleting', before: 'creating', lock: operation });
    expect(await readNetwork(account.dynamodb)).toEqual(network);
  });

  it('is one of six that begin at once', async () => {
    await using account = await installed({ status: 'ready', ids });
    const operations = await Promise.all(
      Array.from({ length: 6 }, async () => ({ ...(await startHolder(account.sfn)), kind: 'uninstall' as const })),
    );
    const outcomes = await Promise.all(
      operations.map((uninstall) =>
        account.run(beginOperation, begin(uninstall)).then(
          () => 'held',
          ({ name }: Error) => name,
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'held')).toHaveLength(1);
    expect(['held', 'OperationInProgress', 'OperationSettling']).toEqual(expect.arrayContaining(outcomes));
    expect(await readNetwork(account.dynamodb)).toEqual({
      format: 2,
      installation: 'installation-1',
      status: 'deleting',
      before: 'ready',
      ids,
      lock: operations[outcomes.indexOf('held')],
    });
  });
});
