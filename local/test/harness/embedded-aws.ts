import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SFNClient } from '@aws-sdk/client-sfn';
import { STSClient } from '@aws-sdk/client-sts';
import type { Clock } from '../../src/clock.ts';
import { type EmbeddedAwsOptions, startEmbeddedAws } from '../../src/embedded-aws.ts';
import { bundle } from './bundle.ts';

export interface TestAws extends AsyncDisposable {
  readonly endpoint: string;
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  readonly stateDirectory: string;
  readonly clock: Clock;
  /** As the user alice. */
  readonly clients: TestClients;
  /** Clients of another user, or in another region. */
  clientsOf(identity: { accessKeyId?: string; region?: string }): TestClients;
  /** POSTs JSON to `/_local/<name>` and resolves to the JSON of the answer. Throws the message of a failure. */
  post(name: string, body: unknown): Promise<unknown>;
  get(name: string): Promise<unknown>;
  delete(name: string): Promise<unknown>;
  /**
   * Stops it and starts another one with the same state, on the same port if that is free.
   *
   * @param meanwhile may change the state, which nothing uses then
   */
  restart(meanwhile?: () => void): Promise<void>;
  /** Stops it and deletes its state. */
  stop(): Promise<void>;
}

export interface TestClients {
  readonly ec2: EC2Client;
  readonly dynamodb: DynamoDBClient;
  readonly sfn: SFNClient;
  readonly sts: STSClient;
}

/**
 * Starts an embedded AWS in this process, with a temporary state directory and the packaged stack, if any.
 *
 * @param options as of `startEmbeddedAws`
 */
export async function embeddedAws({
  packageDirectory,
  region = 'us-east-1',
  ...options
}: {
  packageDirectory?: string;
  region?: string;
} & Pick<EmbeddedAwsOptions, 'idleTime' | 'instances' | 'onInstanceState'> = {}): Promise<TestAws> {
  const directory = mkdtempSync(join(tmpdir(), 'embedded-aws-'));
  const stateDirectory = join(directory, 'state');
  const deployed = packageDirectory ? { packageDirectory, runtimeFile: await bundle(directory, 'runtime', 'src/lambda/runtime.ts') } : {};
  const start = (port?: number) =>
    startEmbeddedAws({
      stateDirectory,
      region,
      ...deployed,
      ...options,
      ...(port === undefined ? {} : { port }),
    });
  let aws = await start();
  const clients = new Map<string, TestClients>();

  const clientsOf = ({ accessKeyId = 'alice', region: there = region }: { accessKeyId?: string; region?: string }): TestClients => {
    const key = `${accessKeyId} ${there}`;
    const made = clients.get(key) ?? makeClients(aws.endpoint, there, accessKeyId);
    clients.set(key, made);
    return made;
  };
  const destroyClients = () => {
    for (const client of [...clients.values()].flatMap((made) => Object.values(made))) client.destroy();
    clients.clear();
  };
  const local = async (method: string, name: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${aws.endpoint}/_local/${name}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const json = (await answer.json()) as { message?: string };
    if (!answer.ok) throw new Error(`${method} /_local/${name}: ${answer.status} ${json.message}`);
    return json;
  };
  const stop = async () => {
    destroyClients();
    await aws.stop();
    rmSync(directory, { recursive: true, force: true });
  };

  return {
    get endpoint() {
      return aws.endpoint;
    },
    partition: 'aws',
    region,
    accountId: aws.accountId,
    stateDirectory,
    get clock() {
      return aws.clock;
    },
    get clients() {
      return clientsOf({});
    },
    clientsOf,
    post: (name, body) => local('POST', name, body),
    get: (name) => local('GET', name),
    delete: (name) => local('DELETE', name),
    async restart(meanwhile) {
      destroyClients();
      await aws.stop();
      meanwhile?.();
      aws = await start(Number(new URL(aws.endpoint).port));
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function makeClients(endpoint: string, region: string, accessKeyId: string): TestClients {
  const settings = { endpoint, region, credentials: { accessKeyId, secretAccessKey: 'test' } };
  return {
    ec2: new EC2Client(settings),
    dynamodb: new DynamoDBClient(settings),
    sfn: new SFNClient(settings),
    sts: new STSClient(settings),
  };
}
