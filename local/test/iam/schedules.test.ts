import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { compileTrust } from '../../src/iam/trust.ts';
import { UnsupportedTemplate } from '../../src/stack/unsupported.ts';
import { type EnforcedAws, startEnforcedAws } from './enforced.ts';

const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:oven';
const trusting = (rest: object = {}) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'scheduler.amazonaws.com' }, ...rest }],
});
const stack = (trust: object, allowed: object = { Effect: 'Allow', Action: 'states:StartExecution', Resource: { Ref: 'Oven' } }) => ({
  Oven: {
    Type: 'AWS::StepFunctions::StateMachine',
    Properties: { StateMachineName: 'oven', DefinitionString: JSON.stringify({ StartAt: 'On', States: { On: { Type: 'Succeed' } } }) },
  },
  Often: {
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      ScheduleExpression: 'rate(5 minutes)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: { Ref: 'Oven' }, RoleArn: { 'Fn::GetAtt': ['Timer', 'Arn'] }, Input: '{}' },
    },
  },
  Timer: {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: trust,
      Policies: [{ PolicyName: 'start', PolicyDocument: { Statement: [allowed] } }],
    },
  },
});

let aws: EnforcedAws;

const fiveMinutesLater = () => aws.local('clock', 'POST', { advanceMilliseconds: 300_000 });
async function executions(): Promise<number> {
  const { executions = [] } = await aws.clientsOf('root').sfn.send(new ListExecutionsCommand({ stateMachineArn }));
  return executions.length;
}

describe('a schedule', () => {
  afterEach(async () => {
    await aws.stop();
    vi.restoreAllMocks();
  });

  it('starts executions while its role allows it', async () => {
    aws = await startEnforcedAws(stack(trusting()));
    await fiveMinutesLater();
    await vi.waitFor(async () => expect(await executions()).toBe(1));
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    await aws.local('iam', 'POST', { deny: [{ action: 'states:StartExecution' }] });
    await fiveMinutesLater();
    await vi.waitFor(() => expect(log).toHaveBeenCalled());
    expect(await executions()).toBe(1);
  });

  const refused = 'arn:aws:sts::000000000000:assumed-role/Timer/Often is not authorized to perform: states:StartExecution on resource:';
  it.each<[string, object, string]>([
    [
      'allows another machine',
      stack(trusting(), { Effect: 'Allow', Action: 'states:StartExecution', Resource: `${stateMachineArn}-too` }),
      `${refused} ${stateMachineArn} because no identity-based policy allows the states:StartExecution action`,
    ],
    [
      'does not trust Scheduler',
      stack(trusting({ Principal: { Service: 'states.amazonaws.com' } })),
      'The execution role you provide must allow AWS EventBridge Scheduler to assume the role.',
    ],
  ])('whose role %s starts nothing, which is logged', async (_, resources, reason) => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    aws = await startEnforcedAws(resources);
    await fiveMinutesLater();
    await vi.waitFor(() => expect(log).toHaveBeenCalledWith(expect.stringContaining(`The schedule Often starts nothing: `)));
    expect(log).toHaveBeenCalledWith(expect.stringContaining(reason));
    expect(await executions()).toBe(0);
  });
});

describe('who may assume a role', () => {
  const admits = (document: object) =>
    compileTrust(document, 'Timer').admits('scheduler.amazonaws.com', (key) => (key === 'aws:sourceaccount' ? '000000000000' : undefined));
  const where = (Condition: object) => admits(trusting({ Condition }));

  it('is named by the trust policy', () => {
    expect(admits(trusting())).toBe(true);
    expect(admits(trusting({ Principal: { Service: ['states.amazonaws.com', 'scheduler.amazonaws.com'] } }))).toBe(true);
    expect(admits(trusting({ Principal: { Service: 'events.amazonaws.com' } }))).toBe(false);
  });

  it('may depend on the account', () => {
    expect(where({ StringEquals: { 'aws:SourceAccount': '000000000000' } })).toBe(true);
    expect(where({ StringEquals: { 'aws:SourceAccount': '111111111111' } })).toBe(false);
  });

  it.each<[string, object, RegExp]>([
    ['another condition key', { Condition: { StringEquals: { 'aws:SourceArn': 'arn' } } }, /condition key aws:sourcearn of a service/],
    ['no principal', { Principal: undefined }, /Timer\.Statement\.0\.Principal/],
    ['a principal that is not a service', { Principal: { AWS: '*' } }, /Timer\.Statement\.0\.Principal/],
    ['another action', { Action: 'sts:TagSession' }, /Timer\.Statement\.0\.Action/],
    ['a denial', { Effect: 'Deny' }, /only the effect Allow/],
  ])('is refused with %s', (_, rest, message) => {
    expect(() => admits(trusting(rest))).toThrow(message);
    expect(() => admits(trusting(rest))).toThrow(UnsupportedTemplate);
  });
});
