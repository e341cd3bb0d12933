import { setTimeout as sleep } from 'node:timers/promises';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, createClock } from '../../src/clock.ts';
import { createSts, type Sts } from '../../src/sts/sts.ts';
import { refusal, serve } from '../ec2/server.ts';

const functionArn = 'arn:aws:sts::000000000000:assumed-role/createVpc/createVpc';

let clock: Clock;
let sts: Sts;
let server: Awaited<ReturnType<typeof serve>>;
const clients: STSClient[] = [];
beforeEach(async () => {
  clock = createClock(() => 0);
  sts = createSts({ accountId: '000000000000', ownerOf: (key) => (key === 'sandbox-7' ? { arn: functionArn } : undefined), clock });
  server = await serve(sts);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await server.stop();
  clock.stop();
});

const clientOf = (accessKeyId: string) => {
  const client = new STSClient({
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
  clients.push(client);
  return client;
};
const identityOf = async (accessKeyId: string) => {
  const { $metadata, ...identity } = await clientOf(accessKeyId).send(new GetCallerIdentityCommand({}));
  return identity;
};

describe('the caller', () => {
  it('is the user with the name of the access key', async () => {
    expect(await identityOf('alice')).toEqual({
      Account: '000000000000',
      Arn: 'arn:aws:iam::000000000000:user/alice',
      UserId: expect.stringMatching(/^AIDA[0-9A-F]{17}$/),
    });
    expect((await identityOf('bob')).UserId).not.toBe((await identityOf('alice')).UserId);
    expect((await identityOf('alice')).UserId).toBe((await identityOf('alice')).UserId);
  });

  it('is the root user if that was set', async () => {
    sts.admin('POST', { accessKeyId: 'root', arn: 'arn:aws:iam::000000000000:root' });
    expect(await identityOf('root')).toEqual({ Account: '000000000000', Arn: 'arn:aws:iam::000000000000:root', UserId: '000000000000' });
  });

  it('is the function whose sandbox has the key', async () => {
    expect(await identityOf('sandbox-7')).toEqual({
      Account: '000000000000',
      Arn: functionArn,
      UserId: expect.stringMatching(/^AROA[0-9A-F]{17}:createVpc$/),
    });
  });

  it('has the identity that was set', async () => {
    const arn = 'arn:aws:sts::000000000000:assumed-role/AWSReservedSSO_Developer/alice&bob@example.com';
    expect(sts.admin('POST', { accessKeyId: 'alice', arn })).toEqual({ alice: arn });
    expect(await identityOf('alice')).toMatchObject({ Arn: arn, UserId: expect.stringMatching(/:alice&bob@example\.com$/) });
    expect(sts.admin('GET', undefined)).toEqual({ alice: arn });
    expect(sts.secretOf('alice')).toBeUndefined();
    expect(sts.admin('DELETE', undefined)).toEqual({});
    expect(await identityOf('alice')).toMatchObject({ Arn: 'arn:aws:iam::000000000000:user/alice' });
  });

  it('has a secret that nobody is shown', () => {
    const arn = 'arn:aws:iam::000000000000:user/alice';
    expect(sts.admin('POST', { accessKeyId: 'alice', arn, secretAccessKey: 'secret' })).toEqual({ alice: arn });
    expect(sts.secretOf('alice')).toEqual({ secretAccessKey: 'secret' });
    sts.admin('DELETE', undefined);
    expect(sts.secretOf('alice')).toBeUndefined();
  });

  it.each([
    {},
    { accessKeyId: 'alice', arn: functionArn, secretAccessKey: '' },
    { accessKeyId: '', arn: functionArn },
    { accessKeyId: 'alice', arn: 'alice' },
    { accessKeyId: 'alice', arn: functionArn, x: 1 },
  ])('cannot have the identity %o', (body) => {
    expect(() => sts.admin('POST', body)).toThrow(expect.objectContaining({ name: 'ValiError' }));
    expect(sts.admin('GET', undefined)).toEqual({});
  });
});

describe('a request', () => {
  const send = (body: Record<string, string>) => fetch(server.endpoint, { method: 'POST', body: new URLSearchParams(body) });

  it('for another action of STS is refused as unsupported', async () => {
    const assume = new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::000000000000:role/a', RoleSessionName: 'a-session' });
    expect(await refusal(clientOf('alice').send(assume))).toEqual({
      code: 'UnsupportedOperation',
      message: 'The embedded AWS does not support the action AssumeRole.',
      status: 400,
    });
  });

  it('must be for an action of STS', async () => {
    const coffee = await (await send({ Action: 'MakeCoffee', Version: '2011-06-15' })).text();
    expect(coffee).toContain('<Code>InvalidAction</Code><Message>Could not find operation MakeCoffee for version 2011-06-15</Message>');
    expect(await (await send({ Action: 'GetCallerIdentity' })).text()).toContain('NO_VERSION_SPECIFIED');
    expect(await (await send({ Version: '2011-06-15' })).text()).toContain('<Code>MissingAction</Code>');
    const extra = { Action: 'GetCallerIdentity', Version: '2011-06-15', Color: 'red' };
    expect(await (await send(extra)).text()).toContain('<Code>UnknownParameter</Code>');
  });
});

describe('an answer', () => {
  it('takes as long as on AWS where that is asked for', async () => {
    expect(sts.latency('POST', { latency: 'calibrated' })).toEqual({ latency: 'calibrated' });
    let answered = false;
    const asking = identityOf('alice').then(() => {
      answered = true;
    });
    await sleep(200);
    clock.advance(99);
    await sleep(50);
    expect(answered).toBe(false);
    clock.advance(1);
    await asking;
    expect(sts.latency('DELETE', undefined)).toEqual({ latency: 'instant' });
    await identityOf('alice');
  });
});
