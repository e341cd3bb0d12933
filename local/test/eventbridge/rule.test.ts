import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { statusChange } from '../../src/eventbridge/event.ts';
import { readInvokeConfigs } from '../../src/eventbridge/invoke-config.ts';
import { readRules } from '../../src/eventbridge/rule.ts';
import { UnsupportedTemplate } from '../../src/stack/template.ts';
import { zipFunction } from '../lambda/functions.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rules-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const place = { accountId: '000000000000', region: 'us-east-1' };
const at = 'arn:aws:states:us-east-1:000000000000';
const noteArn = 'arn:aws:lambda:us-east-1:000000000000:function:note';
const ruleArn = 'arn:aws:events:us-east-1:000000000000:rule/ended';
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

interface Template {
  readonly target?: object;
  readonly rule?: object;
  readonly permission?: object;
  readonly more?: object;
}

const pattern = { source: ['aws.states'], detail: { status: ['FAILED'], stateMachineArn: [{ Ref: 'Oven' }] } };

function write({ target, rule, permission, more }: Template) {
  const Resources = {
    Note: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'note' } },
    Oven: { Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: 'oven' } },
    Ended: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: 'ended',
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
    ...more,
  };
  writeFileSync(join(directory, 'cloudformation-template-update-stack.json'), JSON.stringify({ Resources }));
  return { ...place, functions: [zipFunction(directory, 'note', '')], stateMachines: [] };
}

function read(template: Template = {}) {
  return readRules(directory, write(template));
}

/** What the target of the rule gets of the event. */
const inputOf = (target: object) => read({ target })[0]?.targets[0]?.input(event);

describe('a rule of the stack', () => {
  it('names a function, and matches the events of its pattern', () => {
    const [rule] = read();
    expect(rule).toMatchObject({ name: 'ended', arn: ruleArn, targets: [{ functionArn: noteArn, permitted: true }] });
    expect(rule?.matches(event)).toBe(true);
    expect(rule?.matches({ ...event, detail: { ...event.detail, status: 'ABORTED' } })).toBe(false);
    expect(rule?.matches({ ...event, detail: { ...event.detail, stateMachineArn: `${at}:stateMachine:stove` } })).toBe(false);
  });

  it('is left out when it is disabled', () => {
    expect(read({ rule: { State: 'DISABLED' } })).toEqual([]);
  });

  it.each<[string, object]>([
    ['is not there', { Action: 'lambda:GetFunction' }],
    ['is for another function', { FunctionName: 'oven' }],
    ['is for another service', { Principal: 'scheduler.amazonaws.com' }],
    ['is for another rule', { SourceArn: `${ruleArn}-too` }],
    ['is for another account', { SourceAccount: '111111111111' }],
  ])('may not invoke the function when its permission %s', (_, permission) => {
    expect(read({ permission })[0]?.targets[0]?.permitted).toBe(false);
  });

  it.each<[string, object]>([
    ['names it by its ARN', { FunctionName: noteArn }],
    ['is for all rules', { SourceArn: undefined }],
    ['is for rules by a wildcard', { SourceArn: 'arn:aws:events:*:*:rule/end*' }],
    ['names the account', { SourceAccount: '000000000000' }],
  ])('may invoke the function when its permission %s', (_, permission) => {
    expect(read({ permission })[0]?.targets[0]?.permitted).toBe(true);
  });

  it.each<[string, Template, RegExp]>([
    ['a schedule', { rule: { ScheduleExpression: 'rate(1 day)' } }, /Ended\.ScheduleExpression/],
    ['another event bus', { rule: { EventBusName: 'mine' } }, /Ended\.EventBusName/],
    ['no pattern', { rule: { EventPattern: undefined } }, /Ended\.EventPattern/],
    ['events of another service', { rule: { EventPattern: { source: ['aws.ec2'] } } }, /events of the source aws\.states only/],
    [
      'other events',
      { rule: { EventPattern: { 'detail-type': ['AWS API Call via CloudTrail'] } } },
      /events of the detail-type Step Functions/,
    ],
    ['a comparison that is not made here', { rule: { EventPattern: { source: [{ wildcard: '*' }] } } }, /Ended\.EventPattern\.source/],
    ['another target', { target: { Arn: 'arn:aws:sns:us-east-1:000000000000:topic' } }, /Ended\.Targets\.0\.Arn: .*topic is no function/],
    ['a dead-letter queue', { target: { DeadLetterConfig: {} } }, /Ended\.Targets\.0\.DeadLetterConfig/],
    ['too many retries', { target: { RetryPolicy: { MaximumRetryAttempts: 186 } } }, /MaximumRetryAttempts/],
    ['two inputs', { target: { Input: '{}', InputPath: '$.detail' } }, /Targets\.0: it may have one of Input and InputPath/],
    ['an input that is no JSON', { target: { Input: '{' } }, /Targets\.0: what the target would get is not JSON/],
    ['a path to nothing', { target: { InputPath: '$.detail.colour' } }, /Targets\.0\.InputPath: events of Step Functions have no/],
    ['a path in brackets', { target: { InputPath: "$['detail']" } }, /Targets\.0\.InputPath/],
    ['a variable that nothing defines', { target: { InputTransformer: { InputTemplate: '{"a": <b>}' } } }, /nothing says what <b> is/],
    [
      'a variable of a reserved name',
      { target: { InputTransformer: { InputPathsMap: { 'aws.a': '$.time' }, InputTemplate: '"a"' } } },
      /names that begin with AWS are reserved/,
    ],
    [
      'a template that makes no JSON',
      { target: { InputTransformer: { InputTemplate: 'at <aws.events.event.ingestion-time>' } } },
      /not JSON/,
    ],
  ])('is refused with %s', (_, template, message) => {
    expect(() => read(template)).toThrow(message);
    expect(() => read(template)).toThrow(UnsupportedTemplate);
  });
});

