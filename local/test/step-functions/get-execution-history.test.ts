import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  ListExecutionsCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleRuntime, type Embedded, embed, inLines, machineArn, refusal } from '../harness/step-functions.ts';

const working = {
  StartAt: 'Prepare',
  States: {
    Prepare: { Type: 'Pass', Result: { ready: true }, ResultPath: '$.prepared', Next: 'Work' },
    Work: {
      Type: 'Task',
      Resource: '${work}',
      ResultPath: '$.worked',
      Retry: [{ ErrorEquals: ['NotYet'], IntervalSeconds: 1 }],
      Catch: [{ ErrorEquals: ['Hopeless'], ResultPath: '$.error', Next: 'Report' }],
      Next: 'Ready',
    },
    Ready: { Type: 'Choice', Choices: [{ Variable: '$.prepared.ready', BooleanEquals: true, Next: 'Done' }], Default: 'Report' },
    Done: { Type: 'Succeed' },
    Report: { Type: 'Fail', Error: 'GaveUp', CausePath: '$.error.Error' },
  },
};
const work = `
let calls = 0;
export const handler = async ({ fail }) => {
  calls += 1;
  if (fail === 'once' && calls === 1) throw Object.assign(new Error('not yet'), { name: 'NotYet' });
  if (fail === 'always') throw Object.assign(new Error('hopeless'), { name: 'Hopeless' });
  return { calls };
};`;

let shared: string;
let embedded: Embedded;

beforeAll(async () => {
  shared = mkdtempSync(join(tmpdir(), 'api-'));
  const runtimeFile = await bundleRuntime(shared);
  embedded = await embed({ runtimeFile, stateMachines: { working }, functions: { work } });
});
afterAll(async () => {
  await embedded.stop();
  rmSync(shared, { recursive: true });
});

