import { STSClient } from '@aws-sdk/client-sts';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { arnIn, identityRequest, Proof, refusalIn, signedRequest, stsHost } from '../../core/proof.ts';

const executionArn = 'arn:aws:states:us-east-1:123456789012:execution:recode-start:one';
const input = { environment: { owner: 'alice', repository: 'acme/api' }, request: { publicKey: 'key' } };
const time = '20261130T090000Z';
const headersOf = (asked: Partial<Parameters<typeof identityRequest>[0]>) =>
  identityRequest({ executionArn, input, time, ...asked }).headers;
const hashOf = (asked: Partial<Parameters<typeof identityRequest>[0]>) => headersOf(asked)['x-recode-execution'];

describe('the request of a proof', () => {
  it('asks STS of the region who has signed it', () => {
    expect(identityRequest({ executionArn, input, time, token: 'token' })).toEqual({
      origin: 'https://sts.us-east-1.amazonaws.com',
      method: 'POST',
      path: '/',
      headers: {
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
        host: 'sts.us-east-1.amazonaws.com',
        'x-amz-date': time,
        'x-amz-security-token': 'token',
        'x-recode-execution': expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
    });
  });

  it('goes to the one endpoint that answers for all of AWS, if there is one', () => {
    const asked = { executionArn, input, time, endpoint: 'http://127.0.0.1:4566/' };
    expect(identityRequest(asked)).toMatchObject({ origin: 'http://127.0.0.1:4566', path: '/', headers: { host: '127.0.0.1:4566' } });
  });

  it.each<[string, Partial<Parameters<typeof identityRequest>[0]>]>([
    ['another name', { executionArn: `${executionArn}x` }],
    ['another state machine', { executionArn: executionArn.replace('start', 'stop') }],
    ['another account', { executionArn: executionArn.replace('123', '321') }],
    ['another region', { executionArn: executionArn.replace('us-east-1', 'us-east-2') }],
    ['another environment', { input: { ...input, environment: { ...input.environment, owner: 'bob' } } }],
    ['one more field', { input: { ...input, more: null } }],
    ['one field less', { input: { environment: input.environment } }],
    ['a field in another place', { input: { environment: { ...input.environment, ...input.request } } }],
    ['no input', { input: undefined }],
  ])('is another one for an execution with %s', (_, other) => {
    expect(hashOf(other)).not.toBe(hashOf({}));
  });

  it('is the same for the input as Step Functions hands it on: with the proof, and in any order', () => {
    const { environment, request } = input;
    const { owner, repository } = environment;
    expect(hashOf({ input: { request, proof: { time }, environment: { repository, owner } } })).toBe(hashOf({}));
    expect(hashOf({ input: { ...input, absent: undefined } })).toBe(hashOf({}));
    // Only the proof of the execution itself is left out.
    expect(hashOf({ input: { ...input, environment: { ...environment, proof: { time } } } })).not.toBe(hashOf({}));
  });
});

describe('the host of STS', () => {
  const regions = ['us-east-1', 'eu-central-1', 'ap-southeast-5', 'cn-north-1', 'us-gov-west-1', 'us-gov-east-1', 'eusc-de-east-1'];
  const isolated = ['us-iso-east-1', 'us-isob-east-1', 'eu-isoe-west-1', 'us-isof-south-1'];
  const partitions = {
    cn: 'aws-cn',
    'us-gov': 'aws-us-gov',
    eusc: 'aws-eusc',
    'us-isob': 'aws-iso-b',
    'eu-isoe': 'aws-iso-e',
    'us-isof': 'aws-iso-f',
  };
  const partitionOf = (region: string) =>
    Object.entries({ ...partitions, 'us-iso': 'aws-iso' }).find(([prefix]) => region.startsWith(`${prefix}-`))?.[1] ?? 'aws';
  const { endpointProvider } = new STSClient({ region: 'us-east-1' }).config;

  it.each([...regions, ...isolated].flatMap((region) => [true, false].map((fips) => [region, fips] as const)))(
    "is the one that AWS's SDK asks: %s, FIPS %s",
    (region, UseFIPS) => {
      const { url } = endpointProvider({ Region: region, UseFIPS, UseDualStack: false, UseGlobalEndpoint: false });
      expect(stsHost(`arn:${partitionOf(region)}:states:${region}:123456789012:execution:recode-start:one`, UseFIPS)).toBe(url.host);
    },
  );

  it.each(['aws-new', 'constructor', ''])('is not known in the partition %j', (partition) => {
    expect(() => stsHost(`arn:${partition}:states:us-east-1:1:execution:a:b`)).toThrow(
      expect.objectContaining({ name: 'PartitionNotSupported' }),
    );
  });
});

describe('a signature', () => {
  const names = 'content-type;host;x-amz-date;x-recode-execution';
  const signature = '0123456789abcdef'.repeat(4);
  const authorizationOf = ({ credential = 'AKIA/20261130/us-east-1/sts/aws4_request', signed = names, made = signature } = {}) =>
    `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signed}, Signature=${made}`;
  const read = (authorization: string, more: Partial<Proof> = {}) =>
    signedRequest({ authorization, time, ...more }, { executionArn, input });

  it('is sent with the request that it must be of', () => {
    const authorization = authorizationOf();
    expect(read(authorization)).toEqual({
      ...identityRequest({ executionArn, input, time }),
      headers: { ...headersOf({}), authorization },
    });
    const withToken = authorizationOf({ signed: 'content-type;host;x-amz-date;x-amz-security-token;x-recode-execution' });
    expect(read(withToken, { token: 'token' }).headers['x-amz-security-token']).toBe('token');
  });

  it.each([
    ['leaves the execution out', authorizationOf({ signed: 'content-type;host;x-amz-date' })],
    ['leaves the host out', authorizationOf({ signed: 'content-type;x-amz-date;x-recode-execution' })],
    ['has the execution twice', authorizationOf({ signed: `${names};x-recode-execution` })],
    ['has the execution in capitals', authorizationOf({ signed: names.replace('x-recode', 'X-Recode') })],
    ['has another order', authorizationOf({ signed: 'host;content-type;x-amz-date;x-recode-execution' })],
    ['has more headers', authorizationOf({ signed: `accept;${names}` })],
    [
      'signs a token that is not there',
      authorizationOf({ signed: 'content-type;host;x-amz-date;x-amz-security-token;x-recode-execution' }),
    ],
    ['is for another region', authorizationOf({ credential: 'AKIA/20261130/us-east-2/sts/aws4_request' })],
    ['is for another service', authorizationOf({ credential: 'AKIA/20261130/us-east-1/iam/aws4_request' })],
    ['is too short', authorizationOf({ made: signature.slice(1) })],
    ['has two credentials', authorizationOf({ credential: 'AKIA/20261130/us-east-1/sts/aws4_request, Credential=x' })],
    ['is of another algorithm', authorizationOf().replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256')],
    ['is another kind of authorization', 'Bearer token'],
  ])('is refused if it %s', (_, authorization) => {
    expect(() => read(authorization)).toThrow(expect.objectContaining({ name: 'ProofNotValid' }));
  });
});

describe('the shape of a proof', () => {
  const proof = { authorization: 'AWS4-HMAC-SHA256 Credential=a', time };
  const isProof = (value: unknown) => v.safeParse(Proof, value).success;

  it('is what the person alone knows', () => {
    expect(isProof(proof)).toBe(true);
    expect(isProof({ ...proof, token: 'token', fips: true })).toBe(true);
  });

  it.each<[string, object]>([
    ['a host', { host: 'sts.example.com' }],
    ['headers', { headers: {} }],
    ['a method', { method: 'GET' }],
    ['a path', { path: '/?Action=DecodeAuthorizationMessage' }],
    ['a line break', { authorization: 'AWS4\r\nHost: example.com' }],
    ['a line break in its token', { token: 'a\nHost: example.com' }],
    ['no FIPS', { fips: false }],
    ['a long token', { token: 'x'.repeat(16_385) }],
    ['a long signature', { authorization: 'x'.repeat(1_000_000) }],
    ['another time', { time: '2026-11-30T09:00:00Z' }],
    ['no time', { time: undefined }],
  ])('has no room for %s', (_, more) => {
    expect(isProof({ ...proof, ...more })).toBe(false);
  });
});

// As in https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
describe('an answer of STS', () => {
  const answer = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
    <GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/Alice</Arn><UserId>AIDACKCEVSQ6C2EXAMPLE</UserId><Account>123456789012</Account>
    </GetCallerIdentityResult></GetCallerIdentityResponse>`;

  it('has the ARN of who signed', () => {
    expect(arnIn(answer)).toBe('arn:aws:iam::123456789012:user/Alice');
  });

  it.each([
    ['', 'nothing'],
    ['<html>Welcome</html>', 'a page'],
    [answer + answer, 'two answers'],
    ['<Arn></Arn>', 'no ARN'],
    ['<Arn>a&amp;b</Arn>', 'what is escaped'],
  ])('has none in %j: %s', (text) => {
    expect(arnIn(text)).toBeUndefined();
  });

  it('has the code and the message of a refusal', () => {
    const refusal =
      "<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>'Host' &apos;a&apos;</Message></Error></ErrorResponse>";
    expect(refusalIn(refusal)).toEqual({ code: 'SignatureDoesNotMatch', message: "'Host' 'a'" });
    expect(refusalIn('<html>')).toBeUndefined();
  });
});
