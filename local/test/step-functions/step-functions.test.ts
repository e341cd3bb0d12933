import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  DescribeStateMachineForExecutionCommand,
  ListActivitiesCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleRuntime, type Embedded, embed, machineArn, refusal } from '../harness/step-functions.ts';

const waiting = { StartAt: 'Long', States: { Long: { Type: 'Wait', Seconds: 3600, End: true } } };
const passing = { Comment: 'passes', StartAt: 'Pass', States: { Pass: { Type: 'Pass', End: true } } };

let shared: string;
let embedded: Embedded;

beforeAll(async () => {
  shared = mkdtempSync(join(tmpdir(), 'api-'));
  const runtimeFile = await bundleRuntime(shared);
  embedded = await embed({ runtimeFile, stateMachines: { waiting, passing, zero: passing } });
});
afterAll(async () => {
  await embedded.stop();
  rmSync(shared, { recursive: true });
});

describe('StartExecution', () => {
  it('generates a name for an execution without one', async () => {
    const { executionArn, startDate } = await embedded.sfn.send(new StartExecutionCommand({ stateMachineArn: machineArn('passing') }));
    expect(executionArn).toMatch(/^arn:aws:states:us-east-1:000000000000:execution:passing:[0-9a-f-]{36}$/);
    expect(Math.abs((startDate?.getTime() ?? 0) - Date.now())).toBeLessThan(10_000);
    expect(await embedded.end(executionArn ?? '')).toMatchObject({ status: 'SUCCEEDED', output: {} });
  });

  it('returns the running execution for the same name and input', async () => {
    const request = { stateMachineArn: machineArn('waiting'), name: 'again', input: '{"a":1}' };
    const first = await embedded.sfn.send(new StartExecutionCommand(request));
    const { executionArn, startDate } = await embedded.sfn.send(new StartExecutionCommand(request));
    expect({ executionArn, startDate }).toEqual({ executionArn: first.executionArn, startDate: first.startDate });
    const refused = refusal(
      'ExecutionAlreadyExists',
      /^Execution Already Exists: 'arn:aws:states:us-east-1:000000000000:execution:waiting:again'$/,
    );
    await expect(embedded.sfn.send(new StartExecutionCommand({ ...request, input: '{"a": 1}' }))).rejects.toEqual(refused);
    await embedded.sfn.send(new StopExecutionCommand({ executionArn }));
    await expect(embedded.sfn.send(new StartExecutionCommand(request))).rejects.toEqual(refused);
  });

  it.each(['a b', 'a/b', '../up', 'a:b', 'a*', 'a"', 'a\u0007', 'a|b'])('refuses the name %j', async (name) => {
    await expect(embedded.sfn.send(new StartExecutionCommand({ stateMachineArn: machineArn('passing'), name }))).rejects.toEqual(
      refusal('InvalidName', /^Invalid Name: '/),
    );
  });

  it('accepts every name that AWS accepts', async () => {
    for (const name of ['.', '..', 'a.next', 'ü-_+=@!()', 'é'.repeat(80)]) {
      const executionArn = await embedded.start('passing', {}, name);
      expect(await embedded.end(executionArn)).toMatchObject({ status: 'SUCCEEDED', executionArn: expect.stringContaining(`:${name}`) });
    }
  });

  it('refuses names and inputs that are too long', async () => {
    const start = (rest: object) => embedded.sfn.send(new StartExecutionCommand({ stateMachineArn: machineArn('passing'), ...rest }));
    await expect(start({ name: 'x'.repeat(81) })).rejects.toEqual(
      refusal('ValidationException', /at 'name' failed to satisfy constraint: Member must have length less than or equal to 80$/),
    );
    await expect(start({ input: JSON.stringify('ü'.repeat(131_072)) })).rejects.toEqual(
      refusal('ValidationException', /at 'input' failed to satisfy constraint: Member must have length less than or equal to 262144$/),
    );
  });

  it.each(['', 'not json', "{'a': 1}"])('refuses the input %j', async (input) => {
    await expect(embedded.sfn.send(new StartExecutionCommand({ stateMachineArn: machineArn('passing'), input }))).rejects.toEqual(
      refusal('InvalidExecutionInput', /^Invalid State Machine Execution Input: '/),
    );
  });

  it('refuses a missing state machine, in this region or another', async () => {
    const nobody = machineArn('nobody');
    await expect(embedded.sfn.send(new StartExecutionCommand({ stateMachineArn: nobody }))).rejects.toEqual(
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

  it('refuses a text that is not the ARN of a state machine', async () => {
    await expect(embedded.sfn.send(new StartExecutionCommand({ stateMachineArn: 'passing' }))).rejects.toEqual(
      refusal('InvalidArn', /^Invalid Arn: 'Invalid ARN prefix: passing'$/),
    );
    await expect(
      embedded.sfn.send(new StartExecutionCommand({ stateMachineArn: machineArn('x').replace('stateMachine', 'execution') })),
    ).rejects.toEqual(refusal('InvalidArn', /^Invalid Arn: 'Resource type not valid in this context: execution'$/));
  });

  it('refuses unsupported members and actions', async () => {
    await expect(
      embedded.sfn.send(new StartExecutionCommand({ stateMachineArn: machineArn('passing'), traceHeader: 'x' })),
    ).rejects.toEqual(
      refusal('ValidationException', /at 'traceHeader' failed to satisfy constraint: The embedded AWS does not support this member$/),
    );
    await expect(embedded.sfn.send(new ListActivitiesCommand({}))).rejects.toEqual(
      refusal('UnsupportedOperation', /^The embedded AWS does not support states:ListActivities\.$/),
    );
  });
});

describe('StopExecution', () => {
  it('aborts a running execution with error and cause', async () => {
    const executionArn = await embedded.start('waiting');
    const { stopDate } = await embedded.sfn.send(new StopExecutionCommand({ executionArn, error: 'Enough', cause: 'by hand' }));
    expect(await embedded.sfn.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
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

  it('does not change a closed execution', async () => {
    const { executionArn } = await embedded.run('passing');
    const before = await embedded.sfn.send(new DescribeExecutionCommand({ executionArn }));
    const { stopDate } = await embedded.sfn.send(new StopExecutionCommand({ executionArn }));
    expect(stopDate).toEqual(before.stopDate);
    expect(await embedded.sfn.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await embedded.history(executionArn)).toHaveLength(4);
  });
});

describe('descriptions and lists', () => {
  it('show an execution while it runs and after its end', async () => {
    const executionArn = await embedded.start('waiting', { a: 1 }, 'described');
    const { $metadata, startDate, ...running } = await embedded.sfn.send(new DescribeExecutionCommand({ executionArn }));
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
    const { $metadata: _, startDate: __, ...closed } = await embedded.sfn.send(new DescribeExecutionCommand({ executionArn }));
    expect(closed).toEqual({
      ...common,
      status: 'SUCCEEDED',
      stopDate: expect.any(Date),
      output: '{"a":1}',
      outputDetails: { included: true },
    });
    expect((closed.stopDate?.getTime() ?? 0) - (startDate?.getTime() ?? 0)).toBeGreaterThanOrEqual(3_600_000);
  });

  it('show executions, newest first, by status and in pages', async () => {
    const names = ['l1', 'l2', 'l3', 'l4', 'l5'];
    for (const name of names) await embedded.start('waiting', {}, name);
    await embedded.sfn.send(new StopExecutionCommand({ executionArn: `${machineArn('waiting').replace('stateMachine', 'execution')}:l3` }));
    const list = (rest: object) => embedded.sfn.send(new ListExecutionsCommand({ stateMachineArn: machineArn('waiting'), ...rest }));
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

  it('show state machines', async () => {
    const first = await embedded.sfn.send(new ListStateMachinesCommand({ maxResults: 2 }));
    expect(first.stateMachines?.map(({ name }) => name)).toEqual(['passing', 'waiting']);
    const second = await embedded.sfn.send(new ListStateMachinesCommand({ maxResults: 2, nextToken: first.nextToken }));
    expect(second.stateMachines).toEqual([
      { stateMachineArn: machineArn('zero'), name: 'zero', type: 'STANDARD', creationDate: expect.any(Date) },
    ]);
    expect(second.nextToken).toBeUndefined();
    const described = await embedded.sfn.send(new DescribeStateMachineCommand({ stateMachineArn: machineArn('passing') }));
    expect(described).toMatchObject({ name: 'passing', status: 'ACTIVE', type: 'STANDARD', stateMachineArn: machineArn('passing') });
    expect(JSON.parse(described.definition ?? '')).toEqual(passing);
  });

  it('show the state machine of an execution', async () => {
    const { executionArn } = await embedded.run('passing');
    const described = await embedded.sfn.send(new DescribeStateMachineForExecutionCommand({ executionArn }));
    expect(described).toMatchObject({ name: 'passing', stateMachineArn: machineArn('passing'), updateDate: expect.any(Date) });
    expect(JSON.parse(described.definition ?? '')).toEqual(passing);
  });

  it('are kept in one file per execution', async () => {
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
