import { describe, expect, it } from 'vitest';
import { inLines, one, useDeployments } from '../harness/step-functions.ts';

const { deploy, embedded } = useDeployments();

describe('time', () => {
  const slow =
    'export const handler = async ({ sleep }) => { await new Promise((resolve) => setTimeout(resolve, sleep)); return "done"; };';
  const timed = (rest: object) => ({
    StartAt: 'Slow',
    States: { Slow: { Type: 'Task', Resource: '${slow}', TimeoutSeconds: 1, End: true, ...rest }, Caught: { Type: 'Pass', End: true } },
  });

  it('ends a task with States.Timeout, which States.TaskFailed does not catch', async () => {
    await deploy(timed({ Catch: [{ ErrorEquals: ['States.TaskFailed'], Next: 'Caught' }] }), { functions: { slow } });
    const { executionArn, ...outcome } = await embedded().run('machine', { sleep: 3000 });
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'States.Timeout', cause: undefined });
    const events = await embedded().history(executionArn);
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
    expect((await embedded().run('machine', { sleep: 3000 })).output).toEqual({ Error: 'States.Timeout', Cause: '' });
  });

  it('fails with Sandbox.Timedout at the timeout of a function', async () => {
    await deploy(one({ Type: 'Task', Resource: '${slow}' }), { functions: { slow }, timeoutSeconds: 1 });
    expect(await embedded().run('machine', { sleep: 3000 })).toMatchObject({
      status: 'FAILED',
      error: 'Sandbox.Timedout',
      cause: expect.stringContaining('timed out after 1.00 seconds'),
    });
  });

  it('ends an execution as TIMED_OUT by the clock', async () => {
    await deploy({ ...one({ Type: 'Wait', Seconds: 7200 }), TimeoutSeconds: 3600 });
    const arn = await embedded().start('machine');
    embedded().clock.advance(3_599_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(inLines(await embedded().history(arn))).toHaveLength(2);
    embedded().clock.advance(1000);
    expect(await embedded().end(arn)).toMatchObject({ status: 'TIMED_OUT' });
    expect(inLines(await embedded().history(arn)).at(-1)).toBe('3<0 ExecutionTimedOut');
  });

  it('passes while a function works, and is skipped while nothing does', async () => {
    const definition = {
      StartAt: 'Day',
      States: {
        Day: { Type: 'Wait', Seconds: 86_400, Next: 'Slow' },
        Slow: { Type: 'Task', Resource: '${slow}', ResultPath: null, Next: 'Choose' },
        // One state after the other, by promises alone.
        Choose: { Type: 'Choice', Choices: [{ Variable: '$.sleep', IsPresent: true, Next: 'Pass' }] },
        Pass: { Type: 'Pass', Next: 'Again' },
        Again: { Type: 'Task', Resource: '${slow}', End: true },
      },
    };
    await deploy(definition, { functions: { slow } });
    const { clock } = embedded();
    // What is due every second would be what it skips to.
    const tick = () => void clock.at(clock.now() + 1000, tick);
    const begun = performance.now();
    const arn = await embedded().start('machine', { sleep: 400 });
    tick();
    clock.setSkips(true);
    const ended = await embedded().end(arn);
    clock.setSkips(false);
    expect(ended).toMatchObject({ status: 'SUCCEEDED' });
    const real = performance.now() - begun;
    const events = await embedded().history(arn);
    const times = new Map(events.map(({ id, timestamp }) => [id, Number(timestamp)]));
    const between = (one: number, other: number) => (times.get(other) ?? Number.NaN) - (times.get(one) ?? Number.NaN);
    expect(events[2]?.type).toBe('WaitStateExited');
    // Its end is computed a moment after it is entered.
    expect(Math.floor(between(2, 3) / 1000)).toBe(86_400);
    const [works, again] = events.flatMap(({ id, type }) => (type === 'LambdaFunctionSucceeded' ? (id ?? 0) : []));
    for (const id of [works ?? 0, again ?? 0]) expect(between(id - 1, id)).toBeGreaterThanOrEqual(400);
    // No second was skipped after the day, however busy this machine is.
    expect(between(3, again ?? 0)).toBeLessThanOrEqual(real + 1000);
  });

  it('waits by the clock', async () => {
    await deploy(one({ Type: 'Wait', Seconds: 600 }));
    const arn = await embedded().start('machine', { a: 1 });
    embedded().clock.advance(590_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(inLines(await embedded().history(arn))).toEqual(['1<0 ExecutionStarted', '2<0 WaitStateEntered Only']);
    embedded().clock.advance(10_000);
    expect(await embedded().end(arn)).toMatchObject({ status: 'SUCCEEDED', output: { a: 1 } });
  });
});
