import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createClock } from '../../src/clock.ts';
import { createFaults } from '../../src/gateway/faults.ts';
import { createGateway, type Gateway } from '../../src/gateway/gateway.ts';
import { AwsFailure, type AwsRequest, type Service } from '../../src/service.ts';

/** A service of the AWS JSON protocol that counts its calls, and fails on request. */
function jsonService(act: (request: AwsRequest) => object) {
  const service = {
    handled: 0,
    action: ({ headers }: AwsRequest) => {
      const action = String(headers['x-amz-target'] ?? '').split('.')[1];
      if (!action) throw new AwsFailure('UnknownOperationException', 'No action.');
      return action;
    },
    handle: async (request: AwsRequest) => {
      service.handled += 1;
      return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: JSON.stringify(act(request)) };
    },
    failure: ({ code, message, status }: AwsFailure) => ({
      status,
      headers: { 'content-type': 'application/x-amz-json-1.0' },
      body: JSON.stringify({ __type: code, message }),
    }),
  } satisfies Service & { handled: number };
  return service;
}

const authorization = (service: string, key = 'alice', region = 'us-east-1') =>
  `AWS4-HMAC-SHA256 Credential=${key}/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`;

const clock = createClock();
let gateway: Gateway;
let dynamodb: ReturnType<typeof jsonService>;
let act: (request: AwsRequest) => object;
let crashed: string[];
let client: DynamoDBClient;

beforeEach(async () => {
  act = ({ region, accessKeyId }) => ({ TableNames: [`${accessKeyId} in ${region}`] });
  dynamodb = jsonService((request) => act(request));
  crashed = [];
  gateway = await createGateway({
    services: { dynamodb },
    admin: { echo: (method, body) => ({ method, body }), nothing: () => undefined },
    clock,
    faults: createFaults(),
    stateDirectory: '/state',
    ownerOf: (accessKeyId) => (accessKeyId === 'SANDBOX' ? { functionName: 'createVpc' } : undefined),
    crash: async (accessKeyId) => {
      crashed.push(`${accessKeyId} after ${dynamodb.handled} calls`);
      return true;
    },
  });
  client = clientOf('alice');
});

afterEach(async () => {
  await gateway.stop();
});

function settings(accessKeyId: string, maxAttempts = 1) {
  return { region: 'us-east-1', endpoint: gateway.endpoint, credentials: { accessKeyId, secretAccessKey: 'x' }, maxAttempts };
}

function clientOf(accessKeyId: string, maxAttempts = 1) {
  return new DynamoDBClient(settings(accessKeyId, maxAttempts));
}