describe('GetExecutionHistory', () => {
  const all = async (executionArn: string, rest: object = {}) => {
    const pages: HistoryEvent[][] = [];
    let nextToken: string | undefined;
    do {
      const page = await embedded.sfn.send(new GetExecutionHistoryCommand({ executionArn, ...rest, ...(nextToken && { nextToken }) }));
      pages.push(page.events ?? []);
      nextToken = page.nextToken;
    } while (nextToken);
    return pages;
  };

  it('lists a success, retry included, event by event', async () => {
    embedded.clock.setRate(1000);
    const { executionArn } = await embedded.run('working', { fail: 'once' });
    embedded.clock.setRate(1);
    const events = await embedded.history(executionArn);
    const input = '{"fail":"once"}';
    const prepared = '{"fail":"once","prepared":{"ready":true}}';
    const worked = '{"fail":"once","prepared":{"ready":true},"worked":{"calls":2}}';
    const truncated = { truncated: false };
    const scheduled = { resource: 'arn:aws:lambda:us-east-1:000000000000:function:work', input: prepared, inputDetails: truncated };
    expect(events.map(({ timestamp, ...event }) => event)).toEqual([
      {
        id: 1,
        previousEventId: 0,
        type: 'ExecutionStarted',
        executionStartedEventDetails: { input, inputDetails: truncated, roleArn: 'arn:aws:iam::000000000000:role/working' },
      },
      {
        id: 2,
        previousEventId: 0,
        type: 'PassStateEntered',
        stateEnteredEventDetails: { name: 'Prepare', input, inputDetails: truncated },
      },
      {
        id: 3,
        previousEventId: 2,
        type: 'PassStateExited',
        stateExitedEventDetails: { name: 'Prepare', output: prepared, outputDetails: truncated },
      },
      {
        id: 4,
        previousEventId: 3,
        type: 'TaskStateEntered',
        stateEnteredEventDetails: { name: 'Work', input: prepared, inputDetails: truncated },
      },
      { id: 5, previousEventId: 4, type: 'LambdaFunctionScheduled', lambdaFunctionScheduledEventDetails: scheduled },
      { id: 6, previousEventId: 5, type: 'LambdaFunctionStarted' },
      {
        id: 7,
        previousEventId: 6,
        type: 'LambdaFunctionFailed',
        lambdaFunctionFailedEventDetails: {
          error: 'NotYet',
          cause: expect.stringMatching(/^\{"errorType":"NotYet","errorMessage":"not yet","trace":\["NotYet: not yet","/),
        },
      },
      { id: 8, previousEventId: 7, type: 'LambdaFunctionScheduled', lambdaFunctionScheduledEventDetails: scheduled },
      { id: 9, previousEventId: 8, type: 'LambdaFunctionStarted' },
      {
        id: 10,
        previousEventId: 9,
        type: 'LambdaFunctionSucceeded',
        lambdaFunctionSucceededEventDetails: { output: '{"calls":2}', outputDetails: truncated },
      },
      {
        id: 11,
        previousEventId: 10,
        type: 'TaskStateExited',
        stateExitedEventDetails: { name: 'Work', output: worked, outputDetails: truncated },
      },
      {
        id: 12,
        previousEventId: 11,
        type: 'ChoiceStateEntered',
        stateEnteredEventDetails: { name: 'Ready', input: worked, inputDetails: truncated },
      },
      {
        id: 13,
        previousEventId: 12,
        type: 'ChoiceStateExited',
        stateExitedEventDetails: { name: 'Ready', output: worked, outputDetails: truncated },
      },
      {
        id: 14,
        previousEventId: 13,
        type: 'SucceedStateEntered',
        stateEnteredEventDetails: { name: 'Done', input: worked, inputDetails: truncated },
      },
      {
        id: 15,
        previousEventId: 14,
        type: 'SucceedStateExited',
        stateExitedEventDetails: { name: 'Done', output: worked, outputDetails: truncated },
      },
      {
        id: 16,
        previousEventId: 15,
        type: 'ExecutionSucceeded',
        executionSucceededEventDetails: { output: worked, outputDetails: truncated },
      },
    ]);
    const times = events.map(({ timestamp }) => timestamp?.getTime() ?? 0);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('lists a failure, event by event', async () => {
    const { executionArn, error, cause } = await embedded.run('working', { fail: 'always' });
    expect({ error, cause }).toEqual({ error: 'GaveUp', cause: 'Hopeless' });
    const events = await embedded.history(executionArn);
    expect(inLines(events)).toEqual([
      '1<0 ExecutionStarted',
      '2<0 PassStateEntered Prepare',
      '3<2 PassStateExited Prepare',
      '4<3 TaskStateEntered Work',
      '5<4 LambdaFunctionScheduled',
      '6<5 LambdaFunctionStarted',
      '7<6 LambdaFunctionFailed',
      '8<7 TaskStateExited Work',
      '9<8 FailStateEntered Report',
      '10<9 ExecutionFailed',
    ]);
    expect(events.at(-1)?.executionFailedEventDetails).toEqual({ error: 'GaveUp', cause: 'Hopeless' });
  });

  it('pages forwards and backwards', async () => {
    const { executionArn } = await embedded.run('working', { fail: 'always' });
    const whole = await embedded.history(executionArn);
    const forwards = await all(executionArn, { maxResults: 4 });
    expect(forwards.map((page) => page.length)).toEqual([4, 4, 2]);
    expect(forwards.flat()).toEqual(whole);
    const backwards = await all(executionArn, { maxResults: 5, reverseOrder: true });
    expect(backwards.map((page) => page.length)).toEqual([5, 5]);
    expect(backwards.flat()).toEqual(whole.toReversed());
  });

  it('omits inputs and outputs on request', async () => {
    const { executionArn } = await embedded.run('working', { fail: 'always' });
    const { events } = await embedded.sfn.send(new GetExecutionHistoryCommand({ executionArn, includeExecutionData: false }));
    expect(JSON.stringify(events)).not.toMatch(/put/);
    expect(events?.[1]?.stateEnteredEventDetails).toEqual({ name: 'Prepare' });
  });

  it('refuses a token of another request, and more results than AWS returns', async () => {
    const { executionArn } = await embedded.run('working');
    const { nextToken } = await embedded.sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1 }));
    const refused = refusal('InvalidToken', /^Invalid Token: 'Invalid token'$/);
    await expect(embedded.sfn.send(new GetExecutionHistoryCommand({ executionArn, nextToken: 'x' }))).rejects.toEqual(refused);
    await expect(embedded.sfn.send(new GetExecutionHistoryCommand({ executionArn, nextToken, reverseOrder: true }))).rejects.toEqual(
      refused,
    );
    await expect(embedded.sfn.send(new ListExecutionsCommand({ stateMachineArn: machineArn('working'), nextToken }))).rejects.toEqual(
      refused,
    );
    await expect(embedded.sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1001 }))).rejects.toEqual(
      refusal(
        'ValidationException',
        /^1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000$/,
      ),
    );
  });

  it('refuses a missing execution', async () => {
    const executionArn = 'arn:aws:states:us-east-1:000000000000:execution:working:nobody';
    const refused = refusal('ExecutionDoesNotExist', new RegExp(`^Execution Does Not Exist: '${executionArn}'$`));
    await expect(embedded.sfn.send(new GetExecutionHistoryCommand({ executionArn }))).rejects.toEqual(refused);
    await expect(embedded.sfn.send(new DescribeExecutionCommand({ executionArn }))).rejects.toEqual(refused);
    await expect(embedded.sfn.send(new StopExecutionCommand({ executionArn }))).rejects.toEqual(refused);
    await expect(embedded.sfn.send(new DescribeExecutionCommand({ executionArn: 'nobody' }))).rejects.toEqual(
      refusal('InvalidArn', /Invalid ARN prefix: nobody/),
    );
  });
});
