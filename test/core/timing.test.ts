import { describe, expect, it } from 'vitest';
import { stackWithTiming, timingInFailure, timingInResult, withTiming } from '../../core/timing.ts';

const measured = { coldMilliseconds: 150, awsMilliseconds: 80, waitedMilliseconds: 0, totalMilliseconds: 100 };
const short = { coldMilliseconds: 150, awsMilliseconds: 80, totalMilliseconds: 100 };

describe('the timing in a result', () => {
  it('stands beside its fields, without what is zero', () => {
    expect(withTiming({ vpcId: 'vpc-1' }, measured)).toEqual({ vpcId: 'vpc-1', timing: short });
    expect(withTiming(undefined, measured)).toEqual({ timing: short });
    expect(withTiming({}, { awsMilliseconds: 0, waitedMilliseconds: 0, totalMilliseconds: 0 })).toEqual({
      timing: { totalMilliseconds: 0 },
    });
  });

  it.each([[null], [[1]], ['text'], [1]])('has no place in %j', (result) => {
    expect(withTiming(result, measured)).toBe(result);
  });

  it('is read again', () => {
    const proven = { ...measured, proofMilliseconds: 10 };
    expect(timingInResult(JSON.stringify(withTiming({}, proven)))).toEqual(proven);
    expect(timingInResult(JSON.stringify(withTiming({ vpcId: 'vpc-1' }, measured)))).toEqual(measured);
  });

  it.each([
    undefined,
    '',
    '{',
    'null',
    '[]',
    '{"timing":1}',
    '{"timing":{"totalMilliseconds":"1"}}',
    '{"timing":{"totalMilliseconds":0.5}}',
  ])('is not there in %j', (output) => {
    expect(timingInResult(output)).toBeUndefined();
  });
});

describe('the timing of a failure', () => {
  // As the runtime of Node.js reports an error: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html
  const causeOf = ({ name, message, stack = '' }: Error) =>
    JSON.stringify({ errorType: name, errorMessage: message, trace: stack.split('\n') });

  it('is the last line of its stack trace', () => {
    const error = new TypeError('x is undefined');
    const before = error.stack ?? '';
    error.stack = stackWithTiming(before, measured);
    expect(error.stack).toBe(`${before}\n    timing {"coldMilliseconds":150,"awsMilliseconds":80,"totalMilliseconds":100}`);
    expect(timingInFailure(causeOf(error))).toEqual(measured);
  });

  it('is not there where the step had no time to tell', () => {
    expect(timingInFailure(undefined)).toBeUndefined();
    expect(timingInFailure('RequestId: 1 Error: Task timed out after 30.00 seconds')).toBeUndefined();
    expect(timingInFailure('{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 1"}')).toBeUndefined();
    expect(timingInFailure('{"errorType":"E","errorMessage":"M","trace":[]}')).toBeUndefined();
    expect(timingInFailure(causeOf(new Error('timing {"totalMilliseconds":1}')))).toBeUndefined();
  });
});
