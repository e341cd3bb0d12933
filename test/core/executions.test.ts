import { describe, expect, it } from 'vitest';
import { executionArn, operationOf, stateMachineArn, stateMachineBeside, stateMachineOf } from '../../core/executions.ts';

// The forms of https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
const place = { partition: 'aws-cn', region: 'cn-north-1', accountId: '111122223333' };
const machine = 'arn:aws-cn:states:cn-north-1:111122223333:stateMachine:recode-start';
const execution = 'arn:aws-cn:states:cn-north-1:111122223333:execution:recode-start:c0ffee';

describe('ARNs of state machines and executions', () => {
  it('name the state machine of an operation in a place', () => {
    expect(stateMachineArn(place, 'start')).toBe(machine);
    expect(executionArn(machine, 'c0ffee')).toBe(execution);
  });

  it('lead from an execution to another state machine in its place', () => {
    expect(stateMachineBeside(execution, 'stop')).toBe('arn:aws-cn:states:cn-north-1:111122223333:stateMachine:recode-stop');
  });

  it('lead from an execution to its state machine', () => {
    expect(stateMachineOf(execution)).toBe(machine);
  });

  it('tell the operation', () => {
    expect([machine, execution].map(operationOf)).toEqual(['start', 'start']);
    expect(operationOf(execution.replace('recode-start', 'recode-auto-stop'))).toBeUndefined();
    expect(operationOf('arn:aws:states:us-east-1:111122223333:execution:their-start:c0ffee')).toBeUndefined();
    expect(operationOf('recode-start')).toBeUndefined();
  });
});
