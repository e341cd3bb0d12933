import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListExecutionsCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { strToU8, zipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deployedMachine } from '../../../aws/executions/definition.ts';
import { type ExecutionEvent, startExecution } from '../../../aws/executions/executions.ts';
import { executionEnd, followExecution } from '../../../aws/executions/follow.ts';
import type { RecordWatch } from '../../../aws/executions/record-watch.ts';
import { type TestAccount, testAccount } from '../../functions/account.ts';

const arnOf = (stateMachine: string) => `arn:aws:states:us-east-1:000000000000:stateMachine:${stateMachine}`;

/** Handlers of functions, and the state machines that run them by their names. */
const handlers = {
  greet: 'export const handler = async ({ name }) => ({ greeting: `Hello ${name}` });',
  throttledOnce: `let calls = 0;
export const handler = async () => {
  calls += 1;
  if (calls === 1) throw Object.assign(new Error('slow down'), { name: 'RequestThrottled' });
  return { calls };
};`,
  refuse: `export const handler = async () => { throw Object.assign(new Error('no t2.medium today'), { name: 'NoCapacity' }); };`,
  break: 'export const handler = async () => undefined.length;',
  hang: 'export const handler = () => new Promise((resolve) => { setTimeout(resolve, 60_000); });',
};

const task = (name: keyof typeof handlers, rest: object = {}) => ({
  Type: 'Task',
  Resource: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
  ...rest,
});
const only = (state: object) => ({ StartAt: 'Only', States: { Only: { ...state, Comment: 'Doing the only thing', End: true } } });
const longChain = Array.from({ length: 60 }, (_, number) => [
  `State${number}`,
  { Type: 'Pass', Comment: `Passing ${number}`, ...(number === 59 ? { End: true } : { Next: `State${number + 1}` }) },
]);

const stateMachines = {
  journey: {
    Comment: 'Go on a journey (recode 1.2.3)',
    StartAt: 'Prepare',
    States: {
      Prepare: { Type: 'Pass', Next: 'Together' },
      Together: {
        Type: 'Parallel',
        Comment: 'Doing two things',
        Branches: [
          { StartAt: 'Greet', States: { Greet: { ...task('greet'), Comment: 'Greeting', End: true } } },
          {
            StartAt: 'Retry',
            States: {
              Retry: {
                ...task('throttledOnce', { Retry: [{ ErrorEquals: ['RequestThrottled'], IntervalSeconds: 1, MaxAttempts: 3 }] }),
                Comment: 'Retrying',
                End: true,
              },
            },
          },
        ],
        End: true,
      },
    },
  },
  refused: only(task('refuse')),
  broken: only(task('break')),
  slow: only(task('hang', { TimeoutSeconds: 1 })),
  endless: { TimeoutSeconds: 2, ...only({ Type: 'Wait', Seconds: 3_600 }) },
  long: { StartAt: 'State0', States: Object.fromEntries(longChain) },
};

let account: TestAccount;
beforeAll(async () => {
  account = await testAccount({ packageDirectory: packageOf() });
});
afterAll(() => account[Symbol.asyncDispose]());

const start = (stateMachine: keyof typeof stateMachines, input: unknown = {}) =>
  startExecution(account.sfn, arnOf(stateMachine), async () => input);
const executionsOf = async (stateMachine: keyof typeof stateMachines) => {
  const { executions = [] } = await account.sfn.send(new ListExecutionsCommand({ stateMachineArn: arnOf(stateMachine) }));
  return executions.map(({ executionArn }) => executionArn);
};
async function follow(executionArn: string): Promise<ExecutionEvent[]> {
  const events: ExecutionEvent[] = [];
  for await (const event of followExecution(account.sfn, executionArn)) events.push(event);
  return events;
}
const lastOf = async (executionArn: string) => (await follow(executionArn)).at(-1);

describe('startExecution', () => {
  it('starts one execution, even where the answer is lost', async () => {
    await account.aws.post('faults', { service: 'states', action: 'StartExecution', kind: 'lost-answer' });
    const executionArn = await start('endless');
    expect(await executionsOf('endless')).toEqual([executionArn]);
    await account.sfn.send(new StopExecutionCommand({ executionArn }));
  });

  it('finds the one that it started where the answer was lost and the execution has closed by the time the request is repeated', async () => {
    const fault = { service: 'states', action: 'StartExecution' };
    await account.aws.post('faults', { ...fault, kind: 'lost-answer' });
    await account.aws.post('faults', { ...fault, kind: 'error', code: 'ExecutionAlreadyExists' });
    const executionArn = await start('refused');
    expect(await executionsOf('refused')).toEqual([executionArn]);
  });

  it('says that Recode is not deployed where the state machine is unknown', async () => {
    const stateMachineArn = arnOf('unknown');
    await expect(startExecution(account.sfn, stateMachineArn, async () => ({}))).rejects.toMatchObject({
      name: 'ControlPlaneNotDeployed',
      message: `There is no state machine ${stateMachineArn}.`,
    });
  });

  it.each(['AccessDeniedException', 'InvalidExecutionInput'])('lets any other refusal escape: %s', async (code) => {
    await account.aws.post('faults', { service: 'states', action: 'StartExecution', kind: 'error', code });
    await expect(start('long')).rejects.toMatchObject({ name: code });
  });
});