async function local(name: string, method = 'GET', body?: unknown): Promise<{ status: number; json: Record<string, unknown> }> {
  const answer = await fetch(`${gateway.endpoint}/_local/${name}`, {
    method,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

/** An HTTP request with exactly these headers, `Host` among them. */
function raw(
  headers: Record<string, string>,
  body = '',
  method = 'POST',
  path = '/',
): Promise<{ status: number; type: string; text: string }> {
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
}

describe('routing', () => {
  it('goes by the credential scope, and tells the service the key and the region', async () => {
    expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual(['alice in us-east-1']);
  });

  it('gives each request an id', async () => {
    const one = await client.send(new ListTablesCommand({}));
    const other = await client.send(new ListTablesCommand({}));
    expect(one.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(other.$metadata.requestId).not.toBe(one.$metadata.requestId);
  });

  it('names the services there are when another one is called, in the protocol of the caller', async () => {
    const sentence = expect.stringMatching(/does not serve \w+, only dynamodb/);
    await expect(new EC2Client(settings('alice')).send(new DescribeVpcsCommand({}))).rejects.toMatchObject({ message: sentence });
    await expect(new STSClient(settings('alice')).send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
      name: 'UnsupportedOperation',
      message: sentence,
    });
    await expect(new SFNClient(settings('alice')).send(new ListStateMachinesCommand({}))).rejects.toMatchObject({
      name: 'UnsupportedOperation',
      message: sentence,
    });
    const s3 = await raw({ authorization: authorization('s3') }, '', 'GET', '/bucket');
    expect(s3.text).toContain('<Error><Code>UnsupportedOperation</Code>');
    const lambda = await raw({ authorization: authorization('toString') }, '', 'GET', '/2015-03-31/functions');
    expect(JSON.parse(lambda.text)).toMatchObject({ message: expect.stringContaining('does not serve toString') });
  });

  it('asks for credentials where there are none, as the service would', async () => {
    const target = { 'x-amz-target': 'DynamoDB_20120810.ListTables' };
    expect(await raw(target, '{}')).toMatchObject({ status: 400, text: expect.stringContaining('MissingAuthenticationTokenException') });
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const query = await raw(form, 'Action=DescribeVpcs&Version=2016-11-15');
    expect(query).toMatchObject({
      status: 403,
      type: 'text/xml',
      text: expect.stringContaining('<Code>MissingAuthenticationToken</Code>'),
    });
    expect(dynamodb.handled).toBe(0);
  });

  it('refuses credentials it cannot read', async () => {
    const target = 'DynamoDB_20120810.ListTables';
    for (const broken of ['Bearer token', 'AWS4-HMAC-SHA256 Credential=alice/us-east-1/dynamodb/aws4_request, Signature=0', '']) {
      const answer = await raw({ 'x-amz-target': target, authorization: broken }, '{}');
      expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('IncompleteSignatureException') });
    }
    expect(dynamodb.handled).toBe(0);
  });

  it('passes a refusal of the service on, and hides an error of ours behind a 500', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    onTestFinished(() => logged.mockRestore());
    act = () => {
      throw new AwsFailure('LimitExceededException', 'Too many.');
    };
    await expect(client.send(new ListTablesCommand({}))).rejects.toMatchObject({ name: 'LimitExceededException', message: 'Too many.' });
    expect(logged).not.toHaveBeenCalled();
    act = () => {
      throw new TypeError('a mistake');
    };
    await expect(client.send(new ListTablesCommand({}))).rejects.toMatchObject({
      name: 'InternalServerError',
      $metadata: { httpStatusCode: 500 },
    });
    expect(logged).toHaveBeenCalledWith(expect.any(TypeError));
  });

  it('refuses a body above 16 MiB', async () => {
    const headers = { 'x-amz-target': 'DynamoDB_20120810.ListTables', authorization: authorization('dynamodb') };
    const answer = await raw(headers, 'x'.repeat(16 * 1024 * 1024 + 1));
    expect(answer).toMatchObject({ status: 413, text: expect.stringContaining('RequestEntityTooLarge') });
    expect(dynamodb.handled).toBe(0);
  });
});

describe('another user of this machine', () => {
  it('is refused before anything is served, in the protocol of the caller', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    vi.spyOn(process, 'geteuid').mockReturnValue((process.geteuid?.() ?? 0) + 1);
    const theirs = await createGateway({
      services: { dynamodb },
      admin: {},
      clock,
      faults: createFaults(),
      stateDirectory: '/state',
      ownerOf: () => undefined,
      crash: async () => false,
    });
    try {
      const settingsOfTheirs = { ...settings('alice'), endpoint: theirs.endpoint };
      const refusal = { name: 'AccessDenied', message: expect.stringContaining('only'), $metadata: { httpStatusCode: 403 } };
      await expect(new DynamoDBClient(settingsOfTheirs).send(new ListTablesCommand({}))).rejects.toMatchObject(refusal);
      await expect(new STSClient(settingsOfTheirs).send(new GetCallerIdentityCommand({}))).rejects.toMatchObject(refusal);
      const answer = await fetch(`${theirs.endpoint}/_local/calls`);
      expect({ status: answer.status, connection: answer.headers.get('connection') }).toEqual({ status: 403, connection: 'close' });
      expect(dynamodb.handled).toBe(0);
      expect(logged).toHaveBeenCalledTimes(1);
    } finally {
      await theirs.stop();
      vi.restoreAllMocks();
    }
  });
});

