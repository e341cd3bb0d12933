import { describe, expect, it, vi } from 'vitest';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironment } from '../../../aws/records/read/environment.ts';
import { readNetwork } from '../../../aws/records/read/network.ts';
import type { Operation } from '../../../core/operation.ts';
import { failOperation } from '../../../functions/operation/fail-operation.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { environment, networkIds as ids, instance, operation, operationOf, request } from '../documents.ts';
import { environmentKey, recordOf } from '../installed.ts';
import { launched, untilPrinted, untilState } from '../launched.ts';

const quietMilliseconds = 35_000;
const recorded = recordOf({ name: 'acme-api' });
const thrown = (name: string, errorMessage: string) => ({
  Error: name,
  Cause: JSON.stringify({ errorType: name, errorMessage, trace: [] }),
});
const document = (failure: object) => ({ kind: 'start', environment, operation, failure });
const noCapacity = document(thrown('NoCapacity', 'no t2.medium in us-east-1a'));

describe('failOperation, told by EventBridge of an execution that has not ended well', () => {
  const event = (detail: object, executionArn = operation.executionArn) => ({
    version: '0',
    source: 'aws.states',
    detail: {
      executionArn,
      stateMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:recode-start',
      input: JSON.stringify({ caller: 'alice', environment: { owner: environment.owner, repository: environment.repository } }),
      ...detail,
    },
  });
  const aborted = event({ status: 'ABORTED', error: null, cause: null });

  it('lets go of the environment and the network that it held', async () => {
    await using account = await holding(operation);
    account.stopClock();
    await putNetwork(account, { status: 'creating', lock: operation });
    await account.run(failOperation, aborted);
    const quietUntil = account.aws.clock.now() + quietMilliseconds;
    expect(await readNetwork(account.dynamodb)).toEqual({
      format: 2,
      status: 'creating',
      installation: 'installation-1',
      lock: { quietUntil },
    });
    const left = await readEnvironment(account.dynamodb, environment);
    expect(left).toMatchObject({ lock: { quietUntil }, lastError: { name: 'ExecutionAborted' } });
    expect(left?.lastOperations).toMatchObject([{ ...operation, error: 'ExecutionAborted' }]);
    expect(left?.lock).not.toHaveProperty('executionArn');
  });

  it('changes nothing that another execution holds, or nobody', async () => {
    await using account = await holding(operationOf('other'));
    const before = await readEnvironment(account.dynamodb, environment);
    await account.run(failOperation, aborted);
    expect(await readEnvironment(account.dynamodb, environment)).toEqual(before);
  });

  it('is content where Recode is not installed, and with an input that was never valid', async () => {
    await using account = await testAccount();
    await account.run(failOperation, aborted);
    await account.run(failOperation, event({ status: 'FAILED', error: 'InputNotValid', cause: '{}', input: '[]' }));
  });

  it.each([
    ['counts what is the administrator’s business', { status: 'TIMED_OUT' }, ['OperationsFailed']],
    ['does not count what was stopped', { status: 'ABORTED' }, []],
    ['does not count what was refused', { status: 'FAILED', error: 'OperationInProgress', cause: '{}' }, []],
  ])('%s', async (_, detail, counted) => {
    await using account = await testAccount();
    const add = vi.spyOn(account.metrics, 'addMetric');
    await account.run(failOperation, event(detail));
    expect(add.mock.calls.map(([name]) => name)).toEqual(counted);
  });
});

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
      lastOperations: [{ ...operation, endedAt: at, error: 'NoCapacity' }],
      lock: { quietUntil: now + quietMilliseconds },
      updatedAt: at,
    });
  });

  it('lets go of the network that it was making, and keeps everybody out of that too', async () => {
    await using account = await holding(operation);
    account.stopClock();
    await putNetwork(account, { status: 'creating', lock: operation });
    await account.run(failOperation, noCapacity);
    const quietUntil = account.aws.clock.now() + quietMilliseconds;
    expect(await readNetwork(account.dynamodb)).toEqual({
      format: 2,
      status: 'creating',
      installation: 'installation-1',
      lock: { quietUntil },
    });
  });

  it('leaves the network alone where there was nothing to make of it', async () => {
    await using account = await holding(operation);
    await putNetwork(account, { status: 'ready', ids });
    await account.run(failOperation, noCapacity);
    expect(await readNetwork(account.dynamodb)).toEqual({ format: 2, status: 'ready', installation: 'installation-1', ids });
  });

  it('leaves a network and an environment that others hold', async () => {
    await using account = await holding(operationOf('other'));
    await putNetwork(account, { status: 'creating', lock: operationOf('other') });
    expect(await account.run(failOperation, noCapacity)).toMatchObject({ Error: 'NoCapacity' });
    expect((await readNetwork(account.dynamodb))?.lock).toEqual(operationOf('other'));
    expect(await readEnvironment(account.dynamodb, environment)).toEqual({ ...recorded, lock: operationOf('other') });
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
    expect(output.Error).toBe('ExecutionTimedOut');
    expect((await readEnvironment(account.dynamodb, environment))?.lastError).toMatchObject({ name: 'ExecutionTimedOut' });
    await using other = await holding(operation);
    await other.run(failOperation, document(thrown('TypeError', 'undefined is not a function')));
    expect((await readEnvironment(other.dynamodb, environment))?.lastError).toMatchObject({
      name: 'Unexpected',
      message: 'TypeError: undefined is not a function',
    });
  });

  it('names an error of Step Functions, which may come without a cause, as one that the CLI explains', async () => {
    await using account = await holding(operation);
    expect(await account.run(failOperation, document({ Error: 'States.Permissions' }))).toMatchObject({ Error: 'Unexpected' });
    expect((await readEnvironment(account.dynamodb, environment))?.lastError).toMatchObject({ message: 'States.Permissions.' });
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
    expect(JSON.parse(Cause)).toMatchObject({ errorMessage: 'no answer.\nIt no longer has an instance.' });
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
      const { lock, lastError } = (await readEnvironment(account.dynamodb, environment)) ?? {};
      expect(lock).toEqual({ quietUntil: expect.any(Number) });
      expect(lastError).toMatchObject({ name: 'SshNotReady', message: errorMessage });
    },
  );

  it.each(['stop', 'remove'] as const)('of a %s leaves what the next attempt goes on from, and asks no console', async (kind) => {
    const record = recordOf({ power: kind === 'stop' ? 'off' : 'removed', name: 'acme-api', instance });
    const own = operationOf('one', kind);
    await using account = await holding(own, record);
    await account.refuse('GetConsoleOutput', 'UnauthorizedOperation');
    const failure = thrown('InstanceNotRunning', 'The instance i-1 is pending.');
    const output = await account.run(failOperation, { kind, environment, operation: own, failure });
    expect(JSON.parse(output.Cause)).toMatchObject({ errorMessage: 'The instance i-1 is pending.' });
    expect(await account.aws.get('faults')).toMatchObject({ faults: [{ action: 'GetConsoleOutput' }] });
    expect(await readEnvironment(account.dynamodb, environment)).toMatchObject({
      wanted: record.wanted,
      lastError: { name: 'InstanceNotRunning', message: 'The instance i-1 is pending.', at: expect.any(String) },
      lock: { quietUntil: expect.any(Number) },
      updatedAt: expect.not.stringContaining(record.updatedAt),
    });
  });

  it('asks no console about another error', async () => {
    await using account = await holding(operation);
    await account.refuse('GetConsoleOutput', 'UnauthorizedOperation');
    await account.run(failOperation, noCapacity);
    expect(await account.aws.get('faults')).toMatchObject({ faults: [{ action: 'GetConsoleOutput' }] });
  });

  it('is content with a record whose answer was lost', async () => {
    await using account = await holding(operation);
    await account.aws.post('faults', { service: 'dynamodb', action: 'UpdateItem', kind: 'lost-answer', skip: 1 });
    await account.run(failOperation, noCapacity);
    expect(await readEnvironment(account.dynamodb, environment)).toMatchObject({ lastError: { name: 'NoCapacity' } });
  });

  it('ends with the failure where there is no table any more', async () => {
    await using account = await testAccount();
    expect(await account.run(failOperation, noCapacity)).toMatchObject({ Error: 'NoCapacity' });
  });

  it('does not take a table that cannot be written for one that is not there', async () => {
    await using account = await holding(operation);
    await account.aws.post('faults', { service: 'dynamodb', action: 'UpdateItem', kind: 'error', code: 'AccessDeniedException' });
    expect((await account.refusal(failOperation, noCapacity)).name).toBe('PermissionMissing');
  });

  it('refuses a failure without a name', async () => {
    await using account = await holding(operation);
    expect((await account.refusal(failOperation, document({ Cause: 'No.' }))).name).toBe('InputNotValid');
  });
});

