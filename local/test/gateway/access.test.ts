import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it, vi } from 'vitest';
import { authorization, useGateway } from './use-gateway.ts';

const { handled, raw, settings, start } = useGateway();

describe('another user of this machine', () => {
  it('is refused before anything happens, in the protocol of the client', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    vi.spyOn(process, 'geteuid').mockReturnValue((process.geteuid?.() ?? 0) + 1);
    const theirs = await start();
    try {
      const settingsOfTheirs = { ...settings(), endpoint: theirs.endpoint };
      const refusal = { name: 'AccessDenied', message: expect.stringContaining('only'), $metadata: { httpStatusCode: 403 } };
      await expect(new DynamoDBClient(settingsOfTheirs).send(new ListTablesCommand({}))).rejects.toMatchObject(refusal);
      await expect(new STSClient(settingsOfTheirs).send(new GetCallerIdentityCommand({}))).rejects.toMatchObject(refusal);
      const answer = await fetch(`${theirs.endpoint}/_local/calls`);
      expect({ status: answer.status, connection: answer.headers.get('connection') }).toEqual({ status: 403, connection: 'close' });
      expect(handled()).toBe(0);
      expect(logged).toHaveBeenCalledTimes(1);
    } finally {
      await theirs.stop();
      vi.restoreAllMocks();
    }
  });
});

describe('a request', () => {
  it.each(['cross-site', 'same-site', 'same-origin'])(
    'from a web page is refused by Sec-Fetch-Site %s, which a browser also sends with a GET',
    async (site) => {
      expect(await raw({ 'sec-fetch-site': site }, '', 'GET', '/_local/calls')).toMatchObject({ status: 403 });
      expect(await raw({ 'sec-fetch-site': site, authorization: authorization('dynamodb') })).toMatchObject({ status: 403 });
    },
  );

  it('from the address bar is accepted', async () => {
    expect(await raw({ 'sec-fetch-site': 'none' }, '', 'GET', '/_local/calls')).toMatchObject({ status: 200 });
  });

  it('from a web page is refused by its Origin', async () => {
    expect(await raw({ origin: 'https://example.com' }, '', 'GET', '/_local/calls')).toMatchObject({ status: 403 });
    const call = { origin: 'null', 'x-amz-target': 'DynamoDB_20120810.ListTables', authorization: authorization('dynamodb') };
    expect(await raw(call, '{}')).toMatchObject({ status: 403 });
    expect(handled()).toBe(0);
  });

  it('from a web page is refused even if its host name resolves to this machine', async () => {
    for (const host of ['example.com', 'example.com:80', '127.0.0.1.example.com', 'localhost.example.com:4566', '10.0.0.1']) {
      expect(await raw({ host }, '', 'GET', '/_local/calls')).toMatchObject({ status: 403, text: expect.stringContaining('127.0.0.1') });
    }
  });

  it('to any name of this machine is accepted', async () => {
    for (const host of ['127.0.0.1', 'localhost', 'LOCALHOST:80', '127.0.0.1:4566', '[::1]:4566']) {
      expect(await raw({ host }, '', 'GET', '/_local/calls')).toMatchObject({ status: 200 });
    }
  });
});
