import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { CreateVpcCommand, DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { DescribeExecutionCommand, ListStateMachinesCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { zipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startEmbeddedAws } from '../src/embedded-aws.ts';
import { embeddedAws, type TestAws } from './harness/embedded-aws.ts';

const table = new CreateTableCommand({
  TableName: 'config',
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
});

describe('the embedded AWS', () => {
  it('serves EC2, DynamoDB, Step Functions and STS on one port', async () => {
    await using aws = await embeddedAws();
    const { ec2, dynamodb, sfn, sts } = aws.clients;
    expect((await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }))).Vpc?.VpcId).toMatch(/^vpc-/);
    expect((await dynamodb.send(new ListTablesCommand({}))).TableNames).toEqual([]);
    expect((await sfn.send(new ListStateMachinesCommand({}))).stateMachines).toEqual([]);
    expect((await sts.send(new GetCallerIdentityCommand({}))).Arn).toBe('arn:aws:iam::000000000000:user/alice');
  });

  it('verifies the signatures of keys whose secrets it knows, for every service', async () => {
    await using aws = await embeddedAws();
    const arn = 'arn:aws:sts::123456789012:assumed-role/cooks/bob';
    const { ec2, dynamodb, sts } = aws.clientsOf({ accessKeyId: 'bob' });
    // The clients sign with this one.
    await aws.post('identities', { accessKeyId: 'bob', arn, secretAccessKey: 'test' });
    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({ Arn: arn, Account: '123456789012' });
    expect((await dynamodb.send(new ListTablesCommand({}))).TableNames).toEqual([]);
    await aws.post('identities', { accessKeyId: 'bob', arn, secretAccessKey: 'other' });
    await expect(sts.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
    await expect(dynamodb.send(new ListTablesCommand({}))).rejects.toMatchObject({ name: 'InvalidSignatureException' });
    await expect(ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }))).rejects.toMatchObject({ name: 'AuthFailure' });
  });

  it('shows its status', async () => {
    await using aws = await embeddedAws({ region: 'eu-west-1' });
    expect(await aws.get('status')).toEqual({
      pid: process.pid,
      endpoint: aws.endpoint,
      region: 'eu-west-1',
      accountId: '000000000000',
      stateDirectory: aws.stateDirectory,
    });
  });

  it('has one latency for all services, and one for each', async () => {
    await using aws = await embeddedAws();
    const all = (latency: string) => ({ ec2: latency, dynamodb: latency, lambda: latency, stepfunctions: latency, sts: latency });
    expect(await aws.get('latency')).toEqual(all('instant'));
    expect(await aws.post('latency', { latency: 'throttled' })).toEqual(all('throttled'));
    for (const service of Object.keys(all(''))) expect(await aws.get(service)).toMatchObject({ latency: 'throttled' });
    await aws.post('ec2', { latency: 'instant' });
    expect(await aws.get('latency')).toEqual({ ...all('throttled'), ec2: 'instant' });
    expect(await aws.delete('latency')).toEqual(all('instant'));
    await expect(aws.post('latency', { latency: 'slow' })).rejects.toThrow('400');
    await expect(aws.post('latency', {})).rejects.toThrow('400');
  });

  it('keeps its state over a restart', async () => {
    await using aws = await embeddedAws();
    await aws.clients.dynamodb.send(table);
    const { Vpc } = await aws.clients.ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
    const { endpoint } = aws;
    await aws.restart();
    expect(aws.endpoint).toBe(endpoint);
    expect((await aws.clients.dynamodb.send(new ListTablesCommand({}))).TableNames).toEqual(['config']);
    const { Vpcs = [] } = await aws.clients.ec2.send(new DescribeVpcsCommand({}));
    expect(Vpcs.map(({ VpcId }) => VpcId)).toContain(Vpc?.VpcId);
  });

  it('is as far ahead of real time after a restart as before, at its usual rate', async () => {
    await using aws = await embeddedAws();
    await aws.post('clock', { advanceMilliseconds: 3_600_000, rate: 20 });
    const before = aws.clock.now();
    await aws.restart();
    expect(aws.clock.now()).toBeGreaterThanOrEqual(before);
    expect(aws.clock.rate()).toBe(1);
  });
});