describe('what failOperation records of the instance', () => {
  const observed = async ({ dynamodb }: TestAccount) => (await readEnvironment(dynamodb, environment))?.observed;
  const ended = {
    detail: {
      executionArn: operation.executionArn,
      stateMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:recode-start',
      status: 'ABORTED',
      input: JSON.stringify({ caller: 'alice', environment: { owner: 'alice', repository: 'acme/api' } }),
    },
  };

  it.each([
    ['the workflow', noCapacity],
    ['EventBridge', ended],
  ])('is the one that a start has launched before it failed, told by %s', async (_, document) => {
    await using account = await holding(operation);
    const { instanceId } = await launched(account);
    const { PublicIpAddress, LaunchTime } = await untilState(account, instanceId, 'running');
    await account.run(failOperation, document);
    expect(await observed(account)).toEqual({
      instanceId,
      instanceType: 't2.medium',
      architecture: 'x86_64',
      hostKey: expect.stringMatching(/^ssh-ed25519 /),
      state: 'running',
      publicIpAddress: PublicIpAddress,
      launchedAt: LaunchTime?.toISOString(),
      at: expect.any(String),
    });
  });

  it('gives an instance that runs a time to stop, as a start that succeeds does', async () => {
    await using account = await holding(operation);
    account.choose({ autoStop: { kind: 'after', minutes: 60 } });
    const { instanceId } = await launched(account);
    await untilState(account, instanceId, 'running');
    await account.run(failOperation, noCapacity);
    const left = await readEnvironment(account.dynamodb, environment);
    expect(left?.wanted.stopAt).toBe(new Date(account.aws.clock.now() + 3_600_000).toISOString());
  });

  it('is nothing where there is none', async () => {
    await using account = await holding(operation);
    await account.run(failOperation, noCapacity);
    expect(await observed(account)).toBeUndefined();
  });

  it('is that the recorded one is gone', async () => {
    await using account = await holding(operation, recordOf({ name: 'acme-api', instance, publicIpAddress: '127.64.0.1' }));
    await account.run(failOperation, noCapacity);
    expect(await observed(account)).toEqual({ ...instance, state: 'gone', at: expect.not.stringContaining('2026-01-01') });
  });

  it.each([
    ['is nothing where EC2 has ended its launch', 'pending', {}, undefined],
    ['is that it is gone where it has run', 'running', {}, { state: 'gone' }],
    ['is that it is gone where a kept disk is left to go on with', 'pending', { restore: true } as const, { state: 'gone' }],
  ] as const)('%s', async (_, state, wishes, expected) => {
    await using account = await testAccount();
    await account.aws.post('ec2', { launches: [{ outcome: 'terminated', reason: 'Server.InternalError: Internal error on launch' }] });
    const { instanceId } = await launched(account);
    await untilState(account, instanceId, 'terminated');
    const record = recordOf({ name: 'acme-api', instance, request: { ...request, ...wishes } });
    const seen = { ...record, observed: { ...instance, instanceId, state, at: record.updatedAt } };
    await putItem(account.dynamodb, environmentKey, { ...seen, lock: operation }, { when: 'attribute_exists(#kind)', values: {} });
    await account.run(failOperation, noCapacity);
    const left = await readEnvironment(account.dynamodb, environment);
    if (expected === undefined) expect(left).not.toHaveProperty('observed');
    else expect(left?.observed).toMatchObject(expected);
    expect(left?.lock).toEqual({ quietUntil: expect.any(Number) });
  });

  it('is what was recorded where EC2 does not answer, which the log tells', async () => {
    const record = recordOf({ name: 'acme-api', instance, publicIpAddress: '127.64.0.1' });
    await using account = await holding(operation, record);
    const warn = vi.spyOn(account.logger, 'warn');
    await account.refuse('DescribeInstances', 'RequestLimitExceeded');
    await account.run(failOperation, noCapacity);
    const left = await readEnvironment(account.dynamodb, environment);
    expect(left?.observed).toEqual(record.observed);
    expect(left?.lock).toEqual({ quietUntil: expect.any(Number) });
    expect(warn).toHaveBeenCalledExactlyOnceWith('The instance of a failed operation cannot be observed', {
      executionArn: operation.executionArn,
      cause: expect.objectContaining({ name: 'RequestThrottled' }),
    });
  });

  it('is not asked for where another operation has taken over', async () => {
    await using account = await holding(operationOf('other'));
    await account.refuse('DescribeInstances', 'RequestLimitExceeded');
    await account.run(failOperation, noCapacity);
    expect(await account.aws.get('faults')).toMatchObject({ faults: [{ action: 'DescribeInstances' }] });
  });
});

