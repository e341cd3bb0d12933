import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bundleRuntime, type Deployment, type Embedded, embed, inLines } from './embedded.ts';

let shared: string;
let runtimeFile: string;
let embedded: Embedded;

beforeAll(async () => {
  shared = mkdtempSync(join(tmpdir(), 'run-'));
  runtimeFile = await bundleRuntime(shared);
});
afterAll(() => rmSync(shared, { recursive: true }));
afterEach(() => embedded.stop());

async function deploy(definition: object, rest: Partial<Deployment> = {}): Promise<Embedded> {
  embedded = await embed({ runtimeFile, stateMachines: { machine: definition }, ...rest });
  return embedded;
}

const one = (state: object) => ({ StartAt: 'Only', States: { Only: { End: true, ...state } } });

const echo = 'export const handler = async (event) => event;';
/** Fails with `event.error` as often as `event.times` says, by a file that counts. */
const flaky = `
import { appendFileSync, readFileSync } from 'node:fs';
export const handler = async ({ file, times, error }) => {
  appendFileSync(file, 'x');
  const calls = readFileSync(file, 'utf8').length;
  if (calls <= times) throw Object.assign(new Error('attempt ' + calls), { name: error });
  return { calls };
};`;

describe('data flow', () => {
  it('merges parallel branches and keeps what a state makes of its input and result', async () => {
    await deploy(
      {
        StartAt: 'Begin',
        States: {
          Begin: {
            Type: 'Task',
            Resource: '${echo}',
            Parameters: {
              'id.$': '$$.Execution.Id',
              'input.$': '$$.Execution.Input',
              'machine.$': '$$.StateMachine.Name',
              'state.$': '$$.State.Name',
            },
            ResultSelector: { 'id.$': '$.id', 'input.$': '$.input', 'machine.$': '$.machine', 'state.$': '$.state', fixed: true },
            ResultPath: '$.begun',
            Next: 'Both',
          },
          Both: {
            Type: 'Parallel',
            Branches: [
              one({ Type: 'Pass', Result: { id: 'vpc-1' }, ResultPath: '$.vpc' }),
              {
                StartAt: 'Inner',
                States: { Inner: { Type: 'Pass', Parameters: { 'execution.$': '$$.Execution.Input.owner' }, End: true } },
              },
            ],
            ResultSelector: { 'all.$': 'States.JsonMerge($[0], $[1], false)' },
            OutputPath: '$.all',
            Next: 'Drop',
          },
          Drop: { Type: 'Task', Resource: '${echo}', ResultPath: null, End: true },
        },
      },
      { functions: { echo } },
    );
    const { executionArn, status, output } = await embedded.run('machine', { owner: 'ana' });
    expect(status).toBe('SUCCEEDED');
    expect(output).toEqual({
      owner: 'ana',
      begun: { id: executionArn, input: { owner: 'ana' }, machine: 'machine', state: 'Begin', fixed: true },
      vpc: { id: 'vpc-1' },
      execution: 'ana',
    });
  });

  it.each([[null], [false], [0], ['']])('lets a Pass result in %j', async (Result) => {
    await deploy(one({ Type: 'Pass', Result }));
    expect((await embedded.run('machine', { a: 1 })).output).toBe(Result);
  });

  it('takes the ResultPath $ as the whole output', async () => {
    await deploy(one({ Type: 'Pass', Result: { b: 2 }, ResultPath: '$' }));
    expect((await embedded.run('machine', { a: 1 })).output).toEqual({ b: 2 });
  });

  it.each([
    [{ v: null }, { IsNull: true }, 'yes'],
    [{ v: 1 }, { IsNull: true }, 'no'],
    [{ v: 1 }, { IsNull: false }, 'yes'],
    [{ v: null }, { IsNull: false }, 'no'],
    [{}, { IsPresent: false }, 'yes'],
    [{ v: 1 }, { IsPresent: false }, 'no'],
    [{ v: 'ready' }, { StringEquals: 'ready' }, 'yes'],
  ])('chooses for %j by %j: %s', async (input, rule, expected) => {
    const answer = (Result: string) => ({ Type: 'Pass', Result, End: true });
    await deploy({
      StartAt: 'Choose',
      States: {
        Choose: { Type: 'Choice', Choices: [{ Variable: '$.v', ...rule, Next: 'Yes' }], Default: 'No' },
        Yes: answer('yes'),
        No: answer('no'),
      },
    });
    expect((await embedded.run('machine', input)).output).toBe(expected);
  });

  it('ends with States.NoChoiceMatched without a default', async () => {
    await deploy({
      StartAt: 'Choose',
      States: { Choose: { Type: 'Choice', Choices: [{ Variable: '$.v', NumericEquals: 2, Next: 'Yes' }] }, Yes: { Type: 'Succeed' } },
    });
    expect(await embedded.run('machine', { v: 1 })).toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
  });

  it('ends with States.Runtime where a path finds nothing, which nothing catches', async () => {
    await deploy(
      {
        StartAt: 'Only',
        States: {
          Only: {
            Type: 'Task',
            Resource: '${echo}',
            Parameters: { 'a.$': '$.missing' },
            Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
            End: true,
          },
          Caught: { Type: 'Succeed' },
        },
      },
      { functions: { echo } },
    );
    const { executionArn, ...outcome } = await embedded.run('machine');
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    expect(outcome.cause).toMatch(/^An error occurred while executing the state 'Only' \(entered at the event id #2\)\. .*\$\.missing/);
    expect(inLines(await embedded.history(executionArn))).toEqual([
      '1<0 ExecutionStarted',
      '2<0 TaskStateEntered Only',
      '3<2 ExecutionFailed',
    ]);
  });

  it('ends with States.DataLimitExceeded when a result is too long to be passed on', async () => {
    const long = "export const handler = async ({ length }) => 'x'.repeat(length);";
    await deploy(one({ Type: 'Task', Resource: '${long}' }), { functions: { long } });
    expect(await embedded.run('machine', { length: 262_100 })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await embedded.run('machine', { length: 262_144 })).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });
});

describe('the try block', () => {
  const tryBlock = {
    StartAt: 'Try',
    States: {
      Try: {
        Type: 'Parallel',
        Branches: [{ StartAt: 'Work', States: { Work: { Type: 'Task', Resource: '${work}', End: true } } }],
        OutputPath: '$[0]',
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Clean' }],
        Next: 'Done',
      },
      Done: { Type: 'Succeed' },
      Clean: { Type: 'Task', Resource: '${echo}', ResultPath: null, Next: 'Failed' },
      Failed: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
    },
  };
  const work = `export const handler = async (event) => {
    if (event.fail) throw Object.assign(new Error('no "t2.micro" here'), { name: 'NoCapacity' });
    return { ...event, done: true };
  };`;

  it('passes on what its only branch returns', async () => {
    await deploy(tryBlock, { functions: { work, echo } });
    expect(await embedded.run('machine', { a: 1 })).toMatchObject({ status: 'SUCCEEDED', output: { a: 1, done: true } });
  });

  it('cleans up and fails with the true name and cause of the error', async () => {
    await deploy(tryBlock, { functions: { work, echo } });
    const { executionArn, status, error, cause } = await embedded.run('machine', { fail: true });
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'NoCapacity' });
    expect(JSON.parse(cause ?? '')).toEqual({ errorType: 'NoCapacity', errorMessage: 'no "t2.micro" here', trace: expect.any(Array) });
    const clean = (await embedded.history(executionArn)).find((event) => event.stateEnteredEventDetails?.name === 'Clean');
    const { error: caught } = JSON.parse(clean?.stateEnteredEventDetails?.input ?? '');
    expect(caught).toEqual({ Error: 'NoCapacity', Cause: cause });
  });
});

