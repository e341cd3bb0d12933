import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSchedules } from '../../src/scheduler/schedule.ts';
import { UnsupportedTemplate } from '../../src/stack/template.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'schedules-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const machineArn = 'arn:aws:states:eu-west-1:000000000000:stateMachine:oven';
const stack = {
  accountId: '000000000000',
  region: 'eu-west-1',
  functions: [],
  stateMachines: [{ name: 'oven', arn: machineArn, definition: '{}' }],
};
const target = { Arn: { Ref: 'Oven' }, RoleArn: 'arn:aws:iam::000000000000:role/elsewhere', Input: '{}' };

/** The schedules of a template with one that has these properties. */
function read(properties: object = {}, rest: object = {}, Parameters: object = {}) {
  const Daily = {
    Type: 'AWS::Scheduler::Schedule',
    Properties: { Name: 'daily', ScheduleExpression: 'rate(1 day)', FlexibleTimeWindow: { Mode: 'OFF' }, Target: target, ...properties },
    ...rest,
  };
  const Oven = { Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: 'oven' } };
  const template = { Parameters, Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } }, Resources: { Oven, Daily } };
  writeFileSync(join(directory, 'cloudformation-template-update-stack.json'), JSON.stringify(template));
  return readSchedules(directory, stack);
}

const minutes = (count: number) => count * 60_000;

describe('a schedule of the stack', () => {
  it('starts a state machine at its rate', () => {
    expect(read({ Description: 'every day', GroupName: 'default', ScheduleExpressionTimezone: 'Europe/Paris' })).toMatchObject([
      {
        name: 'daily',
        arn: 'arn:aws:scheduler:eu-west-1:000000000000:schedule/default/daily',
        stateMachineArn: machineArn,
        expression: 'rate(1 day)',
        periodMilliseconds: minutes(24 * 60),
      },
    ]);
  });

  it.each([
    ['rate(1 minute)', 1],
    ['rate(5 minutes)', 5],
    ['rate(1 hour)', 60],
    ['rate(12 hours)', 720],
    ['rate(2 days)', 2880],
  ])('understands %s', (ScheduleExpression, count) => {
    expect(read({ ScheduleExpression })[0]?.periodMilliseconds).toBe(minutes(count));
  });

  it('is named after its logical id where it has no name', () => {
    expect(read({ Name: undefined })[0]?.name).toBe('Daily');
  });

  it('is left out when it is disabled, or its condition does not hold', () => {
    expect(read({ State: 'DISABLED' })).toEqual([]);
    expect(read({}, { Condition: 'Never' })).toEqual([]);
    expect(read({ State: 'ENABLED' })).toHaveLength(1);
  });

  it("puts Scheduler's keywords into the input", () => {
    const names = ['schedule-arn', 'scheduled-time', 'execution-id', 'attempt-number', 'weather'];
    const Input = JSON.stringify(Object.fromEntries(names.map((name) => [name, `<aws.scheduler.${name}>`])));
    const [schedule] = read({ Target: { ...target, Input } });
    expect(JSON.parse(schedule?.inputAt(Date.UTC(2026, 0, 2, 3, 4, 5)) ?? '')).toEqual({
      'schedule-arn': schedule?.arn,
      'scheduled-time': '2026-01-02T03:04:05Z',
      'execution-id': expect.stringMatching(/^[\w-]{36}$/),
      'attempt-number': '1',
      weather: '<aws.scheduler.weather>',
    });
  });

  it('takes the numbers of its retry policy from parameters', () => {
    const Target = { ...target, RetryPolicy: { MaximumRetryAttempts: { Ref: 'Attempts' }, MaximumEventAgeInSeconds: 60 } };
    expect(read({ Target }, {}, { Attempts: { Default: '3' } })).toHaveLength(1);
  });

  it.each<[string, object, RegExp]>([
    ['a cron expression', { ScheduleExpression: 'cron(0 20 * * ? *)' }, /Daily\.ScheduleExpression: .*rate.* only, not cron\(0 20/],
    ['a single time', { ScheduleExpression: 'at(2026-01-02T03:04:05)' }, /not at\(2026/],
    ['a rate of nothing', { ScheduleExpression: 'rate(0 minutes)' }, /Daily\.ScheduleExpression/],
    ['a rate in seconds', { ScheduleExpression: 'rate(30 seconds)' }, /Daily\.ScheduleExpression/],
    [
      'a time zone that there is not',
      { ScheduleExpressionTimezone: 'Mars/Phobos' },
      /Daily\.ScheduleExpressionTimezone: no IANA time zone/,
    ],
    ['a flexible time window', { FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 5 } }, /Daily\.FlexibleTimeWindow/],
    ['no time window', { FlexibleTimeWindow: undefined }, /Daily\.FlexibleTimeWindow/],
    ['a start date', { StartDate: '2026-01-01T00:00:00Z' }, /Daily\.StartDate/],
    [
      'another target',
      { Target: { ...target, Arn: 'arn:aws:sqs:eu-west-1:000000000000:queue' } },
      /Daily\.Target\.Arn: .*queue is no state machine/,
    ],
    ['a target without a role', { Target: { Arn: target.Arn, Input: '{}' } }, /Daily\.Target\.RoleArn/],
    ['an input that is no JSON', { Target: { ...target, Input: '{' } }, /Daily\.Target\.Input: not JSON/],
    ['no input', { Target: { ...target, Input: undefined } }, /Daily\.Target\.Input/],
    ['a dead-letter queue', { Target: { ...target, DeadLetterConfig: {} } }, /Daily\.Target\.DeadLetterConfig/],
    ['too many retries', { Target: { ...target, RetryPolicy: { MaximumRetryAttempts: 186 } } }, /MaximumRetryAttempts/],
  ])('is refused with %s', (_, properties, message) => {
    expect(() => read(properties)).toThrow(message);
    expect(() => read(properties)).toThrow(UnsupportedTemplate);
  });
});
