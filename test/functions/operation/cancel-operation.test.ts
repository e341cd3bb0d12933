import { DescribeExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { putItem } from '../../../aws/records/hold/table.ts';
import { readEnvironment } from '../../../aws/records/read/environment.ts';
import type { Environment } from '../../../core/environment.ts';
import { cancelOperation } from '../../../functions/operation/cancel-operation.ts';
import { failOperation } from '../../../functions/operation/fail-operation.ts';
import { closeHolder, startHolder } from '../../harness/holders.ts';
import { type TestAccount, testAccount } from '../account.ts';
import { operationOf } from '../documents.ts';
import { alicesApi, environmentKey, installed, recordOf } from '../installed.ts';

const quietMilliseconds = 35_000;
const cancel = (executionArn: string, caller = 'bob') => ({
  executionArn: 'arn:aws:states:us-east-1:000000000000:execution:recode-cancel:one',
  input: { caller, environment: alicesApi, executionArn },
});
const hold = ({ dynamodb }: TestAccount, lock: Environment['lock']) =>
  putItem(dynamodb, environmentKey, recordOf({ name: 'acme-api', ...(lock && { lock }) }));
const read = ({ dynamodb }: TestAccount) => readEnvironment(dynamodb, alicesApi);
const ended = ({ sfn }: TestAccount, executionArn: string) => sfn.send(new DescribeExecutionCommand({ executionArn }));
const failure = (name: string, message: string) => ({ Error: name, Cause: JSON.stringify({ errorType: name, errorMessage: message }) });
const cancelled = 'bob cancelled the start of acme/api.';

describe('cancelOperation', () => {
  it('stops the execution that holds the environment, under the name of a cancel and with who asked', async () => {
    await using account = await installed();
    const holder = await startHolder(account.sfn, 'alice');
    await hold(account, holder);
    const output = await account.run(cancelOperation, cancel(holder.executionArn));
    expect(output).toEqual({ environment: alicesApi, operation: holder, failure: failure('OperationCancelled', cancelled) });
    expect(await ended(account, holder.executionArn)).toMatchObject({ status: 'ABORTED', error: 'OperationCancelled', cause: cancelled });
    expect((await read(account))?.lock).toEqual(holder);
  });

  it('answers the same again, also to somebody else: the first one has cancelled it', async () => {
    await using account = await installed();
    const holder = await startHolder(account.sfn);
    await hold(account, holder);
    const first = await account.run(cancelOperation, cancel(holder.executionArn));
    expect(await account.run(cancelOperation, cancel(holder.executionArn, 'carol'))).toEqual(first);
  });

  it('lets FailOperation release the environment for the quiet time, however often it is called, and by the workflow or by EventBridge first', async () => {
    await using account = await installed();
    account.stopClock();
    const holder = await startHolder(account.sfn);
    await hold(account, holder);
    const output = await account.run(cancelOperation, cancel(holder.executionArn));
    // As EventBridge tells of the stopped execution.
    const detail = {
      ...{ executionArn: holder.executionArn, stateMachineArn: 'arn:aws:states:us-east-1:1:stateMachine:recode-start' },
      ...{ status: 'ABORTED', error: 'OperationCancelled', cause: cancelled, input: JSON.stringify({ environment: alicesApi }) },
    };
    const left = [];
    for (const [first, second] of [
      [output, { detail }],
      [{ detail }, output],
    ]) {
      await account.run(failOperation, first);
      const released = await read(account);
      expect(await account.run(failOperation, second)).toEqual(failure('OperationCancelled', cancelled));
      expect(await read(account)).toEqual(released);
      left.push(released);
      const { lastOperations: _, lastError: __, ...before } = released ?? recordOf();
      await putItem(account.dynamodb, environmentKey, { ...before, lock: holder }, { when: 'attribute_exists(#kind)', values: {} });
    }
    const at = new Date(account.aws.clock.now()).toISOString();
    expect(left[0]).toMatchObject({
      lock: { quietUntil: account.aws.clock.now() + quietMilliseconds },
      lastError: { name: 'OperationCancelled', message: cancelled, at },
      lastOperations: [{ ...holder, endedAt: at, error: 'OperationCancelled' }],
    });
    expect(left[1]).toEqual(left[0]);
  });

  it('leaves another operation alone that holds the environment by then, and one that nobody holds', async () => {
    await using account = await installed();
    const [mine, next] = [await startHolder(account.sfn), await startHolder(account.sfn)];
    await hold(account, next);
    expect(await account.run(cancelOperation, cancel(mine.executionArn))).toEqual({ environment: alicesApi });
    for (const { executionArn } of [mine, next]) expect((await ended(account, executionArn)).status).toBe('RUNNING');
    await using free = await installed();
    await hold(free, { quietUntil: 5 });
    expect(await free.run(cancelOperation, cancel(mine.executionArn))).toEqual({ environment: alicesApi });
  });

  it('is content without the environment, and without the table', async () => {
    await using account = await installed();
    expect(await account.run(cancelOperation, cancel(operationOf('one').executionArn))).toEqual({ environment: alicesApi });
    await using empty = await testAccount();
    expect(await empty.run(cancelOperation, cancel(operationOf('one').executionArn))).toEqual({ environment: alicesApi });
  });

  it('keeps the end of an execution that has not released the environment', async () => {
    await using account = await installed();
    const holder = await startHolder(account.sfn);
    await hold(account, holder);
    await account.sfn.send(new StopExecutionCommand({ executionArn: holder.executionArn, cause: 'by hand' }));
    const output = await account.run(cancelOperation, cancel(holder.executionArn));
    expect(output).toMatchObject({ failure: failure('ExecutionAborted', 'The execution was stopped: by hand') });
  });

  it('counts an execution that Step Functions does not know as one that runs, for fifteen minutes', async () => {
    await using account = await installed();
    const at = (minutesAgo: number) => new Date(account.aws.clock.now() - minutesAgo * 60_000).toISOString();
    const unknown = operationOf('unknown');
    await hold(account, { ...unknown, startedAt: at(14) });
    expect(await account.refusal(cancelOperation, cancel(unknown.executionArn))).toMatchObject({ name: 'NotVisibleYet' });
    account.aws.clock.advance(60_000);
    const output = await account.run(cancelOperation, cancel(unknown.executionArn));
    expect(output).toMatchObject({ failure: failure('ExecutionAborted', 'Step Functions no longer has the execution.') });
  });

  it('stops nothing for somebody who has not proved who they are', async () => {
    await using account = await installed();
    const holder = await startHolder(account.sfn);
    await hold(account, holder);
    const { input, ...execution } = cancel(holder.executionArn);
    const { caller: _, ...unproven } = input;
    expect((await account.refusal(cancelOperation, { ...execution, input: unproven })).name).toBe('ProofMissing');
    expect((await ended(account, holder.executionArn)).status).toBe('RUNNING');
    await closeHolder(account.sfn, holder);
  });
});