describe('failOperation of an uninstall', () => {
  const uninstall = operationOf('one', 'uninstall');
  const failure = thrown('DependencyStillInUse', 'AWS says: in use.');
  const failed = { kind: 'uninstall', operation: uninstall, failure };

  it('gives a network back complete where nothing was deleted yet, and nobody has to wait', async () => {
    await using account = await holding(operationOf('other'));
    await putNetwork(account, { status: 'deleting', before: 'ready', ids, lock: uninstall });
    const output = await account.run(failOperation, failed);
    expect(output).toEqual({
      Error: 'DependencyStillInUse',
      Cause: JSON.stringify({ errorType: failure.Error, errorMessage: 'AWS says: in use.' }),
    });
    expect(await readNetwork(account.dynamodb)).toEqual({ format: 2, status: 'ready', installation: 'installation-1', ids });
    expect(await readEnvironment(account.dynamodb, environment)).toEqual({ ...recorded, lock: operationOf('other') });
  });

  it('leaves an incomplete network, and keeps everybody out while Lambdas may still delete some of it', async () => {
    await using account = await holding(operationOf('other'));
    account.stopClock();
    await putNetwork(account, { status: 'deleting', before: 'creating', lock: uninstall });
    await account.run(failOperation, failed);
    const quietUntil = account.aws.clock.now() + quietMilliseconds;
    expect(await readNetwork(account.dynamodb)).toEqual({
      format: 2,
      status: 'creating',
      installation: 'installation-1',
      lock: { quietUntil },
    });
  });

  it('leaves a network that another uninstall has taken over', async () => {
    await using account = await holding(operationOf('other'));
    const taken = { status: 'deleting', before: 'creating', lock: operationOf('two', 'uninstall') };
    await putNetwork(account, taken);
    await account.run(failOperation, failed);
    expect(await readNetwork(account.dynamodb)).toEqual({ format: 2, installation: 'installation-1', ...taken });
  });

  it('is content with a network whose answer was lost', async () => {
    await using account = await holding(operationOf('other'));
    await putNetwork(account, { status: 'deleting', before: 'ready', ids, lock: uninstall });
    await account.aws.post('faults', { service: 'dynamodb', action: 'UpdateItem', kind: 'lost-answer' });
    const first = await account.run(failOperation, failed);
    expect(await account.run(failOperation, failed)).toEqual(first);
    expect(await readNetwork(account.dynamodb)).toEqual({ format: 2, status: 'ready', installation: 'installation-1', ids });
  });

  it('ends with the failure where the table is gone already', async () => {
    await using account = await testAccount();
    expect(await account.run(failOperation, failed)).toMatchObject({ Error: 'DependencyStillInUse' });
  });
});

async function holding(lock: Operation, record: object = recorded): Promise<TestAccount> {
  const account = await testAccount();
  await account.createTable();
  await putItem(account.dynamodb, environmentKey, { ...record, lock });
  return account;
}

const putNetwork = ({ dynamodb }: TestAccount, network: object) =>
  putItem(dynamodb, { kind: 'network', id: 'network' }, { format: 2, installation: 'installation-1', ...network });
