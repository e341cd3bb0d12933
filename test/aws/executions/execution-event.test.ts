import { describe, expect, it } from 'vitest';
import { type EndedExecution, endOf } from '../../../aws/executions/execution-event.ts';

const arn = (kind: string, machine: string, name = '') => `arn:aws:states:eu-west-3:123456789012:${kind}:${machine}${name}`;
const input = JSON.stringify({ caller: 'alice', environment: { owner: 'alice', repository: 'acme/api' }, request: {} });

function event(detail: Partial<EndedExecution['detail']>, machine = 'recode-start'): EndedExecution {
  return {
    detail: {
      executionArn: arn('execution', machine, ':1'),
      stateMachineArn: arn('stateMachine', machine),
      status: 'FAILED',
      input,
      error: null,
      cause: null,
      ...detail,
    },
  };
}

describe('endOf', () => {
  it.each(['start', 'stop', 'remove', 'uninstall'])('tells which operation a %s was', (kind) => {
    const operation = { executionArn: arn('execution', `recode-${kind}`, ':1'), kind };
    expect(endOf(event({}, `recode-${kind}`)).operation).toEqual(operation);
  });

  it('does not take an execution of somebody else’s for one of ours', () => {
    expect(() => endOf(event({}, 'their-start'))).toThrow('none of ours');
  });

  it('reads whose environment it was about', () => {
    expect(endOf(event({})).environment).toEqual({ owner: 'alice', repository: 'acme/api' });
  });

  it.each([['{"caller":"alice"}'], ['{}'], ['not JSON'], ['"text"'], [null], [undefined]])('finds no environment in %s', (text) => {
    expect(endOf(event({ input: text })).environment).toBeNull();
  });

  it.each([
    ['NoCapacity', '{"errorMessage":"no t2.medium"}', { name: 'NoCapacity', message: 'no t2.medium' }],
    ['States.Runtime', 'A path is missing.', { name: 'Unexpected', message: 'States.Runtime: A path is missing.' }],
    [null, null, { name: 'Unexpected', message: 'States.Runtime.' }],
  ])('names a failure with %s, and alarms', (error, cause, expected) => {
    expect(endOf(event({ error, cause }))).toMatchObject({ error: expected, alarming: true });
  });

  it('alarms where an execution took too long', () => {
    expect(endOf(event({ status: 'TIMED_OUT' }))).toMatchObject({ error: { name: 'ExecutionTimedOut' }, alarming: true });
  });

  it.each([
    ['was refused', { error: 'InstanceNotStopped', cause: '{"errorMessage":"another type"}' }, 'InstanceNotStopped'],
    ['was stopped by a person', { status: 'ABORTED', cause: 'by hand' }, 'ExecutionAborted'],
  ] as const)('does not alarm where it %s', (_, detail, name) => {
    expect(endOf(event(detail))).toMatchObject({ error: { name }, alarming: false });
  });
});