describe('web pages', () => {
  it.each(['cross-site', 'same-site', 'same-origin'])(
    'are kept out by Sec-Fetch-Site %s, which a browser sends with a GET too',
    async (site) => {
      expect(await raw({ 'sec-fetch-site': site }, '', 'GET', '/_local/calls')).toMatchObject({ status: 403 });
      expect(await raw({ 'sec-fetch-site': site, authorization: authorization('dynamodb') })).toMatchObject({ status: 403 });
    },
  );

  it('are let in from the address bar', async () => {
    expect(await raw({ 'sec-fetch-site': 'none' }, '', 'GET', '/_local/calls')).toMatchObject({ status: 200 });
  });

  it('are kept out by their Origin', async () => {
    expect(await raw({ origin: 'https://example.com' }, '', 'GET', '/_local/calls')).toMatchObject({ status: 403 });
    const call = { origin: 'null', 'x-amz-target': 'DynamoDB_20120810.ListTables', authorization: authorization('dynamodb') };
    expect(await raw(call, '{}')).toMatchObject({ status: 403 });
    expect(dynamodb.handled).toBe(0);
  });

  it('are kept out when a name of theirs leads here', async () => {
    for (const host of ['example.com', 'example.com:80', '127.0.0.1.example.com', 'localhost.example.com:4566', '10.0.0.1']) {
      expect(await raw({ host }, '', 'GET', '/_local/calls')).toMatchObject({ status: 403, text: expect.stringContaining('127.0.0.1') });
    }
  });

  it('do not keep out who names this machine', async () => {
    for (const host of ['127.0.0.1', 'localhost', 'LOCALHOST:80', '127.0.0.1:4566', '[::1]:4566']) {
      expect(await raw({ host }, '', 'GET', '/_local/calls')).toMatchObject({ status: 200 });
    }
  });
});

describe('/_local', () => {
  it('hands JSON to a setting and its result back', async () => {
    expect(await local('echo', 'POST', { a: 1 })).toEqual({ status: 200, json: { method: 'POST', body: { a: 1 } } });
    expect(await local('echo?x=1')).toEqual({ status: 200, json: { method: 'GET' } });
    expect(await local('nothing', 'DELETE')).toEqual({ status: 200, json: {} });
  });

  it('refuses what is no setting, no method, no JSON', async () => {
    expect(await local('toString')).toMatchObject({
      status: 404,
      json: { message: expect.stringContaining('calls, clock, echo, faults') },
    });
    expect(await local('echo', 'PUT', {})).toMatchObject({ status: 405 });
    expect(await local('echo', 'POST', '{')).toMatchObject({ status: 400, json: { message: expect.stringContaining('not JSON') } });
  });

  it('moves the clock', async () => {
    const before = (await local('clock')).json.now as number;
    const { now, rate } = (await local('clock', 'POST', { advanceMilliseconds: 60_000, rate: 10 })).json as { now: number; rate: number };
    expect(now - before).toBeGreaterThanOrEqual(60_000);
    expect(rate).toBe(10);
    expect(await local('clock', 'POST', { rate: 1 })).toMatchObject({ json: { rate: 1 } });
    expect(await local('clock', 'POST', { advanceMilliseconds: -1 })).toMatchObject({ status: 400 });
    expect(await local('clock', 'POST', { minutes: 1 })).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining('minutes') },
    });
  });
});

it('answers a Lambda with the time that it lives in, and anybody else with real time', async () => {
  const quick = createClock();
  quick.advance(3_600_000);
  const own = await createGateway({
    services: { dynamodb },
    admin: {},
    clock: quick,
    faults: createFaults(),
    stateDirectory: '/state',
    ownerOf: (accessKeyId) => (accessKeyId === 'SANDBOX' ? { functionName: 'createVpc' } : undefined),
    crash: async () => false,
  });
  onTestFinished(() => own.stop());
  const lead = async (accessKeyId: string) => {
    const headers = { authorization: authorization('dynamodb', accessKeyId), 'x-amz-target': 'DynamoDB_20120810.ListTables' };
    const answer = await fetch(own.endpoint, { method: 'POST', headers, body: '{}' });
    return Math.round((Date.parse(answer.headers.get('date') ?? '') - Date.now()) / 60_000);
  };
  expect(await lead('SANDBOX')).toBeCloseTo(60);
  expect(await lead('alice')).toBeCloseTo(0);
});

describe('/_local/calls', () => {
  it('tells of every call, who made it and how it ended', async () => {
    await client.send(new ListTablesCommand({}));
    act = () => {
      throw new AwsFailure('LimitExceededException', 'Too many.');
    };
    await expect(clientOf('SANDBOX').send(new ListTablesCommand({}))).rejects.toThrow();
    await raw({ authorization: authorization('dynamodb', 'bob', 'eu-west-1') }, '{}');
    const call = { service: 'dynamodb', action: 'ListTables', region: 'us-east-1' };
    expect((await local('calls')).json.calls).toEqual([
      { sequence: 1, ...call, accessKeyId: 'alice', outcome: 'ok' },
      { sequence: 2, ...call, accessKeyId: 'SANDBOX', functionName: 'createVpc', outcome: 'LimitExceededException' },
      { sequence: 3, ...call, action: '', accessKeyId: 'bob', region: 'eu-west-1', outcome: 'UnknownOperationException' },
    ]);
  });

  it('forgets on DELETE, and counts on', async () => {
    await client.send(new ListTablesCommand({}));
    expect(await local('calls', 'DELETE')).toMatchObject({ json: { calls: [] } });
    await client.send(new ListTablesCommand({}));
    expect((await local('calls')).json.calls).toMatchObject([{ sequence: 2 }]);
  });
});

