import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { statusChange } from '../../src/eventbridge/event.ts';
import { readRules } from '../../src/eventbridge/rule.ts';
import { openTemplate } from '../../src/stack/template.ts';
import { UnsupportedTemplate } from '../../src/stack/unsupported.ts';
import { zipFunction } from '../lambda/functions.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rules-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const place = { accountId: '000000000000', region: 'us-east-1' };
const at = 'arn:aws:states:us-east-1:000000000000';
const noteArn = 'arn:aws:lambda:us-east-1:000000000000:function:note';
const ruleArn = 'arn:aws:events:us-east-1:000000000000:rule/Ended';
const event = statusChange(
  {
    executionArn: `${at}:execution:oven:1`,
    stateMachineArn: `${at}:stateMachine:oven`,
    name: '1',
    startDate: 1_767_225_600_000,
    input: '{"bread":"rye"}',
    closed: { status: 'FAILED', stopDate: 1_767_225_601_500, error: 'Burnt', cause: 'too "hot"' },
  },
  { ...place, now: 1_767_225_602_345 },
);

interface Given {
  readonly target?: object;
  readonly rule?: object;
  readonly permission?: object;
}

const pattern = { source: ['aws.states'], detail: { status: ['FAILED'], stateMachineArn: [{ Ref: 'Oven' }] } };

function read({ target, rule, permission }: Given = {}) {
  const Resources = {
    Note: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'note' } },
    Oven: { Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: 'oven' } },
    Ended: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Description: 'bread',
        EventPattern: pattern,
        Targets: [{ Id: 'note', Arn: { 'Fn::GetAtt': ['Note', 'Arn'] }, ...target }],
        ...rule,
      },
    },
    Permission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: { Ref: 'Note' },
        Principal: 'events.amazonaws.com',
        SourceArn: { 'Fn::GetAtt': ['Ended', 'Arn'] },
        ...permission,
      },
    },
  };
  writeFileSync(join(directory, 'cloudformation-template-update-stack.json'), JSON.stringify({ Resources }));
  return readRules(openTemplate(directory, place), [zipFunction(directory, 'note', '')]);
}

describe('a rule of the stack', () => {
  it('names a function, and matches the events of its pattern', () => {
    const [rule] = read();
    expect(rule).toMatchObject({ name: 'Ended', arn: ruleArn, targets: [{ functionArn: noteArn, permitted: true }] });
    expect(rule?.matches(event)).toBe(true);
    expect(rule?.matches({ ...event, detail: { ...event.detail, status: 'ABORTED' } })).toBe(false);
    expect(rule?.matches({ ...event, detail: { ...event.detail, stateMachineArn: `${at}:stateMachine:stove` } })).toBe(false);
  });

  it.each<[string, object]>([
    ['another function', { FunctionName: 'oven' }],
    ['another service', { Principal: 'scheduler.amazonaws.com' }],
    ['another rule', { SourceArn: `${ruleArn}-too` }],
  ])('may not invoke the function with a permission for %s', (_, permission) => {
    expect(read({ permission })[0]?.targets[0]?.permitted).toBe(false);
  });

  it('may invoke the function with a permission that names its ARN', () => {
    expect(read({ permission: { FunctionName: noteArn } })[0]?.targets[0]?.permitted).toBe(true);
  });

  it.each<[string, Given, RegExp]>([
    ['a schedule', { rule: { ScheduleExpression: 'rate(1 day)' } }, /at Ended\.ScheduleExpression: the embedded AWS does not support it/],
    ['another event bus', { rule: { EventBusName: 'mine' } }, /Ended\.EventBusName/],
    ['a state', { rule: { State: 'DISABLED' } }, /Ended\.State/],
    ['no pattern', { rule: { EventPattern: undefined } }, /Ended\.EventPattern/],
    [
      'events of another service',
      { rule: { EventPattern: { source: ['aws.s3'] } } },
      /has only events of the source aws\.states and aws\.ec2/,
    ],
    [
      'other events',
      { rule: { EventPattern: { 'detail-type': ['AWS API Call via CloudTrail'] } } },
      /has only events of the detail-type Step Functions/,
    ],
    [
      'events that the service does not have',
      { rule: { EventPattern: { source: ['aws.ec2'], 'detail-type': ['Step Functions Execution Status Change'] } } },
      /has only events of the detail-type EC2 Instance State-change Notification/,
    ],
    ['another comparison', { rule: { EventPattern: { source: [{ wildcard: '*' }] } } }, /Ended\.EventPattern\.source/],
    [
      'another target',
      { target: { Arn: 'arn:aws:sns:us-east-1:000000000000:topic' } },
      /Ended\.Targets\.0\.Arn: .*topic is not a function/,
    ],
    ['a dead-letter queue', { target: { DeadLetterConfig: {} } }, /Ended\.Targets\.0\.DeadLetterConfig/],
    ['retries', { target: { RetryPolicy: { MaximumRetryAttempts: 1 } } }, /Ended\.Targets\.0\.RetryPolicy/],
    ['an input', { target: { Input: '{}' } }, /at Ended\.Targets\.0\.Input: the embedded AWS does not support it/],
    ['a path of the input', { target: { InputPath: '$.detail' } }, /Ended\.Targets\.0\.InputPath/],
    ['an input transformer', { target: { InputTransformer: { InputTemplate: '{}' } } }, /Ended\.Targets\.0\.InputTransformer/],
    ['a permission for an account', { permission: { SourceAccount: '000000000000' } }, /Permission\.SourceAccount/],
    ['a permission for another action', { permission: { Action: 'lambda:GetFunction' } }, /Permission\.Action/],
  ])('is refused with %s', (_, given, message) => {
    expect(() => read(given)).toThrow(message);
    expect(() => read(given)).toThrow(UnsupportedTemplate);
  });
});
