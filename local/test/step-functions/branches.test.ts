import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { inLines, one, useDeployments } from '../harness/step-functions.ts';

const { deploy, embedded } = useDeployments();
const echo = 'export const handler = async (event) => event;';

describe('several branches', () => {
  it('records each branch as a separate thread', async () => {
    const branch = (name: string) => ({ StartAt: name, States: { [name]: { Type: 'Task', Resource: '${echo}', End: true } } });
    await deploy(
      { StartAt: 'Both', States: { Both: { Type: 'Parallel', Branches: [branch('A'), branch('B')], End: true } } },
      { functions: { echo } },
    );
    const { executionArn, output } = await embedded().run('machine', { a: 1 });
    expect(output).toEqual([{ a: 1 }, { a: 1 }]);
    const events = await embedded().history(executionArn);
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

  it('cuts off the other branches when one fails', async () => {
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
    const { executionArn, ...outcome } = await embedded().run('machine');
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'Broken', cause: 'on purpose' });
    expect(inLines(await embedded().history(executionArn))).toEqual([
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

  it('does not continue a branch that was cut off after the failure is caught', async () => {
    const wait = (Seconds: number, rest: object) => ({ Type: 'Wait', Seconds, ...rest });
    await deploy({
      StartAt: 'Both',
      States: {
        Both: {
          Type: 'Parallel',
          Branches: [
            { StartAt: 'Long', States: { Long: wait(100, { Next: 'After' }), After: { Type: 'Succeed' } } },
            { StartAt: 'Bad', States: { Bad: { Type: 'Fail', Error: 'Broken' } } },
          ],
          Catch: [{ ErrorEquals: ['Broken'], Next: 'Later' }],
          End: true,
        },
        Later: wait(300, { End: true }),
      },
    });
    embedded().clock.setRate(1000);
    const { executionArn, status } = await embedded().run('machine');
    expect(status).toBe('SUCCEEDED');
    const entered = (await embedded().history(executionArn))
      .map((event) => event.stateEnteredEventDetails?.name)
      .filter((name) => name !== undefined);
    expect(entered).toEqual(['Both', 'Long', 'Bad', 'Later']);
  });

  it('maps over items with their index, at most as many at once as it says', async () => {
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
    const { executionArn, output } = await embedded().run('machine', { items: ['a', 'b'] });
    expect(output).toEqual({
      items: ['a', 'b'],
      mapped: [
        { item: 'a', index: 0 },
        { item: 'b', index: 1 },
      ],
    });
    expect(inLines(await embedded().history(executionArn))).toEqual([
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
      // From AWS: test_map_state in test_base_scenarios.snapshot.json of LocalStack.
      '12<11 MapStateSucceeded',
      '13<11 MapStateExited Each',
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
    const { executionArn, ...outcome } = await embedded().run('machine', [2, 1]);
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'Broken', cause: undefined });
    const lines = inLines(await embedded().history(executionArn));
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

  it('maps over an empty list', async () => {
    await deploy(one({ Type: 'Map', ItemProcessor: one({ Type: 'Succeed', End: undefined }) }));
    expect((await embedded().run('machine', [])).output).toEqual([]);
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
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, number) => embedded().run('machine', { number })));
    for (const [number, { output }] of outcomes.entries())
      expect(output).toEqual({ number, step0: true, step1: true, step2: true, step3: true, step4: true });
  });

  it('lets a running function continue when its execution is stopped', async () => {
    const writing = `import { writeFileSync } from 'node:fs';
      export const handler = async ({ file }) => { await new Promise((resolve) => setTimeout(resolve, 300)); writeFileSync(file, 'done'); };`;
    await deploy(one({ Type: 'Task', Resource: '${writing}' }), { functions: { writing } });
    const file = join(embedded().directory, 'written');
    const arn = await embedded().start('machine', { file });
    await embedded().sfn.send(new StopExecutionCommand({ executionArn: arn, error: 'Enough', cause: 'by hand' }));
    expect(await embedded().end(arn)).toMatchObject({ status: 'ABORTED', error: 'Enough', cause: 'by hand' });
    await expect.poll(() => existsSync(file)).toBe(true);
    expect(inLines(await embedded().history(arn)).at(-1)).toBe('5<0 ExecutionAborted');
  });
});
