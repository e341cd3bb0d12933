import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../../aws/records/environment.ts';
import { readNetwork } from '../../../aws/records/network.ts';
import { putItem } from '../../../aws/records/table.ts';
import type { Operation } from '../../../core/operation.ts';
import { failOperation } from '../../../functions/operation/fail-operation.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, operation, operationOf } from '../documents.ts';
import { launched, untilPrinted, untilState } from '../launched.ts';

const time = '2026-01-01T00:00:00.000Z';
const recorded = { ...environment, status: 'creating', createdAt: time, updatedAt: time };
const thrown = (name: string, errorMessage: string) => ({
  Error: name,
  Cause: JSON.stringify({ errorType: name, errorMessage, trace: [] }),
});
const document = (failure: object) => ({ environment, operation, failure });
const noCapacity = document(thrown('NoCapacity', 'no t2.medium in us-east-1a'));

describe('failOperation', () => {
  it('records the error, lets go of the environment, and keeps everybody out while Lambdas may still be at work', async () => {
    await using account = await holding(operation);
    account.stopClock();
    const now = account.aws.clock.now();
    const output = await account.run(failOperation, noCapacity);
    expect(output).toEqual({ Error: 'NoCapacity', Cause: '{"errorType":"NoCapacity","errorMessage":"no t2.medium in us-east-1a"}' });
    const at = new Date(now).toISOString();
    expect(await readEnvironment(account.dynamodb, environment)).toEqual({
      ...recorded,
      lastError: { name: 'NoCapacity', message: 'no t2.medium in us-east-1a', at },
      quietUntil: now + 35_000,
      updatedAt: at,
    });
  });

  it('lets go of the network', async () => {
    await using account = await holding(operation);
    await putNetwork(account, operation);
    await account.run(failOperation, noCapacity);
    expect(await readNetwork(account.dynamodb)).toEqual({ status: 'creating', installation: 'installation-1' });
  });

  it('leaves a network and an environment that others hold', async () => {
    await using account = await holding(operationOf('other'));
    await putNetwork(account, operationOf('other'));
    expect(await account.run(failOperation, noCapacity)).toMatchObject({ Error: 'NoCapacity' });
    expect((await readNetwork(account.dynamodb))?.operation).toEqual(operationOf('other'));
    expect(await readEnvironment(account.dynamodb, environment)).toEqual({ ...recorded, operation: operationOf('other') });
  });

  it('answers the same when it runs again', async () => {
    await using account = await holding(operation);
    const first = await account.run(failOperation, noCapacity);
    const before = await readEnvironment(account.dynamodb, environment);
    expect(await account.run(failOperation, noCapacity)).toEqual(first);
    expect(await readEnvironment(account.dynamodb, environment)).toEqual(before);
  });

  it('records a time-out and a defect under names that the CLI explains', async () => {
    await using account = await holding(operation);
    const output = await account.run(failOperation, document({ Error: 'States.Timeout', Cause: '' }));
    expect(output.Error).toBe('States.Timeout');
    expect((await readEnvironment(account.dynamodb, environment))?.lastError).toMatchObject({ name: 'ExecutionTimedOut' });
    await using other = await holding(operation);
    await other.run(failOperation, document(thrown('TypeError', 'undefined is not a function')));
    expect((await readEnvironment(other.dynamodb, environment))?.lastError).toMatchObject({
      name: 'Unexpected',
      message: 'TypeError: undefined is not a function',
    });
  });

  it.each(['SshNotReady', 'InstanceNotRunning'])('adds the end of the console of an instance that never answered (%s)', async (name) => {
    await using account = await holding(operation);
    const reason = Array.from({ length: 30 }, (_, number) => `line ${number}`).join('\n');
    await account.aws.post('ec2', { launches: [{ outcome: 'never-answers', reason }] });
    const { instanceId } = await launched(account);
    await untilState(account, instanceId, 'running');
    await untilPrinted(account, instanceId, 'line 29');
    const { Cause } = await account.run(failOperation, document(thrown(name, 'no answer.')));
    const { errorType, errorMessage } = JSON.parse(Cause) as { errorType: string; errorMessage: string };
    const tail = Array.from({ length: 20 }, (_, number) => `line ${number + 10}`).join('\n');
    expect(errorType).toBe(name);
    expect(errorMessage).toBe(`no answer.\nThe end of its console:\n${tail}`);
    expect((await readEnvironment(account.dynamodb, environment))?.lastError?.message).toBe(errorMessage);
  });

  it('says that the console shows nothing yet', async () => {
    await using account = await holding(operation);
    await launched(account);
    const { Cause } = await account.run(failOperation, document(thrown('SshNotReady', 'no answer.')));
    expect(JSON.parse(Cause)).toMatchObject({ errorMessage: 'no answer.\nIts console shows nothing yet.' });
  });

  it('says that there is no instance any more', async () => {
    await using account = await holding(operation);
    const { Cause } = await account.run(failOperation, document(thrown('SshNotReady', 'no answer.')));
    expect(JSON.parse(Cause)).toMatchObject({ errorMessage: 'no answer.\nIt has no instance any more.' });
  });

  it.each(['DescribeInstances', 'GetConsoleOutput'])(
    'lets go of the environment although %s is refused, telling why there is no console',
    async (action) => {
      await using account = await holding(operation);
      await launched(account);
      await account.refuse(action, 'UnauthorizedOperation');
      const { Cause } = await account.run(failOperation, document(thrown('SshNotReady', 'no answer.')));
      const { errorMessage } = JSON.parse(Cause) as { errorMessage: string };
      expect(errorMessage).toMatch(/^no answer\.\nIts console cannot be read: AWS says: .* \(UnauthorizedOperation\)\.$/);
      const { lastError, ...left } = (await readEnvironment(account.dynamodb, environment)) ?? {};
      expect(left).not.toHaveProperty('operation');
      expect(lastError).toMatchObject({ name: 'SshNotReady', message: errorMessage });
    },
  );

  it('asks no console about another error', async () => {
    await using account = await holding(operation);
    await account.refuse('DescribeInstances', 'UnauthorizedOperation');
    await account.run(failOperation, noCapacity);
    expect(await account.aws.get('faults')).toMatchObject({ faults: [{ action: 'DescribeInstances' }] });
  });

  it('is content with a record whose answer was lost', async () => {
    await using account = await holding(operation);
    await account.aws.post('faults', { service: 'dynamodb', action: 'UpdateItem', kind: 'lost-answer', skip: 1 });
    await account.run(failOperation, noCapacity);
    expect(await readEnvironment(account.dynamodb, environment)).toMatchObject({ lastError: { name: 'NoCapacity' } });
  });

  it('refuses a failure without a cause', async () => {
    await using account = await holding(operation);
    expect((await account.refusal(failOperation, document({ Error: 'NoCapacity' }))).name).toBe('InputNotValid');
  });
});

async function holding(holder: Operation): Promise<TestAccount> {
  const account = await testAccount();
  await account.createTable();
  await putItem(account.dynamodb, { kind: 'environment', id: 'alice/acme/api' }, { ...recorded, operation: holder });
  return account;
}

const putNetwork = ({ dynamodb }: TestAccount, holder: Operation) =>
  putItem(dynamodb, { kind: 'network', id: 'network' }, { status: 'creating', installation: 'installation-1', operation: holder });
