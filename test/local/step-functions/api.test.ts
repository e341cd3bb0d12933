import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  DescribeStateMachineForExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  ListActivitiesCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleRuntime, type Embedded, embed, inLines, machineArn } from './embedded.ts';

const waiting = { StartAt: 'Long', States: { Long: { Type: 'Wait', Seconds: 3600, End: true } } };
const passing = { Comment: 'passes', StartAt: 'Pass', States: { Pass: { Type: 'Pass', End: true } } };
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
  embedded = await embed({ runtimeFile, stateMachines: { waiting, passing, working }, functions: { work } });
});
afterAll(async () => {
  await embedded.stop();
  rmSync(shared, { recursive: true });
});

const send: Embedded['sfn']['send'] = ((...parameters: Parameters<Embedded['sfn']['send']>) =>
  embedded.sfn.send(...parameters)) as Embedded['sfn']['send'];

/** What the SDK makes of a refusal. */
const refusal = (name: string, message: string | RegExp) => expect.objectContaining({ name, message: expect.stringMatching(message) });

describe('StartExecution', () => {
  it('gives an execution a name of its own where it has none', async () => {
    const { executionArn, startDate } = await send(new StartExecutionCommand({ stateMachineArn: machineArn('passing') }));
    expect(executionArn).toMatch(/^arn:aws:states:us-east-1:000000000000:execution:passing:[0-9a-f-]{36}$/);
    expect(Math.abs((startDate?.getTime() ?? 0) - Date.now())).toBeLessThan(10_000);
    expect(await embedded.end(executionArn ?? '')).toMatchObject({ status: 'SUCCEEDED', output: {} });
  });

  it('answers the running execution when it is asked for again with the same input', async () => {
    const request = { stateMachineArn: machineArn('waiting'), name: 'again', input: '{"a":1}' };
    const first = await send(new StartExecutionCommand(request));
    const { executionArn, startDate } = await send(new StartExecutionCommand(request));
    expect({ executionArn, startDate }).toEqual({ executionArn: first.executionArn, startDate: first.startDate });
    const refused = refusal(
      'ExecutionAlreadyExists',
      /^Execution Already Exists: 'arn:aws:states:us-east-1:000000000000:execution:waiting:again'$/,
    );
    await expect(send(new StartExecutionCommand({ ...request, input: '{"a": 1}' }))).rejects.toEqual(refused);
    await send(new StopExecutionCommand({ executionArn }));
    await expect(send(new StartExecutionCommand(request))).rejects.toEqual(refused);
  });

  it.each(['a b', 'a/b', '../up', 'a:b', 'a*', 'a"', 'a\u0007', 'a|b'])('refuses the name %j', async (name) => {
    await expect(send(new StartExecutionCommand({ stateMachineArn: machineArn('passing'), name }))).rejects.toEqual(
      refusal('InvalidName', /^Invalid Name: '/),
    );
  });

  it('takes every name that AWS takes', async () => {
    for (const name of ['.', '..', 'a.next', 'ü-_+=@!()', 'é'.repeat(80)]) {
      const executionArn = await embedded.start('passing', {}, name);
      expect(await embedded.end(executionArn)).toMatchObject({ status: 'SUCCEEDED', executionArn: expect.stringContaining(`:${name}`) });
    }
  });

  it('refuses a name and an input that are too long', async () => {
    const start = (rest: object) => send(new StartExecutionCommand({ stateMachineArn: machineArn('passing'), ...rest }));
    await expect(start({ name: 'x'.repeat(81) })).rejects.toEqual(
      refusal('ValidationException', /at 'name' failed to satisfy constraint: Member must have length less than or equal to 80$/),
    );
    await expect(start({ input: JSON.stringify('ü'.repeat(131_072)) })).rejects.toEqual(
      refusal('ValidationException', /at 'input' failed to satisfy constraint: Member must have length less than or equal to 262144$/),
    );
  });

  it.each(['', 'not json', "{'a': 1}"])('refuses the input %j', async (input) => {
    await expect(send(new StartExecutionCommand({ stateMachineArn: machineArn('passing'), input }))).rejects.toEqual(
      refusal('InvalidExecutionInput', /^Invalid State Machine Execution Input: '/),
    );
  });

  it('refuses a state machine that is not there, in this region or another', async () => {
    const nobody = machineArn('nobody');
    await expect(send(new StartExecutionCommand({ stateMachineArn: nobody }))).rejects.toEqual(
      refusal('StateMachineDoesNotExist', new RegExp(`^State Machine Does Not Exist: '${nobody}'$`)),
    );
    const elsewhere = embedded.clientIn('eu-central-1');
    const refused = refusal('StateMachineDoesNotExist', /^State Machine Does Not Exist/);
    await expect(elsewhere.send(new StartExecutionCommand({ stateMachineArn: machineArn('passing') }))).rejects.toEqual(refused);
    await expect(elsewhere.send(new DescribeStateMachineCommand({ stateMachineArn: machineArn('passing') }))).rejects.toEqual(refused);
    await expect(elsewhere.send(new ListExecutionsCommand({ stateMachineArn: machineArn('passing') }))).rejects.toEqual(refused);
    expect((await elsewhere.send(new ListStateMachinesCommand({}))).stateMachines).toEqual([]);
    elsewhere.destroy();
  });

  it('refuses what is no ARN of a state machine', async () => {
    await expect(send(new StartExecutionCommand({ stateMachineArn: 'passing' }))).rejects.toEqual(
      refusal('InvalidArn', /^Invalid Arn: 'Invalid ARN prefix: passing'$/),
    );
    await expect(
      send(new StartExecutionCommand({ stateMachineArn: machineArn('x').replace('stateMachine', 'execution') })),
    ).rejects.toEqual(refusal('InvalidArn', /^Invalid Arn: 'Resource type not valid in this context: execution'$/));
  });

  it('refuses members that it does not honour, and actions that it does not have', async () => {
    await expect(send(new StartExecutionCommand({ stateMachineArn: machineArn('passing'), traceHeader: 'x' }))).rejects.toEqual(
      refusal('ValidationException', /at 'traceHeader' failed to satisfy constraint: The embedded AWS does not support this member$/),
    );
    await expect(send(new ListActivitiesCommand({}))).rejects.toEqual(
      refusal('UnsupportedOperation', /^The embedded AWS does not support states:ListActivities\.$/),
    );
  });
});

describe('GetExecutionHistory', () => {
  const all = async (executionArn: string, rest: object = {}) => {
    const pages: HistoryEvent[][] = [];
    let nextToken: string | undefined;
    do {
      const page = await send(new GetExecutionHistoryCommand({ executionArn, ...rest, ...(nextToken && { nextToken }) }));
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

  it('leaves out inputs and outputs on request', async () => {
    const { executionArn } = await embedded.run('working', { fail: 'always' });
    const { events } = await send(new GetExecutionHistoryCommand({ executionArn, includeExecutionData: false }));
    expect(JSON.stringify(events)).not.toMatch(/put/);
    expect(events?.[1]?.stateEnteredEventDetails).toEqual({ name: 'Prepare' });
  });

  it('refuses a token of something else, and more results than AWS gives', async () => {
    const { executionArn } = await embedded.run('working');
    const { nextToken } = await send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1 }));
    const refused = refusal('InvalidToken', /^Invalid Token: 'Invalid token'$/);
    await expect(send(new GetExecutionHistoryCommand({ executionArn, nextToken: 'x' }))).rejects.toEqual(refused);
    await expect(send(new GetExecutionHistoryCommand({ executionArn, nextToken, reverseOrder: true }))).rejects.toEqual(refused);
    await expect(send(new ListExecutionsCommand({ stateMachineArn: machineArn('working'), nextToken }))).rejects.toEqual(refused);
    await expect(send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1001 }))).rejects.toEqual(
      refusal(
        'ValidationException',
        /^1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000$/,
      ),
    );
  });

  it('refuses an execution that is not there', async () => {
    const executionArn = 'arn:aws:states:us-east-1:000000000000:execution:working:nobody';
    const refused = refusal('ExecutionDoesNotExist', new RegExp(`^Execution Does Not Exist: '${executionArn}'$`));
    await expect(send(new GetExecutionHistoryCommand({ executionArn }))).rejects.toEqual(refused);
    await expect(send(new DescribeExecutionCommand({ executionArn }))).rejects.toEqual(refused);
    await expect(send(new StopExecutionCommand({ executionArn }))).rejects.toEqual(refused);
    await expect(send(new DescribeExecutionCommand({ executionArn: 'nobody' }))).rejects.toEqual(
      refusal('InvalidArn', /Invalid ARN prefix: nobody/),
    );
  });
});