describe('deployedMachine', () => {
  it.each([
    ['journey', '1.2.3'],
    ['refused', undefined],
  ] as const)('of the stack of the state machine %s is %s', async (stateMachine, version) => {
    expect(await deployedMachine(account.sfn, arnOf(stateMachine))).toMatchObject({ version });
  });

  it('says that Recode is not deployed where the state machine is unknown', async () => {
    const message = `There is no state machine ${arnOf('unknown')}.`;
    await expect(deployedMachine(account.sfn, arnOf('unknown'))).rejects.toMatchObject({ name: 'ControlPlaneNotDeployed', message });
  });
});

describe('followExecution', () => {
  it('tells the sentence of each state that has one, the attempts that failed, and the output', async () => {
    const events = await follow(await start('journey', { name: 'Ada' }));
    expect(events.filter(({ type }) => type === 'state-entered' || type === 'state-exited').map(short)).toEqual(
      expect.arrayContaining([
        'state-entered Greet: Greeting',
        'state-exited Greet: Greeting',
        'state-entered Retry: Retrying',
        'state-exited Retry: Retrying',
      ]),
    );
    expect(events.filter((event) => 'state' in event && !['Greet', 'Retry'].includes(event.state))).toEqual([]);
    expect(events.filter(({ type }) => type === 'attempt-failed')).toMatchObject([
      { state: 'Retry', error: { name: 'RequestThrottled', message: 'slow down' } },
    ]);
    expect(events.at(-1)).toMatchObject({ type: 'succeeded', output: [{ greeting: 'Hello Ada' }, { calls: 2 }] });
    for (const { at } of events) expect(at.getTime()).toBeGreaterThan(0);
  });

  it('tells each event once and in order, however many there are', async () => {
    const events = await follow(await start('long'));
    const expected = Array.from({ length: 60 }, (_, number) =>
      ['entered', 'exited'].map((edge) => `state-${edge} State${number}: Passing ${number}`),
    );
    expect(events.slice(0, -1).map(short)).toEqual(expected.flat());
    expect(events.at(-1)).toMatchObject({ type: 'succeeded', output: {} });
  });

  it('tells the same of an execution that has ended long ago', async () => {
    const executionArn = await start('refused');
    expect(await follow(executionArn)).toEqual(await follow(executionArn));
  });

  it('ends with the error that a step threw', async () => {
    const events = await follow(await start('refused'));
    const error = { name: 'NoCapacity', message: 'no t2.medium today' };
    expect(events).toMatchObject([
      { type: 'state-entered', state: 'Only', sentence: 'Doing the only thing' },
      { type: 'attempt-failed', state: 'Only', error },
      { type: 'failed', error },
    ]);
  });

  it('calls an error unexpected that is not of the catalog', async () => {
    expect(await lastOf(await start('broken'))).toMatchObject({
      type: 'failed',
      error: { name: 'Unexpected', message: expect.stringMatching(/^TypeError: .*undefined/) },
    });
  });

  it('tells that a state took too long', async () => {
    const events = await follow(await start('slow'));
    expect(events.slice(-2)).toMatchObject([
      { type: 'attempt-failed', state: 'Only', error: { name: 'ExecutionTimedOut' } },
      { type: 'failed', error: { name: 'ExecutionTimedOut' } },
    ]);
  });

  it('tells that the execution took too long', async () => {
    const executionArn = await start('endless');
    account.aws.clock.advance(2_000);
    expect(await lastOf(executionArn)).toMatchObject({
      type: 'failed',
      error: { name: 'ExecutionTimedOut', message: 'The execution exceeded its time limit.' },
    });
  });

  it.each([
    ['why it was stopped', 'no longer needed', 'no longer needed'],
    ['that it was stopped', undefined, 'Someone stopped the execution.'],
  ])('tells %s', async (_, cause, message) => {
    const executionArn = await start('endless');
    await account.sfn.send(new StopExecutionCommand({ executionArn, cause }));
    expect(await lastOf(executionArn)).toMatchObject({ type: 'failed', error: { name: 'ExecutionAborted', message } });
  });

  it('tells events while the execution runs', async () => {
    const executionArn = await start('endless');
    const events = followExecution(account.sfn, executionArn);
    expect((await events.next()).value).toMatchObject({ type: 'state-entered', state: 'Only' });
    await account.sfn.send(new StopExecutionCommand({ executionArn }));
    expect((await events.next()).value).toMatchObject({ type: 'failed' });
    expect((await events.next()).done).toBe(true);
  });
});