describe('Retry', () => {
  const retrying = (Retry: object[], rest: object = {}) => one({ Type: 'Task', Resource: '${flaky}', Retry, ...rest });
  const input = (times: number, error = 'NotYet') => ({ file: join(embedded.directory, 'calls'), times, error });

  it('repeats a task on the names that its retrier lists, by the clock', async () => {
    await deploy(retrying([{ ErrorEquals: ['NotYet'], IntervalSeconds: 3600, MaxAttempts: 5, BackoffRate: 1, JitterStrategy: 'FULL' }]), {
      functions: { flaky },
    });
    embedded.clock.setRate(100_000);
    const { executionArn, output } = await embedded.run('machine', input(3));
    expect(output).toEqual({ calls: 4 });
    const types = (await embedded.history(executionArn)).map(({ type }) => type);
    expect(types.filter((type) => type === 'LambdaFunctionFailed')).toHaveLength(3);
    expect(types.filter((type) => type === 'TaskStateEntered')).toHaveLength(1);
  });

  it('gives up after its attempts, and does not repeat other errors', async () => {
    await deploy(retrying([{ ErrorEquals: ['NotYet'], IntervalSeconds: 1, MaxAttempts: 2 }]), { functions: { flaky } });
    embedded.clock.setRate(1000);
    const calls = async (error: string) => {
      const { executionArn, ...outcome } = await embedded.run('machine', { ...input(9, error), file: join(embedded.directory, error) });
      expect(outcome).toMatchObject({ status: 'FAILED', error });
      return (await embedded.history(executionArn)).filter(({ type }) => type === 'LambdaFunctionFailed').length;
    };
    expect(await calls('NotYet')).toBe(3);
    expect(await calls('Never')).toBe(1);
  });

  it('grows the interval by its rate, up to its maximum', async () => {
    await deploy(retrying([{ ErrorEquals: ['States.ALL'], IntervalSeconds: 100, MaxAttempts: 4, BackoffRate: 3, MaxDelaySeconds: 600 }]), {
      functions: { flaky },
    });
    embedded.clock.setRate(1000);
    const { executionArn } = await embedded.run('machine', input(4));
    const events = await embedded.history(executionArn);
    const at = (type: string) => events.filter((event) => event.type === type).map(({ timestamp }) => timestamp?.getTime() ?? 0);
    const scheduled = at('LambdaFunctionScheduled');
    const waits = at('LambdaFunctionFailed').map((failed, index) => ((scheduled[index + 1] ?? 0) - failed) / 1000);
    for (const [index, least] of [100, 300, 600, 600].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(least);
      expect(waits[index]).toBeLessThan(least + 190);
    }
  });

  it('goes on at once when the clock is moved beyond the interval', async () => {
    await deploy(retrying([{ ErrorEquals: ['NotYet'], IntervalSeconds: 86_400 }]), { functions: { flaky } });
    const arn = await embedded.start('machine', input(1));
    for (;;) {
      if ((await embedded.history(arn)).some(({ type }) => type === 'LambdaFunctionFailed')) break;
    }
    embedded.clock.advance(86_400_000);
    expect((await embedded.end(arn)).output).toEqual({ calls: 2 });
  });

  it('repeats a whole Parallel, and catches what remains', async () => {
    await deploy(
      {
        StartAt: 'Block',
        States: {
          Block: {
            Type: 'Parallel',
            Branches: [{ StartAt: 'Work', States: { Work: { Type: 'Task', Resource: '${flaky}', End: true } } }],
            Retry: [{ ErrorEquals: ['NotYet'], IntervalSeconds: 1, MaxAttempts: 1 }],
            Catch: [{ ErrorEquals: ['NotYet'], Next: 'Caught' }],
            End: true,
          },
          Caught: { Type: 'Pass', End: true },
        },
      },
      { functions: { flaky } },
    );
    embedded.clock.setRate(1000);
    const { executionArn, output } = await embedded.run('machine', input(5));
    expect(output).toMatchObject({ Error: 'NotYet' });
    expect(inLines(await embedded.history(executionArn))).toEqual([
      '1<0 ExecutionStarted',
      '2<0 ParallelStateEntered Block',
      '3<2 ParallelStateStarted',
      '4<3 TaskStateEntered Work',
      '5<4 LambdaFunctionScheduled',
      '6<5 LambdaFunctionStarted',
      '7<6 LambdaFunctionFailed',
      '8<7 TaskStateAborted',
      '9<7 ParallelStateStarted',
      '10<9 TaskStateEntered Work',
      '11<10 LambdaFunctionScheduled',
      '12<11 LambdaFunctionStarted',
      '13<12 LambdaFunctionFailed',
      '14<13 TaskStateAborted',
      '15<13 ParallelStateFailed',
      '16<15 ParallelStateExited Block',
      '17<16 PassStateEntered Caught',
      '18<17 PassStateExited Caught',
      '19<18 ExecutionSucceeded',
    ]);
  });
});