describe('damaged state', () => {
  let stateDirectory: string;
  beforeEach(async () => {
    stateDirectory = mkdtempSync(join(tmpdir(), 'damaged-'));
    await (await startEmbeddedAws({ stateDirectory, region: 'us-east-1' })).stop();
  });
  afterEach(() => {
    rmSync(stateDirectory, { recursive: true });
  });

  it.each(['ec2.json', 'dynamodb/CURRENT'])('in %s is found before it listens, and nothing stays open', async (name) => {
    const { port, close } = await freePort();
    await close();
    const file = join(stateDirectory, name);
    writeFileSync(file, '{');
    await expect(startEmbeddedAws({ stateDirectory, region: 'us-east-1', port })).rejects.toMatchObject({ name: 'StateDamaged' });
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
    expect(readFileSync(file, 'utf8')).toBe('{');
    // The database is not locked.
    rmSync(join(stateDirectory, name.replace(/\/.*/, '')), { recursive: true });
    await (await startEmbeddedAws({ stateDirectory, region: 'us-east-1' })).stop();
  });
});

describe('a deployed stack', () => {
  const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:lister';
  let packageDirectory: string;
  let aws: TestAws;
  beforeAll(() => {
    packageDirectory = mkdtempSync(join(tmpdir(), 'package-'));
    writePackage(packageDirectory);
  });
  afterAll(() => {
    rmSync(packageDirectory, { recursive: true });
  });
  beforeEach(async () => {
    aws = await embeddedAws({ packageDirectory });
  });
  afterEach(async () => {
    await aws.stop();
  });

  async function run() {
    const { executionArn } = await aws.clients.sfn.send(new StartExecutionCommand({ stateMachineArn, input: '{}' }));
    return vi.waitFor(
      async () => {
        const execution = await aws.clients.sfn.send(new DescribeExecutionCommand({ executionArn }));
        expect(execution.status).not.toBe('RUNNING');
        return execution;
      },
      { timeout: 20_000, interval: 50 },
    );
  }
  const calls = async (service: string) => {
    const { calls } = (await aws.get('calls')) as { calls: { service: string; functionName?: string; outcome: string }[] };
    return calls.filter((call) => call.service === service).map(({ functionName, outcome }) => `${functionName} ${outcome}`);
  };

  it('runs, and its functions call AWS as themselves', async () => {
    expect(await run()).toMatchObject({ status: 'SUCCEEDED', output: JSON.stringify({ TableNames: [] }) });
    expect(await calls('dynamodb')).toEqual(['list ok']);
  });

  it.each(['crash-before', 'crash-after'])('repeats a step in another sandbox after %s', async (kind) => {
    await aws.post('faults', { service: 'dynamodb', action: 'ListTables', function: 'list', kind });
    expect(await run()).toMatchObject({ status: 'SUCCEEDED' });
    expect(await calls('dynamodb')).toEqual([`list ${kind}`, 'list ok']);
  });

  it('fails the running executions when it stops', async () => {
    await aws.post('faults', { service: 'dynamodb', action: 'ListTables', kind: 'delay', milliseconds: 3_600_000 });
    const { executionArn } = await aws.clients.sfn.send(new StartExecutionCommand({ stateMachineArn, input: '{}' }));
    await vi.waitFor(async () => expect(await aws.get('faults')).toEqual({ faults: [] }), { timeout: 20_000 });
    await aws.restart();
    expect(await aws.clients.sfn.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({ status: 'ABORTED' });
  });
});

function writePackage(directory: string): void {
  const code = `export async function handler() {
    const scope = process.env.AWS_ACCESS_KEY_ID + '/20260101/' + process.env.AWS_REGION + '/dynamodb/aws4_request';
    const answer = await fetch(process.env.AWS_ENDPOINT_URL, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'DynamoDB_20120810.ListTables',
        authorization: 'AWS4-HMAC-SHA256 Credential=' + scope + ', SignedHeaders=host, Signature=0',
      },
      body: '{}',
    });
    return answer.json();
  }`;
  writeFileSync(join(directory, 'list.zip'), zipSync({ 'index.mjs': new TextEncoder().encode(code) }));
  const definition = {
    StartAt: 'List',
    States: {
      List: {
        Type: 'Task',
        Resource: '${List}',
        Retry: [{ ErrorEquals: ['Runtime.ExitError', 'Lambda.Unknown'], IntervalSeconds: 1, MaxAttempts: 2 }],
        End: true,
      },
    },
  };
  const template = {
    Resources: {
      ListLambdaFunction: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          FunctionName: 'list',
          Handler: 'index.handler',
          Timeout: 20,
          Code: { S3Bucket: { Ref: 'Bucket' }, S3Key: 'somewhere/list.zip' },
        },
      },
      Lister: {
        Type: 'AWS::StepFunctions::StateMachine',
        Properties: {
          StateMachineName: 'lister',
          DefinitionString: JSON.stringify(definition),
          DefinitionSubstitutions: { List: { 'Fn::GetAtt': ['ListLambdaFunction', 'Arn'] } },
        },
      },
    },
  };
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'cloudformation-template-update-stack.json'), JSON.stringify(template));
}

async function freePort(): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, close: () => new Promise((resolve) => server.close(() => resolve())) };
}
