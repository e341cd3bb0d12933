import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { compileTrust } from '../../src/iam/trust.ts';
import { UnsupportedTemplate } from '../../src/stack/template.ts';
import { type EnforcedAws, startEnforcedAws } from './enforced.ts';

const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:oven';
const group = 'arn:aws:scheduler:us-east-1:000000000000:schedule-group/default';
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
      Name: 'often',
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

  it('starts executions with its role, for as long as that may', async () => {
    aws = await startEnforcedAws(stack(trusting()));
    await fiveMinutesLater();
    await vi.waitFor(async () => expect(await executions()).toBe(1));
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    await aws.local('iam', 'POST', { deny: [{ action: 'states:StartExecution' }] });
    await fiveMinutesLater();
    await vi.waitFor(() => expect(log).toHaveBeenCalled());
    expect(await executions()).toBe(1);
  });

  const refused = 'arn:aws:sts::000000000000:assumed-role/Timer/often is not authorized to perform: states:StartExecution on resource:';
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
  ])('whose role %s starts nothing, which is said', async (_, resources, reason) => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    aws = await startEnforcedAws(resources);
    await fiveMinutesLater();
    await vi.waitFor(() => expect(log).toHaveBeenCalledWith(expect.stringContaining(`The schedule often starts nothing: `)));
    expect(log).toHaveBeenCalledWith(expect.stringContaining(reason));
    expect(await executions()).toBe(0);
  });
});

describe('who may assume a role', () => {
  const keys = new Map([
    ['aws:sourceaccount', ['000000000000']],
    ['aws:sourcearn', [group]],
  ]);
  const admits = (document: object) => compileTrust(document, 'Timer').admits('scheduler.amazonaws.com', (key) => keys.get(key));
  const where = (Condition: object) => admits(trusting({ Condition }));

  it('is whom the trust policy names', () => {
    expect(admits(trusting())).toBe(true);
    expect(admits(trusting({ Principal: { Service: ['states.amazonaws.com', 'scheduler.amazonaws.com'] } }))).toBe(true);
    expect(admits(trusting({ Principal: { Service: 'events.amazonaws.com' } }))).toBe(false);
    expect(admits(trusting({ Principal: { AWS: 'arn:aws:iam::000000000000:root' } }))).toBe(false);
    expect(admits(trusting({ Action: 'sts:TagSession' }))).toBe(false);
  });

  it('is denied what is denied', () => {
    const { Statement } = trusting();
    expect(admits({ Statement: [...Statement, { ...Statement[0], Effect: 'Deny' }] })).toBe(false);
  });

  it('may depend on the account, and on the group of the schedule', () => {
    expect(where({ StringEquals: { 'aws:SourceAccount': '000000000000' } })).toBe(true);
    expect(where({ StringEquals: { 'aws:SourceAccount': '111111111111' } })).toBe(false);
    expect(where({ ArnLike: { 'aws:SourceArn': 'arn:aws:scheduler:*:000000000000:schedule-group/*' } })).toBe(true);
    expect(where({ ArnLike: { 'aws:SourceArn': 'arn:aws:scheduler:*:000000000000:schedule/default/often' } })).toBe(false);
  });

  it('is not guessed', () => {
    expect(() => where({ StringEquals: { 'aws:PrincipalOrgID': 'o-1' } })).toThrow(UnsupportedTemplate);
    expect(() => admits({ Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole' }] })).toThrow(/Timer\.Statement\.0\.Principal/);
  });
});
