import { ListExecutionsCommand, ListStateMachinesCommand } from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { jumpingClock } from '../harness/jumping-clock.ts';
import { machineArn, one, useDeployments } from '../harness/step-functions.ts';

const { deploy, embedded } = useDeployments();
let clock: Clock;
afterEach(() => clock.stop());

/** The events of an execution, with the milliseconds since its start. */
async function timedEvents(input?: unknown): Promise<[string, number][]> {
  const { executionArn } = await embedded().run('machine', input);
  const events = await embedded().history(executionArn);
  const begin = events[0]?.timestamp?.getTime() ?? 0;
  return events.map(({ type, timestamp }) => [type ?? '', Math.round((timestamp?.getTime() ?? 0) - begin)]);
}

describe('calibrated latency', () => {
  it('takes 0.05 s for each state', async () => {
    clock = jumpingClock();
    const definition = {
      StartAt: 'First',
      States: {
        First: { Type: 'Pass', Next: 'Choose' },
        Choose: { Type: 'Choice', Choices: [{ Variable: '$.a', NumericEquals: 1, Next: 'Wait' }] },
        Wait: { Type: 'Wait', Seconds: 2, Next: 'End' },
        End: { Type: 'Succeed' },
      },
    };
    await deploy(definition, { clock, latency: 'calibrated' });
    expect(await timedEvents({ a: 1 })).toEqual([
      ['ExecutionStarted', 0],
      ['PassStateEntered', 0],
      ['PassStateExited', 50],
      ['ChoiceStateEntered', 50],
      ['ChoiceStateExited', 100],
      ['WaitStateEntered', 100],
      ['WaitStateExited', 2150],
      ['SucceedStateEntered', 2150],
      ['SucceedStateExited', 2200],
      ['ExecutionSucceeded', 2200],
    ]);
  });

  it('takes 0.05 s for each retry, after its own delay', async () => {
    clock = jumpingClock();
    const retry = { ErrorEquals: ['States.ALL'], IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 2 };
    await deploy(one({ Type: 'Task', Resource: '${fail}', Retry: [retry] }), {
      clock,
      latency: 'calibrated',
      functions: { fail: 'export const handler = async () => { throw new Error("no"); };' },
    });
    const scheduled = (await timedEvents()).filter(([type]) => type === 'LambdaFunctionScheduled');
    expect(scheduled.map(([, at]) => at)).toEqual([50, 1100, 3150]);
  });

  it('takes as long for branches at the same time as for one', async () => {
    clock = jumpingClock();
    const branch = { StartAt: 'A', States: { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', End: true } } };
    await deploy(one({ Type: 'Parallel', Branches: [branch, branch, branch] }), { clock, latency: 'calibrated' });
    expect((await timedEvents()).at(-1)).toEqual(['ExecutionSucceeded', 150]);
  });

  it('stops an execution during a transition', async () => {
    clock = jumpingClock(0);
    await deploy({ ...one({ Type: 'Pass' }), TimeoutSeconds: 1 }, { clock, latency: 'calibrated' });
    const arn = await embedded().start('machine');
    clock.advance(49);
    expect((await embedded().history(arn)).map(({ type }) => type)).toEqual(['ExecutionStarted', 'PassStateEntered']);
    embedded().stopStepFunctions();
    expect(await embedded().end(arn)).toMatchObject({ status: 'ABORTED' });
    clock.advance(1000);
    expect(await embedded().history(arn)).toHaveLength(3);
  });
});

describe('the limits of Step Functions', () => {
  // https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
  it.each([
    ['us-east-1', 200, 5],
    ['eu-central-1', 100, 2],
  ])('allow %s %i ListExecutions at once, and %i a second', async (region, capacity, perSecond) => {
    clock = jumpingClock(0);
    await deploy(one({ Type: 'Pass' }), { clock, latency: 'throttled' });
    const client = embedded().clientIn(region);
    const outcomes = async (count: number) => {
      const names = Array.from({ length: count }, () =>
        client.send(new ListExecutionsCommand({ stateMachineArn: machineArn('machine') })).then(
          () => 'ok',
          ({ name, message, $metadata }) => (name === 'ThrottlingException' ? `${$metadata.httpStatusCode} ${message}` : 'ok'),
        ),
      );
      return (await Promise.all(names)).toSorted();
    };
    const expected = (allowed: number, refused: number) => [...Array(refused).fill('400 Rate exceeded'), ...Array(allowed).fill('ok')];
    expect(await outcomes(capacity + 5)).toEqual(expected(capacity, 5));
    clock.advance(1000);
    expect(await outcomes(perSecond + 3)).toEqual(expected(perSecond, 3));
    // Another action has its own limit.
    await client.send(new ListStateMachinesCommand({}));
    client.destroy();
  });

  it('are absent with calibrated latency', async () => {
    clock = jumpingClock(0);
    await deploy(one({ Type: 'Pass' }), { clock, latency: 'calibrated' });
    await Promise.all(Array.from({ length: 120 }, () => embedded().sfn.send(new ListStateMachinesCommand({}))));
  });
});
