import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SFNClient } from '@aws-sdk/client-sfn';
import { STSClient } from '@aws-sdk/client-sts';
import { zipSync } from 'fflate';
import { startEmbeddedAws } from '../../src/embedded-aws.ts';
import { bundle } from '../harness/bundle.ts';

/** An embedded AWS in us-east-1, with a stack whose roles are enforced. */
export interface EnforcedAws {
  clientsOf(accessKeyId: string): Clients;
  /** Sends a request to `/_local/<name>`. Throws the message of a failure. */
  local(name: string, method: 'GET' | 'POST' | 'DELETE', body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

interface Clients {
  readonly ec2: EC2Client;
  readonly dynamodb: DynamoDBClient;
  readonly sfn: SFNClient;
  readonly sts: STSClient;
}

/** Deploys a stack. Each function sends the request in its event to AWS, and returns the status and the text of the answer. */
export async function startEnforcedAws(resources: object): Promise<EnforcedAws> {
  const directory = mkdtempSync(join(tmpdir(), 'iam-aws-'));
  const packageDirectory = join(directory, 'package');
  mkdirSync(packageDirectory);
  writeFileSync(join(packageDirectory, 'send.zip'), zipSync({ 'index.mjs': new TextEncoder().encode(sender) }));
  writeFileSync(join(packageDirectory, 'cloudformation-template-update-stack.json'), JSON.stringify({ Resources: resources }));
  const aws = await startEmbeddedAws({
    stateDirectory: join(directory, 'state'),
    region: 'us-east-1',
    packageDirectory,
    runtimeFile: await bundle(directory, 'runtime', 'src/lambda/runtime.ts'),
  });
  const made: Clients[] = [];

  return {
    clientsOf(accessKeyId) {
      const settings = { endpoint: aws.endpoint, region: 'us-east-1', credentials: { accessKeyId, secretAccessKey: 'x' }, maxAttempts: 1 };
      const clients = {
        ec2: new EC2Client(settings),
        dynamodb: new DynamoDBClient(settings),
        sfn: new SFNClient(settings),
        sts: new STSClient(settings),
      };
      made.push(clients);
      return clients;
    },
    async local(name, method, body) {
      const answer = await fetch(`${aws.endpoint}/_local/${name}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
      const json = (await answer.json()) as { message?: string };
      if (!answer.ok) throw new Error(`${answer.status} ${json.message}`);
      return json;
    },
    async stop() {
      for (const client of made.flatMap((clients) => Object.values(clients))) client.destroy();
      await aws.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A function of the stack. */
export function lambda(name: string, Role: unknown): object {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: name,
      Handler: 'index.handler',
      Timeout: 20,
      Code: { S3Key: 'somewhere/send.zip' },
      Role,
    },
  };
}

/** A role of the stack with these statements. */
export function role(...Statement: object[]): object {
  const trust = { Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } } };
  const Policies = [{ PolicyName: 'inline', PolicyDocument: { Statement } }];
  return { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: trust, Policies } };
}

const sender = `export async function handler({ service, target, body }) {
  const scope = process.env.AWS_ACCESS_KEY_ID + '/20260101/us-east-1/' + service + '/aws4_request';
  const type = target ? { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': target } : { 'content-type': 'application/x-www-form-urlencoded' };
  const authorization = 'AWS4-HMAC-SHA256 Credential=' + scope + ', SignedHeaders=host, Signature=0';
  const answer = await fetch(process.env.AWS_ENDPOINT_URL, { method: 'POST', headers: { ...type, authorization }, body });
  return { status: answer.status, text: await answer.text() };
}`;
