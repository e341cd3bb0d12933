import { describe, expect, it, vi } from 'vitest';
import { timing } from '../../../../aws/step/middleware/timing.ts';
import { dataInMessage } from '../../../../aws/step/middleware/translation.ts';
import { warming } from '../../../../aws/step/middleware/warming.ts';
import { during } from '../../../../aws/step/stopwatch.ts';
import { RecodeError } from '../../../../core/errors.ts';
import { timingInFailure } from '../../../../core/timing.ts';
import { warmUp } from '../../../../core/warm-up.ts';
import { invoke } from './invoke.ts';

/** A clock that the work of a step moves. */
function clock(begin: number) {
  let at = begin;
  return {
    now: () => at,
    pass: async (milliseconds: number) => {
      at += milliseconds;
    },
  };
}

describe('timing', () => {
  it('is added to the result of each invocation, with the start of the process to that of the first', async () => {
    const { now, pass } = clock(120.4);
    const middleware = timing(now);
    await pass(1_000); // the sandbox gets its first event
    const run = async () => {
      await pass(3);
      await during('aws', () => pass(40));
      await during('waiting', () => pass(500));
      return { vpcId: 'vpc-1' };
    };
    const spent = { awsMilliseconds: 40, waitedMilliseconds: 500, totalMilliseconds: 543 };
    expect(await invoke(middleware, run, {})).toEqual({ vpcId: 'vpc-1', timing: { coldMilliseconds: 120, ...spent } });
    expect(await invoke(middleware, run, {})).toEqual({ vpcId: 'vpc-1', timing: spent });
  });

  it('counts the proof of identity only while no other call is in flight', async () => {
    const { now, pass } = clock(0);
    const middleware = timing(now);
    const run = async () => {
      let end = () => {};
      const look = during('aws', () => new Promise<void>((resolve) => (end = resolve)));
      await during('proof', async () => {
        await pass(30);
        end();
        await look;
        await pass(70);
      });
      await during('waiting', () => pass(5));
    };
    const spent = { awsMilliseconds: 30, proofMilliseconds: 70, waitedMilliseconds: 5, totalMilliseconds: 105 };
    expect(await invoke(middleware, run, {})).toEqual({ timing: { coldMilliseconds: 0, ...spent } });
  });

  it('has no start of the process where an invocation before only started the sandbox', async () => {
    const { now, pass } = clock(120);
    const middleware = timing(now);
    expect(await invoke([middleware, warming()], () => 'not run', warmUp)).toEqual({ warm: true });
    expect(await invoke([middleware, warming()], () => pass(3), {})).toEqual({ timing: { totalMilliseconds: 3 } });
  });

  it('has no more parts than there is time, in whole milliseconds', async () => {
    const { now, pass } = clock(0);
    const middleware = timing(now);
    const run = async () => {
      await during('aws', () => pass(0.6));
      await during('waiting', () => pass(0.6));
    };
    expect(await invoke(middleware, run, {})).toEqual({ timing: { coldMilliseconds: 0, totalMilliseconds: 2 } });
  });

  it('is added to the stack trace of a failure, whose name and message stay', async () => {
    const { now, pass } = clock(80);
    const middleware = timing(now);
    const run = async () => {
      await during('aws', () => pass(25));
      throw new RecodeError('OperationInProgress', 'A stop is running.', { data: { kind: 'stop' } });
    };
    const error = await invoke([middleware, dataInMessage()], run, {}).then(vi.fn(), (reason: Error) => reason);
    const { name, message, stack = '' } = error as Error;
    expect({ name, message }).toEqual({
      name: 'OperationInProgress',
      message: '{"message":"A stop is running.","data":{"kind":"stop"}}',
    });
    const cause = JSON.stringify({ errorType: name, errorMessage: message, trace: stack.split('\n') });
    expect(timingInFailure(cause)).toEqual({ coldMilliseconds: 80, awsMilliseconds: 25, waitedMilliseconds: 0, totalMilliseconds: 25 });
    expect(stack).toContain('    at ');
  });
});
