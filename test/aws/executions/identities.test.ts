import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { embeddedAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Identities, identities, identitiesAt } from '../../../aws/executions/identities.ts';
import { prove } from '../../../cli/identity/prove.ts';

const executionArn = 'arn:aws:states:us-east-1:000000000000:execution:recode-start:one';
const signed = { environment: { owner: 'alice', repository: 'acme/api' } };
const credentials = { accessKeyId: 'alice', secretAccessKey: 'secret' };
const arn = 'arn:aws:iam::000000000000:user/alice';
const answer = `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>${arn}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`;

const servers: Server[] = [];
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function listening(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const serve = (listener: RequestListener) => listening(createServer({ keepAlive: false }, listener));
const asked = async (sts: Identities, endpoint: string | undefined, more: object = {}) =>
  sts.starterOf({ executionArn, signed, proof: await prove(executionArn, signed, { credentials, endpoint, ...more }) });
const askedAt = (endpoint: string) => asked(identitiesAt({ endpoint }), endpoint);

describe('STS', () => {
  it('is sent what was signed and nothing else, once for each proof', async () => {
    const requests: unknown[] = [];
    const endpoint = await serve((request, response) => {
      const { method, url, headers } = request;
      requests.push({ method, url, headers: Object.keys(headers).sort() });
      response.end(answer);
    });
    const sts = identitiesAt({ endpoint });
    const proof = await prove(executionArn, signed, { credentials: { ...credentials, sessionToken: 'token' }, endpoint });
    for (const _ of [1, 2]) expect(await sts.starterOf({ executionArn, signed, proof })).toEqual({ owner: 'alice', arn });
    const headers = [
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
      'x-amz-date',
      'x-amz-security-token',
      'x-recode-execution',
    ];
    expect(requests).toEqual([{ method: 'POST', url: '/', headers }]);
    // What STS has said of one proof says nothing about another.
    await sts.starterOf({ executionArn: `${executionArn}2`, signed, proof });
    await sts.starterOf({ executionArn, signed: {}, proof });
    expect(requests).toHaveLength(3);
  });

  it('accepts what the SDK signs, as the embedded AWS verifies it', async () => {
    await using aws = await embeddedAws();
    await aws.post('identities', { accessKeyId: 'alice', arn, secretAccessKey: 'secret', sessionToken: 'a/b+c=' });
    const withToken = { credentials: { ...credentials, sessionToken: 'a/b+c=' } };
    expect(await asked(identitiesAt({ endpoint: aws.endpoint }), aws.endpoint, withToken)).toEqual({ owner: 'alice', arn });
    await expect(askedAt(aws.endpoint)).rejects.toMatchObject({
      name: 'ProofNotValid',
      message: expect.stringContaining('InvalidClientTokenId'),
    });
  });

  it('is where the variables of Lambda say', async () => {
    const endpoint = await serve((_, response) => response.end(answer));
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:9');
    vi.stubEnv('AWS_ENDPOINT_URL_STS', endpoint);
    expect(await asked(identities(), endpoint)).toEqual({ owner: 'alice', arn });
    vi.stubEnv('AWS_USE_FIPS_ENDPOINT', 'true');
    await expect(asked(identities(), endpoint)).rejects.toMatchObject({ name: 'ProofNotValid', message: expect.stringContaining('FIPS') });
    expect(await asked(identities(), endpoint, { fips: true })).toEqual({ owner: 'alice', arn });
  });

  it('is not asked without a proof', async () => {
    const sts = identitiesAt({ endpoint: 'http://127.0.0.1:9' });
    await expect(sts.starterOf({ executionArn, signed, proof: undefined })).rejects.toMatchObject({ name: 'ProofMissing' });
  });
});

describe('a server that is not STS', () => {
  it('leads nowhere: a redirect is not followed', async () => {
    let followed = 0;
    const elsewhere = await serve((_, response) => {
      followed += 1;
      response.end(answer);
    });
    const endpoint = await serve((_, response) => response.writeHead(307, { location: elsewhere }).end());
    await expect(askedAt(endpoint)).rejects.toMatchObject({ name: 'AwsUnavailable', message: expect.stringContaining('HTTP status 307') });
    expect(followed).toBe(0);
  });

  it.each([
    ['with an answer that never ends', 'x'.repeat(65_537)],
    ['with a longer answer that has an ARN', answer + ' '.repeat(70_000)],
  ])('is given up %s', async (_, text) => {
    const endpoint = await serve((_, response) => response.write(text));
    await expect(askedAt(endpoint)).rejects.toMatchObject({ name: 'AwsUnavailable', message: expect.stringContaining('too long') });
  });

  it.each([
    ['never answers', () => {}],
    ['never stops answering', (socket: { write(text: string): void }) => socket.write('HTTP/1.1 200 OK\r\n\r\n')],
  ])('is given up after seconds if it %s', async (_, begin) => {
    const sockets: { destroy(): void }[] = [];
    let connections = 0;
    const endpoint = await listening(
      createTcpServer((socket) => {
        connections += 1;
        sockets.push(socket.on('error', () => {}));
        begin(socket);
      }),
    );
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const refused = expect(askedAt(endpoint)).rejects.toMatchObject({ name: 'AwsUnavailable' });
    for (const attempt of [1, 2]) {
      while (connections < attempt) await new Promise((resolve) => setImmediate(resolve));
      await vi.advanceTimersByTimeAsync(5_000);
    }
    await refused;
    for (const socket of sockets) socket.destroy();
  });

  it.each([
    ['another page', 200, '<html>Welcome</html>', 'AwsUnavailable'],
    ['an error of its own', 502, 'Bad gateway', 'AwsUnavailable'],
    ['two ARNs', 200, answer + answer, 'AwsUnavailable'],
    [
      'Throttling',
      400,
      '<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>',
      'RequestThrottled',
    ],
    [
      'ExpiredToken',
      403,
      '<ErrorResponse><Error><Code>ExpiredToken</Code><Message>expired</Message></Error></ErrorResponse>',
      'ProofExpired',
    ],
    ['nobody we know', 200, answer.replace('user/alice', 'root'), 'CallerWithoutLastingName'],
    ['another account', 200, answer.replace('000000000000', '111111111111'), 'ProofNotValid'],
  ])('proves nothing with %s', async (_, status, text, name) => {
    const endpoint = await serve((_, response) => response.writeHead(status).end(text));
    await expect(askedAt(endpoint)).rejects.toMatchObject({ name });
  });

  it('is not spoken to without a certificate for the host of STS', async () => {
    // A hostile answer of DNS leads to a server that has none.
    const heard: string[] = [];
    const endpoint = await listening(
      createTcpServer(
        (socket) =>
          void socket
            .on('error', () => {})
            .on('data', (data) => heard.push(data.toString('latin1')))
            .end(),
      ),
    );
    await expect(askedAt(endpoint.replace('http:', 'https:'))).rejects.toMatchObject({ name: 'AwsUnavailable' });
    expect(heard.join('')).not.toContain('AWS4-HMAC');
  });
});