describe('what a target gets', () => {
  it('is the event, where it says nothing', () => {
    expect(inputOf({})).toEqual(event);
  });

  it('is a constant', () => {
    expect(inputOf({ Input: '{"kind":"fixed"}' })).toEqual({ kind: 'fixed' });
  });

  it('is a part of the event', () => {
    expect(inputOf({ InputPath: '$.detail' })).toEqual(event.detail);
    expect(inputOf({ InputPath: '$.detail-type' })).toBe('Step Functions Execution Status Change');
    expect(inputOf({ InputPath: '$' })).toEqual(event);
  });

  it('is what its template makes of the event', () => {
    const InputTransformer = {
      InputPathsMap: { arn: '$.detail.executionArn', status: '$.detail.status', input: '$.detail.input', stop: '$.detail.stopDate' },
      InputTemplate: `{
        "execution": { "arn": <arn>, "input": <input>, "stopped": <stop> },
        "text": "\\"<arn>\\" is <status>",
        "rule": [<aws.events.rule-arn>, <aws.events.rule-name>, <aws.events.event.ingestion-time>],
        "event": <aws.events.event>,
        "whole": <aws.events.event.json>
      }`,
    };
    const { detail, ...rest } = event;
    expect(inputOf({ InputTransformer })).toEqual({
      execution: { arn: detail.executionArn, input: '{"bread":"rye"}', stopped: 1_767_225_601_500 },
      text: `"${detail.executionArn}" is FAILED`,
      rule: [ruleArn, 'ended', '2026-01-01T00:00:02Z'],
      event: rest,
      whole: event,
    });
    expect(inputOf({ InputTransformer: { ...InputTransformer, InputTemplate: '"<status>!"' } })).toBe('FAILED!');
  });

  it('cannot be made where a text with quotes comes into quotes', () => {
    const InputTransformer = { InputPathsMap: { cause: '$.detail.cause' }, InputTemplate: '{"cause": "<cause>"}' };
    expect(() => inputOf({ InputTransformer })).toThrow(SyntaxError);
  });
});

describe('how often an invocation is repeated', () => {
  const config = (Properties: object) => {
    const stack = write({ more: { Config: { Type: 'AWS::Lambda::EventInvokeConfig', Properties } } });
    return readInvokeConfigs(directory, stack);
  };

  it('may be said for a function', () => {
    const read = config({ FunctionName: { Ref: 'Note' }, Qualifier: '$LATEST', MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
    expect(read.get(noteArn)).toEqual({ maximumRetryAttempts: 0, maximumAgeMilliseconds: 60_000 });
  });

  it('is twice in six hours where nothing else is said', () => {
    const read = config({ FunctionName: noteArn, Qualifier: '$LATEST' });
    expect(read.get(noteArn)).toEqual({ maximumRetryAttempts: 2, maximumAgeMilliseconds: 21_600_000 });
  });

  it('may not come with destinations, which there are none of here', () => {
    expect(() => config({ FunctionName: 'note', Qualifier: '$LATEST', DestinationConfig: {} })).toThrow(/Config\.DestinationConfig/);
  });
});
