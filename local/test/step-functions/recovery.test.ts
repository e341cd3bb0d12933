import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inLines, one, useDeployments } from '../harness/step-functions.ts';

const { deploy, embedded } = useDeployments();
const echo = 'export const handler = async (event) => event;';
/** Fails with `event.error`, `event.times` times. It counts with a file. */
const flaky = `
import { appendFileSync, readFileSync } from 'node:fs';
export const handler = async ({ file, times, error }) => {
  appendFileSync(file, 'x');
  const calls = readFileSync(file, 'utf8').length;
  if (calls <= times) throw Object.assign(new Error('attempt ' + calls), { name: error });
  return { calls };
};`;

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

  it('returns the result of its only branch', async () => {
    await deploy(tryBlock, { functions: { work, echo } });
    expect(await embedded().run('machine', { a: 1 })).toMatchObject({ status: 'SUCCEEDED', output: { a: 1, done: true } });
  });

  it('cleans up and fails with the name and cause of the error', async () => {
    await deploy(tryBlock, { functions: { work, echo } });
    const { executionArn, status, error, cause } = await embedded().run('machine', { fail: true });
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'NoCapacity' });
    expect(JSON.parse(cause ?? '')).toEqual({ errorType: 'NoCapacity', errorMessage: 'no "t2.micro" here', trace: expect.any(Array) });
    const clean = (await embedded().history(executionArn)).find((event) => event.stateEnteredEventDetails?.name === 'Clean');
    const { error: caught } = JSON.parse(clean?.stateEnteredEventDetails?.input ?? '');
    expect(caught).toEqual({ Error: 'NoCapacity', Cause: cause });
  });
});

describe('Retry', () => {
  const retrying = (Retry: object[], rest: object = {}) => one({ Type: 'Task', Resource: '${flaky}', Retry, ...rest });
  const input = (times: number, error = 'NotYet') => ({ file: join(embedded().directory, 'calls'), times, error });

  it('repeats a task after the errors of its retrier, by the clock', async () => {
    await deploy(retrying([{ ErrorEquals: ['NotYet'], IntervalSeconds: 3600, MaxAttempts: 5, BackoffRate: 1, JitterStrategy: 'FULL' }]), {
      functions: { flaky },
    });
    embedded().clock.setRate(100_000);
    const { executionArn, output } = await embedded().run('machine', input(3));
    expect(output).toEqual({ calls: 4 });
    const types = (await embedded().history(executionArn)).map(({ type }) => type);
    expect(types.filter((type) => type === 'LambdaFunctionFailed')).toHaveLength(3);
    expect(types.filter((type) => type === 'TaskStateEntered')).toHaveLength(1);
  });

  it('gives up after its attempts, and does not repeat other errors', async () => {
    await deploy(retrying([{ ErrorEquals: ['NotYet'], IntervalSeconds: 1, MaxAttempts: 2 }]), { functions: { flaky } });
    embedded().clock.setRate(1000);
    const calls = async (error: string) => {
      const { executionArn, ...outcome } = await embedded().run('machine', { ...input(9, error), file: join(embedded().directory, error) });
      expect(outcome).toMatchObject({ status: 'FAILED', error });
      return (await embedded().history(executionArn)).filter(({ type }) => type === 'LambdaFunctionFailed').length;
    };
    expect(await calls('NotYet')).toBe(3);
    expect(await calls('Never')).toBe(1);
  });

  it('increases the interval by its rate, up to its maximum', async () => {
    await deploy(retrying([{ ErrorEquals: ['States.ALL'], IntervalSeconds: 100, MaxAttempts: 4, BackoffRate: 3, MaxDelaySeconds: 600 }]), {
      functions: { flaky },
    });
    embedded().clock.setRate(500);
    const { executionArn } = await embedded().run('machine', input(4));
    const events = await embedded().history(executionArn);
    const at = (type: string) => events.filter((event) => event.type === type).map(({ timestamp }) => timestamp?.getTime() ?? 0);
    const scheduled = at('LambdaFunctionScheduled');
    const waits = at('LambdaFunctionFailed').map((failed, index) => ((scheduled[index + 1] ?? 0) - failed) / 1000);
    // Less than the next interval, or than one without the maximum.
    for (const [index, [least, next]] of (
      [
        [100, 300],
        [300, 600],
        [600, 900],
        [600, 2700],
      ] as const
    ).entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(least);
      expect(waits[index]).toBeLessThan(next);
    }
  });

  it('continues at once when the clock jumps beyond the interval', async () => {
    await deploy(retrying([{ ErrorEquals: ['NotYet'], IntervalSeconds: 86_400 }]), { functions: { flaky } });
    const arn = await embedded().start('machine', input(1));
    for (;;) {
      if ((await embedded().history(arn)).some(({ type }) => type === 'LambdaFunctionFailed')) break;
    }
    embedded().clock.advance(86_400_000);
    expect((await embedded().end(arn)).output).toEqual({ calls: 2 });
  });

  it('repeats a Parallel, and catches the last failure', async () => {
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
    embedded().clock.setRate(1000);
    const { executionArn, output } = await embedded().run('machine', input(5));
    expect(output).toMatchObject({ Error: 'NotYet' });
    expect(inLines(await embedded().history(executionArn))).toEqual([
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
