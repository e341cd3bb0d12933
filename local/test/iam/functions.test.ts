import { DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { DescribeExecutionCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type EnforcedAws, lambda, role, startEnforcedAws } from './enforced.ts';

const definition = { StartAt: 'Send', States: { Send: { Type: 'Task', Resource: '${Send}', End: true } } };
const machine = (id: string) => ({
  Type: 'AWS::StepFunctions::StateMachine',
  Properties: {
    StateMachineName: id.toLowerCase(),
    DefinitionString: JSON.stringify(definition),
    DefinitionSubstitutions: { Send: { 'Fn::GetAtt': [id, 'Arn'] } },
    RoleArn: { 'Fn::GetAtt': ['MachineRole', 'Arn'] },
  },
});
const stack = {
  Bake: lambda('bake', { 'Fn::GetAtt': ['Baker', 'Arn'] }),
  Baker: role({ Effect: 'Allow', Action: ['ec2:DescribeVpcs', 'dynamodb:ListTables'], Resource: '*' }),
  Fry: lambda('fry', 'arn:aws:iam::000000000000:role/elsewhere'),
  BakeMachine: machine('Bake'),
  FryMachine: machine('Fry'),
  MachineRole: role({ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: '*' }),
};

let aws: EnforcedAws;
beforeAll(async () => {
  aws = await startEnforcedAws(stack);
});
afterEach(() => aws.local('iam', 'DELETE'));
afterAll(() => aws.stop());

interface Answer {
  readonly status: number;
  readonly text: string;
}
interface Request {
  readonly service: string;
  readonly target?: string;
  readonly body: string;
}
const query = (action: string, more = ''): Request => ({ service: 'ec2', body: `Action=${action}&Version=2016-11-15${more}` });
const listTables: Request = { service: 'dynamodb', target: 'DynamoDB_20120810.ListTables', body: '{}' };
const describeTable: Request = { service: 'dynamodb', target: 'DynamoDB_20120810.DescribeTable', body: '{"TableName":"recipes"}' };

/** Lets a function send a request. Resolves to the answer. */
async function sentBy(name: 'bake' | 'fry', request: Request): Promise<Answer> {
  const { sfn } = aws.clientsOf('alice');
  const stateMachineArn = `arn:aws:states:us-east-1:000000000000:stateMachine:${name}`;
  const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(request) }));
  for (;;) {
    const { status, output } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    if (status === 'SUCCEEDED') return JSON.parse(output ?? '');
    if (status !== 'RUNNING') throw new Error(`The execution is ${status}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const session = 'arn:aws:sts::000000000000:assumed-role/Baker/bake';

describe('a function with a role of the stack', () => {
  it('has the identity of its role', async () => {
    const identity = await sentBy('bake', { service: 'sts', body: 'Action=GetCallerIdentity&Version=2011-06-15' });
    expect(identity).toMatchObject({ status: 200, text: expect.stringContaining(`<Arn>${session}</Arn>`) });
  });

  it('may do only what its role allows', async () => {
    expect(await sentBy('bake', query('DescribeVpcs'))).toMatchObject({ status: 200 });
    expect(await sentBy('bake', listTables)).toMatchObject({ status: 200 });
    const vpc = await sentBy('bake', query('CreateVpc', '&CidrBlock=10.0.0.0/16'));
    expect(vpc.status).toBe(403);
    expect(vpc.text).toContain(
      `<Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this operation. User: ${session} is not authorized to perform: ec2:CreateVpc on resource: arn:aws:ec2:us-east-1:000000000000:vpc/* because`,
    );
    const table = await sentBy('bake', describeTable);
    expect(table.status).toBe(400);
    expect(JSON.parse(table.text)).toEqual({
      __type: 'com.amazon.coral.service#AccessDeniedException',
      message: `User: ${session} is not authorized to perform: dynamodb:DescribeTable on resource: arn:aws:dynamodb:us-east-1:000000000000:table/recipes because no identity-based policy allows the dynamodb:DescribeTable action`,
    });
    const { calls } = (await aws.local('calls', 'GET')) as { calls: { action: string; outcome: string }[] };
    expect(calls.find(({ action }) => action === 'CreateVpc')).toMatchObject({ functionName: 'bake', outcome: 'UnauthorizedOperation' });
  });

  it('can lose a permission', async () => {
    await aws.local('iam', 'POST', { deny: [{ functionName: 'bake', action: 'ec2:DescribeVpcs' }] });
    expect(await sentBy('bake', query('DescribeVpcs'))).toMatchObject({ status: 403 });
    expect(await sentBy('bake', listTables)).toMatchObject({ status: 200 });
    expect(await sentBy('fry', query('DescribeVpcs'))).toMatchObject({ status: 200 });
    await aws.clientsOf('alice').ec2.send(new DescribeVpcsCommand());
  });
});

it('lets a function do everything if its role is not in the stack', async () => {
  expect(await sentBy('fry', query('CreateVpc', '&CidrBlock=10.0.0.0/16'))).toMatchObject({ status: 200 });
});
