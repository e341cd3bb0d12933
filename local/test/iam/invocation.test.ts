import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createClock } from '../../src/clock.ts';
import { createIam, type Iam } from '../../src/iam/iam.ts';
import { compilePolicy } from '../../src/iam/policy.ts';
import type { Role } from '../../src/iam/roles.ts';
import { createLambda, type Lambda } from '../../src/lambda/lambda.ts';
import { emptyStack } from '../../src/stack/stack.ts';
import { accountId, bundleRuntime, payloadOf, region, zipFunction } from '../lambda/functions.ts';

const at = `${region}:${accountId}`;
const bake = `arn:aws:lambda:${at}:function:bake`;
const fry = `arn:aws:lambda:${at}:function:fry`;
const oven = `arn:aws:states:${at}:stateMachine:oven`;
const stove = `arn:aws:states:${at}:stateMachine:stove`;

const cook: Role = {
  name: 'Cook',
  arn: `arn:aws:iam::${accountId}:role/Cook`,
  policies: [compilePolicy({ Statement: { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: bake } }, 'Cook')],
  trust: { admits: () => true },
};

let directory: string;
let iam: Iam;
let lambda: Lambda;
const clock = createClock();
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'iam-invocation-'));
  const source = 'export const handler = async () => "done";';
  const stack = {
    ...emptyStack({ accountId, region }),
    functions: ['bake', 'fry'].map((name) => zipFunction(directory, name, source)),
    stateMachines: [
      { name: 'oven', arn: oven, roleArn: cook.arn, definition: '{}' },
      { name: 'stove', arn: stove, definition: '{}' },
    ],
    roles: new Map([[cook.arn, cook]]),
  };
  iam = createIam({ stack, ownerOf: () => undefined, arnOf: (key) => key });
  lambda = createLambda({
    stack,
    stateDirectory: directory,
    endpoint: () => 'http://127.0.0.1:1',
    clock,
    runtimeFile: await bundleRuntime(directory),
    invocationRefusal: iam.invocationRefusal,
  });
});
afterAll(async () => {
  await lambda.stop();
  clock.stop();
  rmSync(directory, { recursive: true });
});

describe('a state machine', () => {
  it('may invoke the functions that its role allows', async () => {
    expect(await payloadOf(lambda.invokedBy(oven)(bake, {}))).toBe('done');
  });

  it('fails as on AWS for any other function', async () => {
    const sentence = `User: arn:aws:sts::${accountId}:assumed-role/Cook/oven is not authorized to perform: lambda:InvokeFunction on resource: ${fry} because no identity-based policy allows the lambda:InvokeFunction action`;
    expect(await lambda.invokedBy(oven)(fry, {})).toEqual({
      error: 'Lambda.AWSLambdaException',
      cause: expect.stringMatching(
        /^User: .* \(Service: AWSLambda; Status Code: 403; Error Code: AccessDeniedException; Request ID: [-\w]{36}; Proxy: null\)$/,
      ),
    });
    expect(await lambda.invokedBy(oven)(fry, {})).toMatchObject({ cause: expect.stringContaining(sentence) });
  });

  it('may invoke all functions if its role is not in the stack', async () => {
    expect(await payloadOf(lambda.invokedBy(stove)(fry, {}))).toBe('done');
  });

  it('can lose the permission', () => {
    onTestFinished(() => void iam.admin('DELETE', undefined));
    iam.admin('POST', { deny: [{ action: 'lambda:InvokeFunction', resource: bake }] });
    expect(iam.invocationRefusal(oven, bake)).toMatch('no identity-based policy');
    expect(iam.invocationRefusal(stove, bake)).toMatch('no identity-based policy');
  });
});
