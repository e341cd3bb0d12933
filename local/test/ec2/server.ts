import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { type Clock, createClock } from '../../src/clock.ts';
import { createEc2, type Ec2 } from '../../src/ec2/ec2.ts';
import { createInstanceHost } from '../../src/instance-host/instance-host.ts';
import { AwsFailure, type AwsRequest, type Service } from '../../src/service.ts';

export const accountId = '000000000000';

/** The embedded EC2 on its own port, with a client. */
export interface TestEc2 {
  readonly ec2: Ec2;
  readonly clock: Clock;
  readonly client: EC2Client;
  readonly endpoint: string;
  readonly stateDirectory: string;
  /** A client of another region. */
  clientOf(region: string): EC2Client;
  /** Stops this EC2 and starts another one with its state, like a restart of the process. */
  restart(): Promise<TestEc2>;
  /** Stops it and deletes its state. */
  stop(): Promise<void>;
}

/** Starts an embedded EC2 with a new state directory, or with that of an earlier one. */
export async function startEc2(stateDirectory = mkdtempSync(join(tmpdir(), 'ec2-')), clock = createClock()): Promise<TestEc2> {
  const instances = createInstanceHost({ stateDirectory, clock });
  const ec2 = createEc2({ accountId, clock, stateDirectory, instances });
  const server = await serve(ec2);
  const clients: EC2Client[] = [];
  const clientOf = (region: string) => {
    const client = new EC2Client({
      endpoint: server.endpoint,
      region,
      credentials: { accessKeyId: 'alice', secretAccessKey: 'secret' },
      maxAttempts: 1,
    });
    clients.push(client);
    return client;
  };
  const end = async () => {
    for (const client of clients) client.destroy();
    await ec2.stop();
    await instances.stop();
    clock.stop();
    await server.stop();
  };

  return {
    ec2,
    clock,
    client: clientOf('us-east-1'),
    endpoint: server.endpoint,
    stateDirectory,
    clientOf,
    async restart() {
      await end();
      return startEc2(stateDirectory);
    },
    async stop() {
      await end();
      rmSync(stateDirectory, { recursive: true, force: true });
    },
  };
}

/** A service on a loopback port, without the gateway. */
export async function serve(service: Service): Promise<{ endpoint: string; stop(): Promise<void> }> {
  const server = createServer(async (incoming, outgoing) => {
    const request = await awsRequest(incoming);
    try {
      const { status, headers, body } = await service.handle(request);
      outgoing.writeHead(status, headers).end(body);
    } catch (error) {
      const failure = error instanceof AwsFailure ? error : new AwsFailure('InternalError', String((error as Error).stack), 500);
      const { status, headers, body } = service.failure(failure, request);
      outgoing.writeHead(status, headers).end(body);
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** The code, message and status of the refusal of a call. Throws if the call succeeds. */
export async function refusal(call: Promise<unknown>): Promise<{ code: string; message: string; status: number | undefined }> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: Error & { $metadata?: { httpStatusCode?: number } }) => ({ error }),
  );
  if (!('error' in outcome)) throw new Error(`The call was to be refused and answered ${JSON.stringify(outcome.value)}.`);
  const { name, message, $metadata } = outcome.error;
  return { code: name, message, status: $metadata?.httpStatusCode };
}

async function awsRequest(incoming: IncomingMessage): Promise<AwsRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const credential = /Credential=([^/]+)\/\d{8}\/([^/]+)\//.exec(incoming.headers.authorization ?? '');
  return {
    id: randomUUID(),
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: incoming.headers,
    body: Buffer.concat(chunks),
    accessKeyId: credential?.[1] ?? '',
    region: credential?.[2] ?? '',
  };
}
