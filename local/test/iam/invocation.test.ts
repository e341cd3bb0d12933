import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createClock } from '../../src/clock.ts';
import { createIam, type Iam } from '../../src/iam/iam.ts';
import { readRoles } from '../../src/iam/roles.ts';
import { createPool, type Pool } from '../../src/lambda/lambda.ts';
import { accountId, bundleRuntime, payloadOf, region, zipFunction } from '../lambda/functions.ts';

const at = `${region}:${accountId}`;
const bake = `arn:aws:lambda:${at}:function:bake`;
const fry = `arn:aws:lambda:${at}:function:fry`;
const oven = `arn:aws:states:${at}:stateMachine:oven`;

const template = {
  Resources: {
    Oven: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: { StateMachineName: 'oven', RoleArn: { 'Fn::GetAtt': ['Cook', 'Arn'] } },
    },
    Stove: { Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: 'stove' } },
    Cook: {
      Type: 'AWS::IAM::Role',
      Properties: {
        Policies: [
          { PolicyName: 'p', PolicyDocument: { Statement: { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: bake } } },
        ],
      },
    },
  },
};

let directory: string;
let iam: Iam;
let pool: Pool;
const clock = createClock();
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'iam-invocation-'));
  writeFileSync(join(directory, 'cloudformation-template-update-stack.json'), JSON.stringify(template));
  const roles = readRoles(directory, { accountId, region });
  iam = createIam({ accountId, region, roles, ownerOf: () => undefined, arnOf: (key) => key });
  const source = 'export const handler = async () => "done";';
  pool = createPool({
    stack: { accountId, region, functions: ['bake', 'fry'].map((name) => zipFunction(directory, name, source)), stateMachines: [] },
    stateDirectory: directory,
    endpoint: () => 'http://127.0.0.1:1',
    clock,
    runtimeFile: await bundleRuntime(directory),
    invocationRefusal: iam.invocationRefusal,
  });
});
afterAll(async () => {
  await pool.stop();
  clock.stop();
  rmSync(directory, { recursive: true });
});

describe('a state machine', () => {
  it('may invoke what its role allows', async () => {
    expect(await payloadOf(pool.invokedBy(oven).invoke(bake, {}))).toBe('done');
  });

  it('fails as on AWS where its role does not allow it', async () => {
    const sentence = `User: arn:aws:sts::${accountId}:assumed-role/Cook/oven is not authorized to perform: lambda:InvokeFunction on resource: ${fry} because no identity-based policy allows the lambda:InvokeFunction action`;
    expect(await pool.invokedBy(oven).invoke(fry, {})).toEqual({
      error: 'Lambda.AWSLambdaException',
      cause: expect.stringMatching(
        /^User: .* \(Service: AWSLambda; Status Code: 403; Error Code: AccessDeniedException; Request ID: [-\w]{36}; Proxy: null\)$/,
      ),
    });
    expect(await pool.invokedBy(oven).invoke(fry, {})).toMatchObject({ cause: expect.stringContaining(sentence) });
  });

  it('may invoke all functions where its role is not in the stack', async () => {
    expect(await payloadOf(pool.invokedBy(oven.replace('oven', 'stove')).invoke(fry, {}))).toBe('done');
  });

  it('may lose the permission', () => {
    onTestFinished(() => void iam.admin('DELETE', undefined));
    iam.admin('POST', { deny: [{ action: 'lambda:InvokeFunction', resource: bake }] });
    expect(iam.invocationRefusal(oven, bake)).toMatch('no identity-based policy');
    expect(iam.invocationRefusal(oven.replace('oven', 'stove'), bake)).toMatch('no identity-based policy');
  });
});
