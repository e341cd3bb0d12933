import { request as httpRequest } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach } from 'vitest';
import { createClock } from '../../src/clock.ts';
import { createFaults } from '../../src/gateway/faults.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../../src/gateway/gateway.ts';
import { AwsFailure, type AwsRequest, type Service } from '../../src/service.ts';

/** The access key ID of a sandbox. All others belong to people. */
export const sandboxKey = 'SANDBOX';

/** A raw HTTP response. */
export interface RawResponse {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** For a test file in which each test has a gateway with one service, `dynamodb`. */
export function useGateway() {
  const clock = createClock();
  let gateway: Gateway;
  let act: (request: AwsRequest) => object;
  let handled: number;
  let crashed: string[];

  /** A service of the AWS JSON protocol that does what `act` says. */
  const dynamodb: Service = {
    action({ headers }) {
      const action = String(headers['x-amz-target'] ?? '').split('.')[1];
      if (!action) throw new AwsFailure('UnknownOperationException', 'No action.');
      return action;
    },
    async handle(request) {
      handled += 1;
      return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: JSON.stringify(act(request)) };
    },
    failure: ({ code, message, status }) => ({
      status,
      headers: { 'content-type': 'application/x-amz-json-1.0' },
      body: JSON.stringify({ __type: code, message }),
    }),
  };

  const start = (options: Partial<GatewayOptions> = {}): Promise<Gateway> =>
    createGateway({
      services: { dynamodb },
      admin: { echo: (method, body) => ({ method, body }), nothing: () => undefined },
      clock,
      faults: createFaults(),
      stateDirectory: '/state',
      ownerOf: (accessKeyId) => (accessKeyId === sandboxKey ? { functionName: 'createVpc' } : undefined),
      secretOf: () => undefined,
      crash: async (accessKeyId) => {
        crashed.push(`${accessKeyId} after ${handled} calls`);
        return true;
      },
      ...options,
    });

  beforeEach(async () => {
    act = ({ region, accessKeyId }) => ({ TableNames: [`${accessKeyId} in ${region}`] });
    handled = 0;
    crashed = [];
    gateway = await start();
  });
  afterEach(() => gateway.stop());

  const settings = (accessKeyId = 'alice', maxAttempts = 1) => ({
    region: 'us-east-1',
    endpoint: gateway.endpoint,
    credentials: { accessKeyId, secretAccessKey: 'x' },
    maxAttempts,
  });

  return {
    gateway: () => gateway,
    /** Starts another gateway. The test stops it. */
    start,
    /** Makes the service do something else. */
    actAs(next: (request: AwsRequest) => object): void {
      act = next;
    },
    /** How many calls the service has handled. */
    handled: () => handled,
    /** The sandboxes that were crashed, and when. */
    crashed: () => crashed,
    /** Settings of an SDK client. */
    settings,
    clientOf: (accessKeyId?: string, maxAttempts?: number) => new DynamoDBClient(settings(accessKeyId, maxAttempts)),

    /** Sends a request to `/_local/<name>`. A string is sent as it is, anything else as JSON. */
    async local(name: string, method = 'GET', body?: unknown): Promise<{ status: number; json: Record<string, unknown> }> {
      const answer = await fetch(`${gateway.endpoint}/_local/${name}`, {
        method,
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
    },

    /** Sends an HTTP request with exactly these headers, including `Host`. */
    raw(headers: Record<string, string>, body = '', method = 'POST', path = '/'): Promise<RawResponse> {
      return new Promise((resolve, reject) => {
        const request = httpRequest(`${gateway.endpoint}${path}`, { method, headers, agent: false }, (response) => {
          let text = '';
          response.on('data', (chunk) => {
            text += chunk;
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', text }));
        });
        request.on('error', reject);
        request.end(body);
      });
    },
  };
}

/** An Authorization header with this credential scope. */
export const authorization = (service: string, key = 'alice', region = 'us-east-1') =>
  `AWS4-HMAC-SHA256 Credential=${key}/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`;
