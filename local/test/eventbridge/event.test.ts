import { expect, it } from 'vitest';
import { stateChange, statusChange } from '../../src/eventbridge/event.ts';
import type { Closed } from '../../src/step-functions/executions.ts';

const executionArn = 'arn:aws:states:us-east-1:000000000000:execution:oven:1';
const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:oven';
const place = { accountId: '000000000000', region: 'us-east-1', now: Date.UTC(2026, 0, 1, 0, 0, 2, 345) };
const startDate = Date.UTC(2026, 0, 1);
const eventOf = (closed?: Closed, input = '{}') =>
  statusChange({ executionArn, stateMachineArn, name: '1', startDate, input, ...(closed && { closed }) }, place);

it('says that an execution has started, like AWS', () => {
  expect(eventOf()).toEqual({
    version: '0',
    id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    'detail-type': 'Step Functions Execution Status Change',
    source: 'aws.states',
    account: '000000000000',
    time: '2026-01-01T00:00:02Z',
    region: 'us-east-1',
    resources: [executionArn],
    detail: {
      executionArn,
      stateMachineArn,
      name: '1',
      status: 'RUNNING',
      startDate,
      stopDate: null,
      input: '{}',
      output: null,
      stateMachineVersionArn: null,
      stateMachineAliasArn: null,
      redriveCount: 0,
      redriveDate: null,
      redriveStatus: 'NOT_REDRIVABLE',
      redriveStatusReason: 'Execution is RUNNING and cannot be redriven',
      inputDetails: { included: true },
      outputDetails: null,
      error: null,
      cause: null,
    },
  });
});

it('says how an execution ended', () => {
  expect(eventOf({ status: 'SUCCEEDED', stopDate: startDate + 7, output: '"bread"' }).detail).toMatchObject({
    status: 'SUCCEEDED',
    stopDate: startDate + 7,
    output: '"bread"',
    outputDetails: { included: true },
    redriveStatus: 'NOT_REDRIVABLE',
  });
  expect(eventOf({ status: 'FAILED', stopDate: startDate + 7, error: 'Burnt', cause: 'too hot' }).detail).toMatchObject({
    status: 'FAILED',
    output: null,
    outputDetails: null,
    error: 'Burnt',
    cause: 'too hot',
    redriveStatus: 'REDRIVABLE',
    redriveStatusReason: null,
  });
});

it('omits the input, or also the output, if they do not fit into an event', () => {
  const half = JSON.stringify('x'.repeat(130 * 1024));
  const whole = JSON.stringify('x'.repeat(250 * 1024));
  const done = (output: string): Closed => ({ status: 'SUCCEEDED', stopDate: startDate, output });
  expect(eventOf(done(half), half).detail).toMatchObject({
    input: null,
    inputDetails: { included: false },
    output: half,
    outputDetails: { included: true },
  });
  expect(eventOf(done(whole)).detail).toMatchObject({ input: null, output: null, outputDetails: { included: false } });
  expect(eventOf(undefined, half).detail.input).toBe(half);
});

// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-state-changes.html
it('says that an instance has entered a state, like AWS', () => {
  const documented = {
    version: '0',
    id: '7bf73129-1428-4cd3-a780-95db273d1602',
    'detail-type': 'EC2 Instance State-change Notification',
    source: 'aws.ec2',
    account: '123456789012',
    time: '2021-11-11T21:29:54Z',
    region: 'us-east-1',
    resources: ['arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111'],
    detail: { 'instance-id': 'i-abcd1111', state: 'pending' },
  };
  const at = Date.parse('2021-11-11T21:29:54.321Z');
  const event = stateChange({ id: 'i-abcd1111', state: 'pending', at }, { accountId: '123456789012', region: 'us-east-1' });
  expect({ ...event, id: documented.id }).toEqual(documented);
});
