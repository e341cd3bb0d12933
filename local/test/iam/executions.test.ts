import { DescribeExecutionCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EnforcedAws, lambda, role, startEnforcedAws } from './enforced.ts';

const definition = { StartAt: 'Bake', States: { Bake: { Type: 'Task', Resource: '${Bake}', End: true } } };
const stack = {
  Bake: lambda('bake', 'arn:aws:iam::000000000000:role/elsewhere'),
  Oven: {
    Type: 'AWS::StepFunctions::StateMachine',
    Properties: {
      StateMachineName: 'oven',
      DefinitionString: JSON.stringify(definition),
      DefinitionSubstitutions: { Bake: { 'Fn::GetAtt': ['Bake', 'Arn'] } },
      RoleArn: { 'Fn::GetAtt': ['Cook', 'Arn'] },
    },
  },
  Cook: role({ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: '*' }),
};

let aws: EnforcedAws;
beforeEach(async () => {
  aws = await startEnforcedAws(stack);
});
afterEach(() => aws.stop());

async function run() {
  const { sfn } = aws.clientsOf('alice');
  const input = JSON.stringify({ service: 'sts', body: 'Action=GetCallerIdentity&Version=2011-06-15' });
  const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:oven';
  const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn, input }));
  for (;;) {
    const execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    if (execution.status !== 'RUNNING') return execution;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

it('invokes functions with the permissions of the state machine', async () => {
  expect(await run()).toMatchObject({ status: 'SUCCEEDED' });
  await aws.local('iam', 'POST', { deny: [{ action: 'lambda:InvokeFunction' }] });
  expect(await run()).toMatchObject({
    status: 'FAILED',
    error: 'Lambda.AWSLambdaException',
    cause: expect.stringContaining(
      'assumed-role/Cook/oven is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:',
    ),
  });
});
