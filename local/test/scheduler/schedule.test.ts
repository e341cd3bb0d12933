import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSchedules } from '../../src/scheduler/schedule.ts';
import { openTemplate } from '../../src/stack/template.ts';
import { UnsupportedTemplate } from '../../src/stack/unsupported.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'schedules-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const machineArn = 'arn:aws:states:eu-west-1:000000000000:stateMachine:oven';
const roleArn = 'arn:aws:iam::000000000000:role/elsewhere';
const target = { Arn: { Ref: 'Oven' }, RoleArn: roleArn, Input: '{"bread":"rye"}' };

/** The schedules of a template with one that has these properties. */
function read(properties: object = {}) {
  const Daily = {
    Type: 'AWS::Scheduler::Schedule',
    Properties: { ScheduleExpression: 'rate(1 day)', FlexibleTimeWindow: { Mode: 'OFF' }, Target: target, ...properties },
  };
  const Oven = { Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: 'oven' } };
  writeFileSync(join(directory, 'cloudformation-template-update-stack.json'), JSON.stringify({ Resources: { Oven, Daily } }));
  const template = openTemplate(directory, { accountId: '000000000000', region: 'eu-west-1' });
  return readSchedules(template, [{ name: 'oven', arn: machineArn, definition: '{}' }]);
}

const minutes = (count: number) => count * 60_000;

describe('a schedule of the stack', () => {
  it('starts a state machine at its rate', () => {
    const RetryPolicy = { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 };
    expect(read({ Description: 'every day', Target: { ...target, RetryPolicy } })).toEqual([
      {
        name: 'Daily',
        arn: 'arn:aws:scheduler:eu-west-1:000000000000:schedule/default/Daily',
        roleArn,
        stateMachineArn: machineArn,
        expression: 'rate(1 day)',
        periodMilliseconds: minutes(24 * 60),
        input: '{"bread":"rye"}',
      },
    ]);
  });

  it.each([
    ['rate(1 minute)', 1],
    ['rate(5 minutes)', 5],
    ['rate(1 hour)', 60],
    ['rate(12 hours)', 720],
    ['rate(2 days)', 2880],
  ])('supports %s', (ScheduleExpression, count) => {
    expect(read({ ScheduleExpression })[0]?.periodMilliseconds).toBe(minutes(count));
  });

  it.each<[string, object, RegExp]>([
    ['a cron expression', { ScheduleExpression: 'cron(0 20 * * ? *)' }, /Daily\.ScheduleExpression: .*rate\(5 minutes\), not cron\(0 20/],
    ['a single time', { ScheduleExpression: 'at(2026-01-02T03:04:05)' }, /not at\(2026/],
    ['a rate of nothing', { ScheduleExpression: 'rate(0 minutes)' }, /Daily\.ScheduleExpression/],
    ['a rate in seconds', { ScheduleExpression: 'rate(30 seconds)' }, /Daily\.ScheduleExpression/],
    ['a time zone', { ScheduleExpressionTimezone: 'Europe/Paris' }, /at Daily\.ScheduleExpressionTimezone: the embedded AWS does not/],
    ['a flexible time window', { FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 5 } }, /Daily\.FlexibleTimeWindow/],
    ['no time window', { FlexibleTimeWindow: undefined }, /Daily\.FlexibleTimeWindow/],
    ['a start date', { StartDate: '2026-01-01T00:00:00Z' }, /Daily\.StartDate/],
    ['a state', { State: 'DISABLED' }, /Daily\.State/],
    [
      'another target',
      { Target: { ...target, Arn: 'arn:aws:sqs:eu-west-1:000000000000:queue' } },
      /Daily\.Target\.Arn: .*queue is not a state machine/,
    ],
    ['a target without a role', { Target: { Arn: target.Arn, Input: '{}' } }, /Daily\.Target\.RoleArn/],
    ['an input that is not JSON', { Target: { ...target, Input: '{' } }, /Daily\.Target\.Input: not JSON/],
    ['no input', { Target: { ...target, Input: undefined } }, /Daily\.Target\.Input/],
    ["a keyword of Scheduler's in its input", { Target: { ...target, Input: '"<aws.scheduler.scheduled-time>"' } }, /not replace <aws/],
    ['a dead-letter queue', { Target: { ...target, DeadLetterConfig: {} } }, /Daily\.Target\.DeadLetterConfig/],
  ])('is refused with %s', (_, properties, message) => {
    expect(() => read(properties)).toThrow(message);
    expect(() => read(properties)).toThrow(UnsupportedTemplate);
  });
});