describe('time', () => {
  const slow =
    'export const handler = async ({ sleep }) => { await new Promise((resolve) => setTimeout(resolve, sleep)); return "done"; };';
  const timed = (rest: object) => ({
    StartAt: 'Slow',
    States: { Slow: { Type: 'Task', Resource: '${slow}', TimeoutSeconds: 1, End: true, ...rest }, Caught: { Type: 'Pass', End: true } },
  });

  it('ends a task with States.Timeout, which States.TaskFailed does not catch', async () => {
    await deploy(timed({ Catch: [{ ErrorEquals: ['States.TaskFailed'], Next: 'Caught' }] }), { functions: { slow } });
    const { executionArn, ...outcome } = await embedded.run('machine', { sleep: 3000 });
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'States.Timeout', cause: undefined });
    const events = await embedded.history(executionArn);
    expect(inLines(events).slice(2)).toEqual([
      '3<2 LambdaFunctionScheduled',
      '4<3 LambdaFunctionStarted',
      '5<4 LambdaFunctionTimedOut',
      '6<5 ExecutionFailed',
    ]);
    expect(events[2]?.lambdaFunctionScheduledEventDetails?.timeoutInSeconds).toBe(1);
  });

  it('catches States.Timeout by name', async () => {
    await deploy(timed({ Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Caught' }] }), { functions: { slow } });
    expect((await embedded.run('machine', { sleep: 3000 })).output).toEqual({ Error: 'States.Timeout', Cause: '' });
  });

  it("passes a function's own time-out on as Sandbox.Timedout", async () => {
    await deploy(one({ Type: 'Task', Resource: '${slow}' }), { functions: { slow }, timeoutSeconds: 1 });
    expect(await embedded.run('machine', { sleep: 3000 })).toMatchObject({
      status: 'FAILED',
      error: 'Sandbox.Timedout',
      cause: expect.stringContaining('timed out after 1.00 seconds'),
    });
  });

  it('ends an execution as TIMED_OUT by the clock', async () => {
    await deploy({ ...one({ Type: 'Wait', Seconds: 7200 }), TimeoutSeconds: 3600 });
    const arn = await embedded.start('machine');
    embedded.clock.advance(3_599_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(inLines(await embedded.history(arn))).toHaveLength(2);
    embedded.clock.advance(1000);
    expect(await embedded.end(arn)).toMatchObject({ status: 'TIMED_OUT' });
    expect(inLines(await embedded.history(arn)).at(-1)).toBe('3<0 ExecutionTimedOut');
  });

  it.each([
    ['Seconds', { Seconds: 600 }],
    ['SecondsPath', { SecondsPath: '$.seconds' }],
    ['TimestampPath', { TimestampPath: '$.timestamp' }],
  ])('waits for %s by the clock', async (_, rest) => {
    await deploy(one({ Type: 'Wait', ...rest }));
    const input = { seconds: 600, timestamp: new Date(embedded.clock.now() + 600_000).toISOString() };
    const arn = await embedded.start('machine', input);
    embedded.clock.advance(590_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(inLines(await embedded.history(arn))).toEqual(['1<0 ExecutionStarted', '2<0 WaitStateEntered Only']);
    embedded.clock.advance(10_000);
    expect(await embedded.end(arn)).toMatchObject({ status: 'SUCCEEDED', output: input });
  });
});

describe('several branches', () => {
  it('records each branch as a thread of its own', async () => {
    const branch = (name: string) => ({ StartAt: name, States: { [name]: { Type: 'Task', Resource: '${echo}', End: true } } });
    await deploy(
      { StartAt: 'Both', States: { Both: { Type: 'Parallel', Branches: [branch('A'), branch('B')], End: true } } },
      { functions: { echo } },
    );
    const { executionArn, output } = await embedded.run('machine', { a: 1 });
    expect(output).toEqual([{ a: 1 }, { a: 1 }]);
    const events = await embedded.history(executionArn);
    const byId = new Map(events.map((event) => [event.id, event]));
    const thread = (name: string) => {
      const types: (string | undefined)[] = [];
      for (
        let event = events.find(({ stateExitedEventDetails }) => stateExitedEventDetails?.name === name);
        event;
        event = byId.get(event.previousEventId)
      )
        types.unshift(event.type);
      return types;
    };
    const expected = [
      'ParallelStateEntered',
      'ParallelStateStarted',
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionSucceeded',
      'TaskStateExited',
    ];
    expect(thread('A')).toEqual(expected);
    expect(thread('B')).toEqual(expected);
    expect(inLines(events).slice(-3)).toEqual([
      '14<13 ParallelStateSucceeded',
      '15<13 ParallelStateExited Both',
      '16<15 ExecutionSucceeded',
    ]);
  });

  it('cuts the other branches off when one fails', async () => {
    await deploy({
      StartAt: 'Both',
      States: {
        Both: {
          Type: 'Parallel',
          Branches: [
            { StartAt: 'Long', States: { Long: { Type: 'Wait', Seconds: 3600, Next: 'After' }, After: { Type: 'Succeed' } } },
            { StartAt: 'Bad', States: { Bad: { Type: 'Fail', Error: 'Broken', Cause: 'on purpose' } } },
          ],
          End: true,
        },
      },
    });
    const { executionArn, ...outcome } = await embedded.run('machine');
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'Broken', cause: 'on purpose' });
    expect(inLines(await embedded.history(executionArn))).toEqual([
      '1<0 ExecutionStarted',
      '2<0 ParallelStateEntered Both',
      '3<2 ParallelStateStarted',
      '4<3 WaitStateEntered Long',
      '5<3 FailStateEntered Bad',
      '6<5 WaitStateAborted',
      '7<5 ParallelStateFailed',
      '8<7 ExecutionFailed',
    ]);
  });

  it('maps over items, as many at once as it says, and gives them their index', async () => {
    await deploy({
      StartAt: 'Each',
      States: {
        Each: {
          Type: 'Map',
          ItemsPath: '$.items',
          ItemSelector: { 'item.$': '$$.Map.Item.Value', 'index.$': '$$.Map.Item.Index', 'all.$': '$.items' },
          MaxConcurrency: 1,
          ItemProcessor: {
            ProcessorConfig: { Mode: 'INLINE' },
            StartAt: 'Item',
            States: { Item: { Type: 'Pass', Parameters: { 'item.$': '$.item', 'index.$': '$$.Map.Item.Index' }, End: true } },
          },
          ResultPath: '$.mapped',
          End: true,
        },
      },
    });
    const { executionArn, output } = await embedded.run('machine', { items: ['a', 'b'] });
    expect(output).toEqual({
      items: ['a', 'b'],
      mapped: [
        { item: 'a', index: 0 },
        { item: 'b', index: 1 },
      ],
    });
    expect(inLines(await embedded.history(executionArn))).toEqual([
      '1<0 ExecutionStarted',
      '2<0 MapStateEntered Each',
      '3<2 MapStateStarted',
      '4<3 MapIterationStarted 0',
      '5<4 PassStateEntered Item',
      '6<5 PassStateExited Item',
      '7<6 MapIterationSucceeded 0',
      '8<6 MapIterationStarted 1',
      '9<8 PassStateEntered Item',
      '10<9 PassStateExited Item',
      '11<10 MapIterationSucceeded 1',
      '12<10 MapStateSucceeded',
      '13<10 MapStateExited Each',
      '14<13 ExecutionSucceeded',
    ]);
  });

  it('starts all items of a Map, and aborts the others when one fails', async () => {
    await deploy({
      StartAt: 'Each',
      States: {
        Each: {
          Type: 'Map',
          ItemProcessor: {
            StartAt: 'Which',
            States: {
              Which: { Type: 'Choice', Choices: [{ Variable: '$', NumericEquals: 1, Next: 'Bad' }], Default: 'Long' },
              Bad: { Type: 'Fail', Error: 'Broken' },
              Long: { Type: 'Wait', Seconds: 3600, End: true },
            },
          },
          End: true,
        },
      },
    });
    const { executionArn, ...outcome } = await embedded.run('machine', [2, 1]);
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'Broken', cause: undefined });
    const lines = inLines(await embedded.history(executionArn));
    expect(lines.slice(0, 5)).toEqual([
      '1<0 ExecutionStarted',
      '2<0 MapStateEntered Each',
      '3<2 MapStateStarted',
      '4<3 MapIterationStarted 0',
      '5<3 MapIterationStarted 1',
    ]);
    const failed = lines.findIndex((line) => line.includes('FailStateEntered Bad')) + 1;
    expect(lines.slice(-5).map((line) => line.replace(/^\d+/, 'n'))).toEqual([
      `n<${failed} MapIterationAborted 0`,
      `n<${failed} WaitStateAborted`,
      `n<${failed} MapIterationFailed 1`,
      `n<${failed} MapStateFailed`,
      `n<${lines.length - 1} ExecutionFailed`,
    ]);
  });

  it('maps over nothing', async () => {
    await deploy(one({ Type: 'Map', ItemProcessor: one({ Type: 'Succeed', End: undefined }) }));
    expect((await embedded.run('machine', [])).output).toEqual([]);
  });

  it('runs 20 executions at once', async () => {
    const steps = Array.from({ length: 5 }, (_, index) => `Step${index}`);
    const States = Object.fromEntries(
      steps.map((step, index) => [
        step,
        { Type: 'Task', Resource: `\${step${index}}`, ...(steps[index + 1] ? { Next: steps[index + 1] } : { End: true }) },
      ]),
    );
    const functions = Object.fromEntries(
      steps.map((_, index) => [`step${index}`, `export const handler = async (event) => ({ ...event, step${index}: true });`]),
    );
    await deploy({ StartAt: 'Step0', States }, { functions });
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, number) => embedded.run('machine', { number })));
    for (const [number, { output }] of outcomes.entries())
      expect(output).toEqual({ number, step0: true, step1: true, step2: true, step3: true, step4: true });
  });

  it('lets a function that runs go on when its execution is stopped', async () => {
    const writing = `import { writeFileSync } from 'node:fs';
      export const handler = async ({ file }) => { await new Promise((resolve) => setTimeout(resolve, 300)); writeFileSync(file, 'done'); };`;
    await deploy(one({ Type: 'Task', Resource: '${writing}' }), { functions: { writing } });
    const file = join(embedded.directory, 'written');
    const arn = await embedded.start('machine', { file });
    await embedded.sfn.send(new StopExecutionCommand({ executionArn: arn, error: 'Enough', cause: 'by hand' }));
    expect(await embedded.end(arn)).toMatchObject({ status: 'ABORTED', error: 'Enough', cause: 'by hand' });
    const { existsSync } = await import('node:fs');
    await expect.poll(() => existsSync(file)).toBe(true);
    expect(inLines(await embedded.history(arn)).at(-1)).toBe('5<0 ExecutionAborted');
  });
});