describe('followExecution while AWS throttles', () => {
  const throttle = (action: string, count: number) =>
    account.aws.post('faults', { service: 'states', action, kind: 'error', code: 'ThrottlingException', count });
  /** A watch that tells of the end at once, and of nothing else. */
  const watch: RecordWatch = {
    over: Promise.resolve(),
    watching: () => false,
    latest: () => undefined,
    left: () => undefined,
    hurry() {},
    stop() {},
  };
  afterEach(() => account.aws.delete('faults'));

  it('asks again later, and misses nothing', async () => {
    // The SDK of these tests asks three times before it gives up.
    await throttle('GetExecutionHistory', 3);
    const events = await follow(await start('refused'));
    expect(events.map(({ type }) => type)).toEqual(['state-entered', 'attempt-failed', 'failed']);
  });

  it('tells all that has happened once it knows the sentences', async () => {
    await throttle('DescribeStateMachineForExecution', 3);
    const executionArn = await start('endless');
    const events = followExecution(account.sfn, executionArn);
    expect((await events.next()).value).toMatchObject({ type: 'state-entered', sentence: 'Doing the only thing' });
    await account.sfn.send(new StopExecutionCommand({ executionArn }));
    expect((await events.next()).value).toMatchObject({ type: 'failed' });
  });

  it('tells the end also where it is not told the sentences', async () => {
    await throttle('DescribeStateMachineForExecution', 1_000);
    expect(await lastOf(await start('refused'))).toMatchObject({ type: 'failed', error: { name: 'NoCapacity' } });
  });

  it('does not ask for sentences that it is given', async () => {
    await account.aws.post('faults', {
      service: 'states',
      action: 'DescribeStateMachineForExecution',
      kind: 'error',
      code: 'AccessDeniedException',
    });
    const { sentences } = await deployedMachine(account.sfn, arnOf('refused'));
    const events: ExecutionEvent[] = [];
    for await (const event of followExecution(account.sfn, await start('refused'), { sentences })) events.push(event);
    expect(events[0]).toMatchObject({ type: 'state-entered', sentence: 'Doing the only thing' });
  });

  it.each([
    ['refused', { type: 'failed', error: { name: 'NoCapacity', message: 'no t2.medium today' } }],
    ['long', { type: 'succeeded', output: {} }],
  ] as const)('learns from the execution itself how it has ended: %s', async (stateMachine, end) => {
    await throttle('GetExecutionHistory', 1_000);
    const executionArn = await start(stateMachine);
    expect(await executionEnd(account.sfn, executionArn, { watch })).toMatchObject(end);
  });

  it('relies on the history where the execution itself does not answer', async () => {
    await throttle('GetExecutionHistory', 3);
    await account.aws.post('faults', {
      service: 'states',
      action: 'DescribeExecution',
      kind: 'error',
      code: 'AccessDeniedException',
      count: 9,
    });
    expect(await executionEnd(account.sfn, await start('refused'), { watch })).toMatchObject({
      type: 'failed',
      error: { name: 'NoCapacity' },
    });
  });

  it.each(['AccessDeniedException', 'InvalidArn'])('lets any other refusal escape: %s', async (code) => {
    const executionArn = await start('endless');
    // A read that a test before gave up may still ask: one refusal could be spent on it.
    await account.aws.post('faults', { service: 'states', action: 'GetExecutionHistory', kind: 'error', code, count: 1_000 });
    await expect(follow(executionArn)).rejects.toMatchObject({ name: code });
    await account.sfn.send(new StopExecutionCommand({ executionArn }));
  });
});

const short = (event: ExecutionEvent) => `${event.type} ${'sentence' in event ? `${event.state}: ${event.sentence}` : ''}`;

/** A package as the build makes one: the template, and a zip for each function. */
function packageOf(): string {
  const directory = mkdtempSync(join(tmpdir(), 'recode-executions-'));
  const functions = Object.entries(handlers).map(([FunctionName, source]) => {
    writeFileSync(join(directory, `${FunctionName}.zip`), zipSync({ 'index.mjs': strToU8(source) }));
    const Properties = { FunctionName, Handler: 'index.handler', Timeout: 20, Code: { S3Key: `${FunctionName}.zip` } };
    return [`${FunctionName}Function`, { Type: 'AWS::Lambda::Function', Properties }];
  });
  const machines = Object.entries(stateMachines).map(([StateMachineName, definition]) => {
    const Properties = { StateMachineName, DefinitionString: JSON.stringify(definition) };
    return [`${StateMachineName}Machine`, { Type: 'AWS::StepFunctions::StateMachine', Properties }];
  });
  const template = { Resources: Object.fromEntries([...functions, ...machines]) };
  writeFileSync(join(directory, 'cloudformation-template-update-stack.json'), JSON.stringify(template));
  return directory;
}