describe('a fault', () => {
  const fault = (more: object) => local('faults', 'POST', { service: 'dynamodb', action: 'ListTables', ...more });
  const outcomes = async () => ((await local('calls')).json.calls as { outcome: string }[]).map(({ outcome }) => outcome);

  it('answers with an error, and leaves the service alone', async () => {
    await fault({ kind: 'error', code: 'ThrottlingException', message: 'Slow down.', status: 400 });
    await expect(client.send(new ListTablesCommand({}))).rejects.toMatchObject({ name: 'ThrottlingException', message: 'Slow down.' });
    expect(dynamodb.handled).toBe(0);
    await client.send(new ListTablesCommand({}));
    expect(await outcomes()).toEqual(['ThrottlingException', 'ok']);
  });

  it('answers with an error although the call took effect', async () => {
    await fault({ kind: 'error', code: 'ThrottlingException', effect: true });
    await expect(client.send(new ListTablesCommand({}))).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(dynamodb.handled).toBe(1);
    expect(await outcomes()).toEqual(['ThrottlingException']);
  });

  it('kills the sandbox before the call takes effect', async () => {
    await fault({ kind: 'crash-before' });
    await expect(clientOf('SANDBOX').send(new ListTablesCommand({}))).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(crashed).toEqual(['SANDBOX after 0 calls']);
    expect(dynamodb.handled).toBe(0);
    expect(await outcomes()).toEqual(['crash-before']);
  });

  it('kills the sandbox after the call took effect', async () => {
    await fault({ kind: 'crash-after' });
    await expect(clientOf('SANDBOX').send(new ListTablesCommand({}))).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(crashed).toEqual(['SANDBOX after 1 calls']);
    expect(await outcomes()).toEqual(['crash-after']);
  });

  it('that crashes waits for a call of a sandbox', async () => {
    await fault({ kind: 'crash-before' });
    await client.send(new ListTablesCommand({}));
    expect(crashed).toEqual([]);
    expect((await local('faults')).json.faults).toHaveLength(1);
  });

  it('loses the answer of a call that took effect, so that the client repeats it', async () => {
    await fault({ kind: 'lost-answer' });
    await clientOf('alice', 2).send(new ListTablesCommand({}));
    expect(dynamodb.handled).toBe(2);
    expect(await outcomes()).toEqual(['lost-answer', 'ok']);
  });

  it('delays a call by the embedded clock', async () => {
    await fault({ kind: 'delay', milliseconds: 3_600_000 });
    let answered = false;
    const call = client.send(new ListTablesCommand({})).then(() => {
      answered = true;
    });
    await vi.waitFor(async () => expect((await local('faults')).json.faults).toEqual([]));
    await local('clock', 'POST', { advanceMilliseconds: 3_599_000 });
    expect({ answered, handled: dynamodb.handled }).toEqual({ answered: false, handled: 0 });
    await local('clock', 'POST', { advanceMilliseconds: 1000 });
    await call;
    expect(dynamodb.handled).toBe(1);
  });
});

describe('stop', () => {
  it('ends idle and waiting connections', async () => {
    act = () => ({});
    await client.send(new ListTablesCommand({}));
    const idle = connect(Number(new URL(gateway.endpoint).port), '127.0.0.1');
    await new Promise((resolve) => idle.once('connect', resolve));
    const ended = new Promise((resolve) => idle.once('close', resolve));
    await local('faults', 'POST', { service: 'dynamodb', action: 'ListTables', kind: 'delay', milliseconds: 3_600_000 });
    const waiting = client.send(new ListTablesCommand({})).catch((error: Error) => error);
    await vi.waitFor(async () => expect((await local('faults')).json.faults).toEqual([]));
    await gateway.stop();
    await ended;
    expect(await waiting).toBeInstanceOf(Error);
    gateway = await createGateway({
      services: {},
      admin: {},
      clock,
      faults: createFaults(),
      stateDirectory: '/state',
      ownerOf: () => undefined,
      crash: async () => false,
    });
  });
});
