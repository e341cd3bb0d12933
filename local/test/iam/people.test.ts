import { CreateTableCommand, GetItemCommand, ListTablesCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { CreateVpcCommand, DeleteVpcCommand, DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  DescribeStateMachineForExecutionCommand,
  GetExecutionHistoryCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { refusal } from '../ec2/server.ts';
import { type EnforcedAws, startEnforcedAws } from './enforced.ts';

const managed = (...Statement: object[]) => ({ Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: { Statement } } });
const blue = { StringEquals: { 'aws:RequestTag/team': 'blue' } };
const vpcs = 'arn:aws:ec2:*:*:vpc/*';
/** Permission to run the machine with that name, follow and stop its executions, and read the table with that name. */
const running = (name: string) =>
  managed(
    {
      Effect: 'Allow',
      Action: ['states:StartExecution', 'states:DescribeStateMachine'],
      Resource: { 'Fn::Sub': `arn:aws:states:\${AWS::Region}:\${AWS::AccountId}:stateMachine:${name}` },
    },
    {
      Effect: 'Allow',
      Action: ['states:DescribeExecution', 'states:GetExecutionHistory', 'states:StopExecution', 'states:DescribeStateMachineForExecution'],
      Resource: { 'Fn::Sub': `arn:aws:states:\${AWS::Region}:\${AWS::AccountId}:execution:${name}:*` },
    },
    {
      Effect: 'Allow',
      Action: ['dynamodb:GetItem', 'dynamodb:Query'],
      Resource: { 'Fn::Sub': `arn:aws:dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/${name}` },
    },
  );

const stack = {
  Oven: {
    Type: 'AWS::StepFunctions::StateMachine',
    Properties: { StateMachineName: 'oven', DefinitionString: JSON.stringify({ StartAt: 'On', States: { On: { Type: 'Succeed' } } }) },
  },
  Gardener: managed(
    { Effect: 'Allow', Action: 'ec2:DescribeVpcs', Resource: '*' },
    { Effect: 'Allow', Action: 'ec2:CreateVpc', Resource: vpcs, Condition: blue },
    {
      Effect: 'Allow',
      Action: 'ec2:CreateTags',
      Resource: vpcs,
      Condition: { StringEquals: { ...blue.StringEquals, 'ec2:CreateAction': 'CreateVpc' } },
    },
    { Effect: 'Allow', Action: 'ec2:DeleteVpc', Resource: vpcs, Condition: { StringEquals: { 'aws:ResourceTag/team': 'blue' } } },
  ),
  Cook: managed(
    { Effect: 'Allow', Action: 'states:StartExecution', Resource: { Ref: 'Oven' } },
    {
      Effect: 'Allow',
      Action: 'dynamodb:GetItem',
      Resource: { 'Fn::Sub': 'arn:aws:dynamodb:${AWS::Region}:${AWS::AccountId}:table/recipes' },
    },
  ),
  OvenUser: running('oven'),
  StoveUser: running('stove'),
};

let aws: EnforcedAws;
let bob: ReturnType<EnforcedAws['clientsOf']>;
let root: ReturnType<EnforcedAws['clientsOf']>;
beforeAll(async () => {
  aws = await startEnforcedAws(stack);
  bob = aws.clientsOf('bob');
  root = aws.clientsOf('root');
});
afterEach(async () => {
  await aws.local('iam', 'DELETE');
  await aws.local('identities', 'DELETE');
  const { Vpcs = [] } = await root.ec2.send(new DescribeVpcsCommand());
  for (const { VpcId } of Vpcs) await root.ec2.send(new DeleteVpcCommand({ VpcId }));
});
afterAll(() => aws.stop());

const restrict = (...policies: string[]) => aws.local('iam', 'POST', { accessKeyId: 'bob', policies });
const team = (Value: string) => ({
  CidrBlock: '10.0.0.0/16',
  TagSpecifications: [{ ResourceType: 'vpc' as const, Tags: [{ Key: 'team', Value }] }],
});
const user = 'User: arn:aws:iam::000000000000:user/bob is not authorized to perform:';

describe('a person', () => {
  it('may do everything', async () => {
    await bob.ec2.send(new CreateVpcCommand(team('red')));
    expect((await bob.dynamodb.send(new ListTablesCommand())).TableNames).toEqual([]);
  });

  it('with some managed policies of the stack may do what those allow', async () => {
    expect(await restrict('Gardener')).toEqual({ restricted: [{ accessKeyId: 'bob', policies: ['Gardener'] }], denied: [] });
    const { Vpc } = await bob.ec2.send(new CreateVpcCommand(team('blue')));
    expect((await bob.ec2.send(new DescribeVpcsCommand())).Vpcs).toHaveLength(1);
    await bob.ec2.send(new DeleteVpcCommand({ VpcId: Vpc?.VpcId }));
    expect((await root.ec2.send(new DescribeVpcsCommand())).Vpcs).toEqual([]);
  });

  it('is refused in the words of EC2, and nothing happens', async () => {
    await restrict('Gardener');
    const create = `You are not authorized to perform this operation. ${user} ec2:CreateVpc on resource: arn:aws:ec2:us-east-1:000000000000:vpc/* because no identity-based policy allows the ec2:CreateVpc action`;
    const refused = { code: 'UnauthorizedOperation', status: 403, message: create };
    expect(await refusal(bob.ec2.send(new CreateVpcCommand(team('red'))))).toEqual(refused);
    expect(await refusal(bob.ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' })))).toEqual(refused);
    expect((await root.ec2.send(new DescribeVpcsCommand())).Vpcs).toEqual([]);
    await restrict('Cook');
    const message = `You are not authorized to perform this operation. ${user} ec2:DescribeVpcs because no identity-based policy allows the ec2:DescribeVpcs action`;
    expect(await refusal(bob.ec2.send(new DescribeVpcsCommand()))).toMatchObject({ message });
  });

  it('is refused for a resource without the required tag, whether it exists or not', async () => {
    await restrict('Gardener');
    const { Vpc } = await root.ec2.send(new CreateVpcCommand(team('red')));
    for (const VpcId of [Vpc?.VpcId, 'vpc-00000000000000000']) {
      expect(await refusal(bob.ec2.send(new DeleteVpcCommand({ VpcId })))).toMatchObject({
        code: 'UnauthorizedOperation',
        message: expect.stringContaining(`ec2:DeleteVpc on resource: arn:aws:ec2:us-east-1:000000000000:vpc/${VpcId} because`),
      });
    }
    expect((await refusal(root.ec2.send(new DeleteVpcCommand({ VpcId: 'vpc-00000000000000000' })))).code).toBe('InvalidVpcID.NotFound');
  });

  it('learns by a dry run whether the call is allowed', async () => {
    await restrict('Gardener');
    expect((await refusal(bob.ec2.send(new CreateVpcCommand({ ...team('blue'), DryRun: true })))).code).toBe('DryRunOperation');
    expect((await refusal(bob.ec2.send(new CreateVpcCommand({ ...team('red'), DryRun: true })))).code).toBe('UnauthorizedOperation');
  });

  it('is refused for a malformed request first', async () => {
    await restrict('Cook');
    expect((await refusal(bob.ec2.send(new DeleteVpcCommand({ VpcId: undefined })))).code).toBe('MissingParameter');
  });

  it('is refused in the words of DynamoDB and Step Functions', async () => {
    await restrict('Cook');
    const because = (action: string) => `because no identity-based policy allows the ${action} action`;
    const table = { TableName: 'guests', KeySchema: [], AttributeDefinitions: [] };
    expect(await refusal(bob.dynamodb.send(new CreateTableCommand(table)))).toEqual({
      code: 'AccessDeniedException',
      status: 400,
      message: `${user} dynamodb:CreateTable on resource: arn:aws:dynamodb:us-east-1:000000000000:table/guests ${because('dynamodb:CreateTable')}`,
    });
    const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:oven';
    const { executionArn } = await bob.sfn.send(new StartExecutionCommand({ stateMachineArn }));
    expect(await refusal(bob.sfn.send(new DescribeExecutionCommand({ executionArn })))).toEqual({
      code: 'AccessDeniedException',
      status: 400,
      message: `${user} states:DescribeExecution on resource: ${executionArn} ${because('states:DescribeExecution')}`,
    });
    // An allowed call reaches the service.
    expect((await refusal(bob.dynamodb.send(new GetItemCommand({ TableName: 'recipes', Key: { id: { S: '1' } } })))).code).toBe(
      'ResourceNotFoundException',
    );
    await expect(bob.sts.send(new GetCallerIdentityCommand())).resolves.toMatchObject({ Account: '000000000000' });
  });

  it('needs the matching permissions to run, follow and stop executions, and to read a table', async () => {
    const name = 'oven';
    const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:oven';
    const { executionArn } = await root.sfn.send(new StartExecutionCommand({ stateMachineArn }));
    const table = 'arn:aws:dynamodb:us-east-1:000000000000:table/oven';
    const key = { id: { S: '1' } };
    const query = { KeyConditionExpression: 'id = :id', ExpressionAttributeValues: { ':id': { S: '1' } } };
    const calls: [action: string, resource: string | undefined, call: () => Promise<unknown>][] = [
      ['states:DescribeStateMachine', stateMachineArn, () => bob.sfn.send(new DescribeStateMachineCommand({ stateMachineArn }))],
      ['states:StartExecution', stateMachineArn, () => bob.sfn.send(new StartExecutionCommand({ stateMachineArn }))],
      ['states:DescribeExecution', executionArn, () => bob.sfn.send(new DescribeExecutionCommand({ executionArn }))],
      ['states:GetExecutionHistory', executionArn, () => bob.sfn.send(new GetExecutionHistoryCommand({ executionArn }))],
      [
        'states:DescribeStateMachineForExecution',
        executionArn,
        () => bob.sfn.send(new DescribeStateMachineForExecutionCommand({ executionArn })),
      ],
      ['states:StopExecution', executionArn, () => bob.sfn.send(new StopExecutionCommand({ executionArn }))],
      ['dynamodb:GetItem', table, () => bob.dynamodb.send(new GetItemCommand({ TableName: name, Key: key }))],
      ['dynamodb:Query', table, () => bob.dynamodb.send(new QueryCommand({ TableName: name, ...query }))],
    ];
    await restrict('StoveUser');
    for (const [action, resource, call] of calls) {
      expect(await refusal(call())).toEqual({
        code: 'AccessDeniedException',
        status: 400,
        message: `${user} ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
      });
    }
    await restrict('OvenUser');
    for (const [action, , call] of calls) {
      if (action.startsWith('states:')) await call();
      // DynamoDB refuses it, because there is no such table.
      else expect((await refusal(call())).code).toBe('ResourceNotFoundException');
    }
    await expect(bob.sts.send(new GetCallerIdentityCommand())).resolves.toMatchObject({ Account: '000000000000' });
  });

  it('is refused in another region because of permissions, not because nothing exists there', async () => {
    await restrict('Cook');
    const stateMachineArn = 'arn:aws:states:eu-west-1:000000000000:stateMachine:oven';
    expect((await refusal(bob.sfn.send(new StartExecutionCommand({ stateMachineArn })))).code).toBe('AccessDeniedException');
  });

  it('is named by its identity', async () => {
    await restrict('Cook');
    await aws.local('identities', 'POST', { accessKeyId: 'bob', arn: 'arn:aws:sts::000000000000:assumed-role/cooks/bob' });
    expect((await refusal(bob.ec2.send(new DescribeVpcsCommand()))).message).toContain(
      'User: arn:aws:sts::000000000000:assumed-role/cooks/bob is not authorized',
    );
  });

  it('has all permissions again after null or DELETE', async () => {
    await restrict();
    await expect(bob.ec2.send(new DescribeVpcsCommand())).rejects.toThrow('not authorized');
    await aws.local('iam', 'POST', { accessKeyId: 'bob', policies: null });
    await bob.ec2.send(new DescribeVpcsCommand());
    await restrict();
    expect(await aws.local('iam', 'DELETE')).toEqual({ restricted: [], denied: [] });
    await bob.ec2.send(new DescribeVpcsCommand());
  });
});

describe('a denied permission', () => {
  const deny = (...denied: object[]) => aws.local('iam', 'POST', { deny: denied });

  it('is missing for everybody, as if no policy had it', async () => {
    expect(await deny({ action: 'ec2:Describe*' })).toEqual({ restricted: [], denied: [{ action: 'ec2:Describe*', resource: '*' }] });
    expect((await refusal(root.ec2.send(new DescribeVpcsCommand()))).message).toMatch(
      /root is not authorized to perform: ec2:DescribeVpcs because no identity-based policy allows the ec2:DescribeVpcs action$/,
    );
    await root.ec2.send(new CreateVpcCommand(team('red')));
    await aws.local('iam', 'DELETE');
    await root.ec2.send(new DescribeVpcsCommand());
  });

  it('may be limited to some resources', async () => {
    await deny({ action: 'ec2:CreateTags', resource: 'arn:*:vpc/*' });
    expect((await refusal(root.ec2.send(new CreateVpcCommand(team('red'))))).message).toContain('ec2:CreateTags on resource:');
    await root.ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    await aws.local('iam', 'DELETE');
    await deny({ action: 'ec2:CreateTags', resource: 'arn:*:subnet/*' });
    await root.ec2.send(new CreateVpcCommand(team('red')));
  });

  it('is back when others are denied', async () => {
    await deny({ action: 'ec2:DescribeVpcs' });
    expect(await deny({ action: 'ec2:CreateVpc' })).toEqual({ restricted: [], denied: [{ action: 'ec2:CreateVpc', resource: '*' }] });
    await root.ec2.send(new DescribeVpcsCommand());
  });

  it('of one function does not affect people', async () => {
    await deny({ functionName: 'bake', action: '*' });
    await root.ec2.send(new DescribeVpcsCommand());
  });
});

it('refuses invalid settings', async () => {
  await expect(restrict('Waiter')).rejects.toThrow('404 The stack has no managed policy Waiter.');
  await expect(aws.local('iam', 'POST', { accessKeyId: 'bob' })).rejects.toThrow(/^400/);
  await expect(aws.local('iam', 'POST', { deny: [{ action: '' }] })).rejects.toThrow(/^400/);
  expect(await aws.local('iam', 'GET')).toEqual({ restricted: [], denied: [] });
});