describe('StopExecution', () => {
  it('aborts a running execution with error and cause', async () => {
    const executionArn = await embedded.start('waiting');
    const { stopDate } = await send(new StopExecutionCommand({ executionArn, error: 'Enough', cause: 'by hand' }));
    expect(await send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
      status: 'ABORTED',
      error: 'Enough',
      cause: 'by hand',
      stopDate,
    });
    const last = (await embedded.history(executionArn)).at(-1);
    expect(last).toMatchObject({
      id: 3,
      previousEventId: 0,
      type: 'ExecutionAborted',
      executionAbortedEventDetails: { error: 'Enough', cause: 'by hand' },
    });
  });

  it('leaves a closed execution as it is', async () => {
    const { executionArn } = await embedded.run('passing');
    const before = await send(new DescribeExecutionCommand({ executionArn }));
    const { stopDate } = await send(new StopExecutionCommand({ executionArn }));
    expect(stopDate).toEqual(before.stopDate);
    expect(await send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await embedded.history(executionArn)).toHaveLength(4);
  });
});

describe('what is told of executions and state machines', () => {
  it('describes an execution while it runs and after its end', async () => {
    const executionArn = await embedded.start('waiting', { a: 1 }, 'described');
    const { $metadata, startDate, ...running } = await send(new DescribeExecutionCommand({ executionArn }));
    const common = {
      executionArn,
      stateMachineArn: machineArn('waiting'),
      name: 'described',
      input: '{"a":1}',
      inputDetails: { included: true },
      redriveCount: 0,
    };
    expect(running).toEqual({ ...common, status: 'RUNNING' });
    embedded.clock.advance(3_600_000);
    await embedded.end(executionArn);
    const { $metadata: _, startDate: __, ...closed } = await send(new DescribeExecutionCommand({ executionArn }));
    expect(closed).toEqual({
      ...common,
      status: 'SUCCEEDED',
      stopDate: expect.any(Date),
      output: '{"a":1}',
      outputDetails: { included: true },
    });
    expect((closed.stopDate?.getTime() ?? 0) - (startDate?.getTime() ?? 0)).toBeGreaterThanOrEqual(3_600_000);
  });

  it('lists executions, newest first, by status and in pages', async () => {
    const names = ['l1', 'l2', 'l3', 'l4', 'l5'];
    for (const name of names) await embedded.start('waiting', {}, name);
    await send(new StopExecutionCommand({ executionArn: `${machineArn('waiting').replace('stateMachine', 'execution')}:l3` }));
    const list = (rest: object) => send(new ListExecutionsCommand({ stateMachineArn: machineArn('waiting'), ...rest }));
    const running = await list({ statusFilter: 'RUNNING', maxResults: 3 });
    expect(running.executions?.map(({ name }) => name)).toEqual(['l5', 'l4', 'l2']);
    const rest = await list({ statusFilter: 'RUNNING', maxResults: 3, nextToken: running.nextToken });
    expect(rest.executions?.[0]?.name).toBe('l1');
    const aborted = await list({ statusFilter: 'ABORTED' });
    expect(aborted.executions?.[0]).toMatchObject({
      name: 'l3',
      status: 'ABORTED',
      stopDate: expect.any(Date),
      stateMachineArn: machineArn('waiting'),
    });
    await expect(list({ statusFilter: 'running' })).rejects.toEqual(
      refusal(
        'ValidationException',
        /Value 'running' at 'statusFilter' failed to satisfy constraint: Member must satisfy enum value set: \[SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING\]$/,
      ),
    );
  });

  it('lists and describes state machines', async () => {
    const first = await send(new ListStateMachinesCommand({ maxResults: 2 }));
    expect(first.stateMachines?.map(({ name }) => name)).toEqual(['passing', 'waiting']);
    const second = await send(new ListStateMachinesCommand({ maxResults: 2, nextToken: first.nextToken }));
    expect(second.stateMachines).toEqual([
      { stateMachineArn: machineArn('working'), name: 'working', type: 'STANDARD', creationDate: expect.any(Date) },
    ]);
    expect(second.nextToken).toBeUndefined();
    const described = await send(new DescribeStateMachineCommand({ stateMachineArn: machineArn('passing') }));
    expect(described).toMatchObject({ name: 'passing', status: 'ACTIVE', type: 'STANDARD', stateMachineArn: machineArn('passing') });
    expect(JSON.parse(described.definition ?? '')).toEqual(passing);
  });

  it('describes the state machine of an execution', async () => {
    const { executionArn } = await embedded.run('passing');
    const described = await send(new DescribeStateMachineForExecutionCommand({ executionArn }));
    expect(described).toMatchObject({ name: 'passing', stateMachineArn: machineArn('passing'), updateDate: expect.any(Date) });
    expect(JSON.parse(described.definition ?? '')).toEqual(passing);
  });

  it('keeps each execution in a file of its own', async () => {
    const executionArn = await embedded.start('passing', {}, 'kept');
    await embedded.end(executionArn);
    const lines = readFileSync(join(embedded.directory, 'executions/passing/kept.jsonl'), 'utf8').split('\n');
    expect(lines.slice(1, -1).map((line) => JSON.parse(line).type)).toEqual([
      'ExecutionStarted',
      'PassStateEntered',
      'PassStateExited',
      'ExecutionSucceeded',
    ]);
  });
});
