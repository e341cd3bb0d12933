import { once } from 'node:events';
import { connect } from 'node:net';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createClock } from '../../src/clock.ts';
import { createFaults } from '../../src/gateway/faults.ts';
import { AwsFailure } from '../../src/service.ts';
import { authorization, sandboxKey, useGateway } from './use-gateway.ts';

const { actAs, clientOf, handled, raw, settings, start } = useGateway();

describe('routing', () => {
  it('follows the credential scope, and passes the access key and the region to the service', async () => {
    expect((await clientOf().send(new ListTablesCommand({}))).TableNames).toEqual(['alice in us-east-1']);
  });

  it('gives each request an ID', async () => {
    const one = await clientOf().send(new ListTablesCommand({}));
    const other = await clientOf().send(new ListTablesCommand({}));
    expect(one.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(other.$metadata.requestId).not.toBe(one.$metadata.requestId);
  });

  it('names its services to a client of another one, in the protocol of the client', async () => {
    const sentence = expect.stringMatching(/does not serve \w+, only dynamodb/);
    await expect(new EC2Client(settings()).send(new DescribeVpcsCommand({}))).rejects.toMatchObject({ message: sentence });
    await expect(new STSClient(settings()).send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
      name: 'UnsupportedOperation',
      message: sentence,
    });
    await expect(new SFNClient(settings()).send(new ListStateMachinesCommand({}))).rejects.toMatchObject({
      name: 'UnsupportedOperation',
      message: sentence,
    });
    const s3 = await raw({ authorization: authorization('s3') }, '', 'GET', '/bucket');
    expect(s3.text).toContain('<Error><Code>UnsupportedOperation</Code>');
    const lambda = await raw({ authorization: authorization('toString') }, '', 'GET', '/2015-03-31/functions');
    expect(JSON.parse(lambda.text)).toMatchObject({ message: expect.stringContaining('does not serve toString') });
  });

  it('requires credentials, as the service would', async () => {
    const target = { 'x-amz-target': 'DynamoDB_20120810.ListTables' };
    expect(await raw(target, '{}')).toMatchObject({ status: 400, text: expect.stringContaining('MissingAuthenticationTokenException') });
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const query = await raw(form, 'Action=DescribeVpcs&Version=2016-11-15');
    expect(query).toMatchObject({
      status: 403,
      type: 'text/xml',
      text: expect.stringContaining('<Code>MissingAuthenticationToken</Code>'),
    });
    expect(handled()).toBe(0);
  });

  it('refuses credentials it cannot read', async () => {
    const target = 'DynamoDB_20120810.ListTables';
    for (const broken of ['Bearer token', 'AWS4-HMAC-SHA256 Credential=alice/us-east-1/dynamodb/aws4_request, Signature=0', '']) {
      const answer = await raw({ 'x-amz-target': target, authorization: broken }, '{}');
      expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('IncompleteSignatureException') });
    }
    expect(handled()).toBe(0);
  });

  it('passes on a refusal of the service, and answers a bug with a 500', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    onTestFinished(() => logged.mockRestore());
    actAs(() => {
      throw new AwsFailure('LimitExceededException', 'Too many.');
    });
    await expect(clientOf().send(new ListTablesCommand({}))).rejects.toMatchObject({
      name: 'LimitExceededException',
      message: 'Too many.',
    });
    expect(logged).not.toHaveBeenCalled();
    actAs(() => {
      throw new TypeError('a mistake');
    });
    await expect(clientOf().send(new ListTablesCommand({}))).rejects.toMatchObject({
      name: 'InternalServerError',
      $metadata: { httpStatusCode: 500 },
    });
    expect(logged).toHaveBeenCalledWith(expect.any(TypeError));
  });

  it('refuses a body above 16 MiB', async () => {
    const headers = { 'x-amz-target': 'DynamoDB_20120810.ListTables', authorization: authorization('dynamodb') };
    const answer = await raw(headers, 'x'.repeat(16 * 1024 * 1024 + 1));
    expect(answer).toMatchObject({ status: 413, text: expect.stringContaining('RequestEntityTooLarge') });
    expect(handled()).toBe(0);
  });
});

it('answers a sandbox with the time of its clock, and anybody else with real time', async () => {
  const ahead = createClock();
  ahead.advance(3_600_000);
  const own = await start({ clock: ahead });
  onTestFinished(() => own.stop());
  const lead = async (accessKeyId: string) => {
    const headers = { authorization: authorization('dynamodb', accessKeyId), 'x-amz-target': 'DynamoDB_20120810.ListTables' };
    const answer = await fetch(own.endpoint, { method: 'POST', headers, body: '{}' });
    return Math.round((Date.parse(answer.headers.get('date') ?? '') - Date.now()) / 60_000);
  };
  expect(await lead(sandboxKey)).toBeCloseTo(60);
  expect(await lead('alice')).toBeCloseTo(0);
});

it('ends idle and waiting connections when it stops', async () => {
  const faults = createFaults();
  const own = await start({ faults });
  const { port } = new URL(own.endpoint);
  const idle = connect(Number(port), '127.0.0.1');
  await once(idle, 'connect');
  const ended = once(idle, 'close');
  faults.admin('POST', { service: 'dynamodb', action: 'ListTables', kind: 'delay', milliseconds: 3_600_000 });
  const client = new DynamoDBClient({ ...settings(), endpoint: own.endpoint });
  const waiting = client.send(new ListTablesCommand({})).catch((error: Error) => error);
  await vi.waitFor(() => expect(faults.admin('GET', undefined)).toEqual({ faults: [] }));
  await own.stop();
  await ended;
  expect(await waiting).toBeInstanceOf(Error);
});
