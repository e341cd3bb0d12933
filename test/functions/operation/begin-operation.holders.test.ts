import { describe, expect, it } from 'vitest';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironment, readEnvironments } from '../../../aws/records/read/environment.ts';
import { beginOperation } from '../../../functions/operation/begin-operation.ts';
import { closeHolder, startHolder } from '../../harness/holders.ts';
import { instance, operationOf } from '../documents.ts';
import { alicesApi, begin, claims, environmentKey, installed, recordOf } from '../installed.ts';

const quietMilliseconds = 35_000;
const kinds = ['start', 'stop', 'remove'] as const;
const stopped = recordOf({ power: 'off', name: 'acme-api', instance, state: 'stopped' });

describe('an environment that another operation holds', () => {
  it.each(kinds)('is refused to a %s while its execution runs, telling whose it is', async (kind) => {
    await using account = await installed();
    const holder = await startHolder(account.sfn, 'bob');
    await putItem(account.dynamodb, environmentKey, recordOf());
    await account.run(beginOperation, begin(holder));
    expect(await account.refusal(beginOperation, begin(operationOf('next', kind)))).toMatchObject({
      name: 'OperationInProgress',
      message: `A start is running on the environment acme/api; bob started it at ${holder.startedAt}.`,
    });
    expect((await readEnvironment(account.dynamodb, alicesApi))?.lock).toEqual(holder);
  });

  it.each(kinds)('tells a %s which other operation is at work', async (kind) => {
    await using account = await installed();
    for (const other of kinds) {
      const holder = { ...(await startHolder(account.sfn, 'bob')), kind: other };
      const fields = { repository: `acme/${other}` };
      await putItem(
        account.dynamodb,
        { kind: 'environment', id: `alice/acme/${other}` },
        { ...stopped, ...fields, name: other, lock: holder },
      );
      expect((await account.refusal(beginOperation, begin(operationOf('next', kind), fields))).message).toBe(
        `A ${other} is running on the environment acme/${other}; bob started it at ${holder.startedAt}.`,
      );
    }
  });

  it.each(kinds)('is taken over by a %s once the last Lambda of the closed execution must be dead', async (kind) => {
    await using account = await installed();
    const holder = await startHolder(account.sfn);
    await putItem(account.dynamodb, environmentKey, { ...stopped, lock: holder });
    const closedAt = await closeHolder(account.sfn, holder);
    const next = operationOf('next', kind);
    account.aws.clock.advance(closedAt + quietMilliseconds - 5_000 - account.aws.clock.now());
    expect((await account.refusal(beginOperation, begin(next))).name).toBe('OperationSettling');
    account.aws.clock.advance(5_000);
    const { environment, operation } = await account.run(beginOperation, begin(next));
    expect(environment).toMatchObject({ uid: 'uid-1', recorded: { status: 'stopped', instanceId: 'i-1' } });
    expect(operation).toEqual(next);
    expect((await readEnvironment(account.dynamodb, alicesApi))?.lock).toEqual(next);
  });

  it('counts as held for fifteen minutes where Step Functions does not know the execution', async () => {
    await using account = await installed();
    const startedAt = (minutesAgo: number) => new Date(account.aws.clock.now() - minutesAgo * 60_000).toISOString();
    await account.run(beginOperation, begin({ ...operationOf('unknown'), startedAt: startedAt(14) }));
    expect((await account.refusal(beginOperation, begin(operationOf('next')))).name).toBe('OperationInProgress');
    account.aws.clock.advance(60_000);
    expect(await account.run(beginOperation, begin(operationOf('next')))).toMatchObject({ operation: operationOf('next') });
  });

  it.each(kinds)('is left alone by a %s for the quiet time after a failure', async (kind) => {
    await using account = await installed();
    const quietUntil = account.aws.clock.now() + 10_000;
    await putItem(account.dynamodb, environmentKey, { ...stopped, lock: { quietUntil } });
    expect((await account.refusal(beginOperation, begin(operationOf('one', kind)))).name).toBe('OperationSettling');
    expect((await readEnvironments(account.dynamodb)).items).toEqual([{ ...stopped, lock: { quietUntil } }]);
    account.aws.clock.advance(10_000);
    await account.run(beginOperation, begin(operationOf('one', kind)));
    expect(await readEnvironment(account.dynamodb, alicesApi)).toMatchObject({ lock: operationOf('one', kind) });
  });

  it('is held by exactly one of eight starts that begin at once', async () => {
    await using account = await installed(null);
    const operations = await Promise.all(Array.from({ length: 8 }, () => startHolder(account.sfn)));
    const outcomes = await Promise.all(
      operations.map((operation) =>
        account.run(beginOperation, begin(operation)).then(
          () => 'held',
          ({ name }: Error) => name,
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'held')).toHaveLength(1);
    expect(['held', 'OperationInProgress', 'OperationSettling']).toEqual(expect.arrayContaining(outcomes));
    expect((await readEnvironments(account.dynamodb)).items).toMatchObject([{ lock: operations[outcomes.indexOf('held')] }]);
    expect(await claims(account)).toEqual({ 'acme-api': 'alice/acme/api' });
  });

  it('is held by exactly one of a start, a stop and a remove that begin at once', async () => {
    await using account = await installed();
    await putItem(account.dynamodb, environmentKey, stopped);
    const operations = await Promise.all(kinds.map(async (kind) => ({ ...(await startHolder(account.sfn)), kind })));
    const outcomes = await Promise.all(
      operations.map((operation) =>
        account.run(beginOperation, begin(operation)).then(
          () => 'held',
          ({ name }: Error) => name,
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'held')).toHaveLength(1);
    expect(['held', 'OperationInProgress', 'OperationSettling']).toEqual(expect.arrayContaining(outcomes));
    expect((await readEnvironment(account.dynamodb, alicesApi))?.lock).toEqual(operations[outcomes.indexOf('held')]);
  });
});

describe('what an operation may not find', () => {
  const found = { creating: recordOf({ name: 'acme-api' }), removing: recordOf({ name: 'acme-api', power: 'removed' }) };
  const refused = [
    ['stop', 'creating', 'EnvironmentNotFinished', 'The environment acme/api is creating: its first start failed.'],
    ['stop', 'removing', 'EnvironmentBeingRemoved', 'The removal of acme/api started, but did not finish.'],
    ['start', 'removing', 'EnvironmentBeingRemoved', 'The removal of acme/api started, but did not finish.'],
  ] as const;

  it.each(refused)('is told to a %s that finds it %s and free: %s', async (kind, status, name, message) => {
    await using account = await installed();
    await putItem(account.dynamodb, environmentKey, found[status]);
    const before = await readEnvironments(account.dynamodb);
    expect(await account.refusal(beginOperation, begin(operationOf('one', kind)))).toMatchObject({ name, message });
    expect(await readEnvironments(account.dynamodb)).toEqual(before);
  });

  it.each(refused)('is told to a %s that finds it %s only when nobody else is at work', async (kind, status, name) => {
    await using account = await installed();
    const holder = await startHolder(account.sfn);
    await putItem(account.dynamodb, environmentKey, { ...found[status], lock: holder });
    expect((await account.refusal(beginOperation, begin(operationOf('one', kind)))).name).toBe('OperationInProgress');
    await closeHolder(account.sfn, holder);
    // At once, rather than after the wait that would end in the same refusal.
    expect((await account.refusal(beginOperation, begin(operationOf('one', kind)))).name).toBe(name);
  });

  it.each(refused)('is told to a %s that finds it %s without waiting for the quiet time', async (kind, status, name) => {
    await using account = await installed();
    await putItem(account.dynamodb, environmentKey, { ...found[status], lock: { quietUntil: account.aws.clock.now() + 30_000 } });
    expect((await account.refusal(beginOperation, begin(operationOf('one', kind)))).name).toBe(name);
  });

  it('is another option only when nobody else is at work, and then told without waiting', async () => {
    await using account = await installed();
    const holder = await startHolder(account.sfn);
    await putItem(account.dynamodb, environmentKey, { ...stopped, lock: holder });
    const differs = begin(operationOf('one'), { request: { ...begin(operationOf('one')).input.request, volumeSize: 8 } });
    expect((await account.refusal(beginOperation, differs)).name).toBe('OperationInProgress');
    await closeHolder(account.sfn, holder);
    expect((await account.refusal(beginOperation, differs)).name).toBe('VolumeCannotShrink');
  });
});
