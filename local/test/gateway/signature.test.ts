import { describe, expect, it } from 'vitest';
import { type SignatureRules, signatureFailure } from '../../src/gateway/signature.ts';
import type { AwsRequest } from '../../src/service.ts';

// The key, the time and the signatures are those of AWS's Signature Version 4 test suite, and of "ListUsers" in the IAM User Guide.
const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const time = '20150830T123600Z';
const now = Date.parse('2015-08-30T12:36:00Z');
const minute = 60_000;

interface Signed {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly scope?: string;
  readonly names?: string;
  readonly signature: string;
}
const getVanilla: Signed = { signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31' };
const form = { 'content-type': 'application/x-www-form-urlencoded' };

function requestOf({
  method = 'GET',
  path = '/',
  headers = {},
  body = '',
  scope = 'us-east-1/service',
  names,
  signature,
}: Signed): AwsRequest {
  const signed = { host: 'example.amazonaws.com', 'x-amz-date': time, ...headers };
  const list = names ?? Object.keys(signed).sort().join(';');
  const authorization = `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/${scope}/aws4_request, SignedHeaders=${list}, Signature=${signature}`;
  return {
    id: '1',
    method,
    path,
    headers: { ...signed, authorization },
    body: Buffer.from(body),
    accessKeyId: 'AKIDEXAMPLE',
    region: 'us-east-1',
  };
}

function failureOf(request: AwsRequest, rules: Partial<SignatureRules> = {}, service = 'sts') {
  const failure = signatureFailure(
    request,
    { accessKeyId: 'AKIDEXAMPLE', region: 'us-east-1', service },
    { secret: { secretAccessKey }, now, ...rules },
  );
  return failure && { code: failure.code, status: failure.status, message: failure.message };
}
const changed = (request: AwsRequest, headers: Readonly<Record<string, string | undefined>>): AwsRequest => ({
  ...request,
  headers: { ...request.headers, ...headers },
});

describe('a signature that AWS has published', () => {
  it.each<[string, Signed]>([
    ['get-vanilla', getVanilla],
    ['post-vanilla', { method: 'POST', signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b' }],
    [
      'post-x-www-form-urlencoded',
      {
        method: 'POST',
        headers: form,
        body: 'Param1=value1',
        signature: 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
      },
    ],
    [
      'ListUsers',
      {
        path: '/?Action=ListUsers&Version=2010-05-08',
        headers: { host: 'iam.amazonaws.com', 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        scope: 'us-east-1/iam',
        signature: '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
      },
    ],
  ])('is accepted: %s', (_, signed) => {
    expect(failureOf(requestOf(signed))).toBeUndefined();
  });
});

describe('a signature is refused', () => {
  const doesNotMatch = {
    code: 'SignatureDoesNotMatch',
    status: 403,
    message:
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  };

  it.each<[string, AwsRequest]>([
    ['method', { ...requestOf(getVanilla), method: 'POST' }],
    ['path', { ...requestOf(getVanilla), path: '/x' }],
    ['query', { ...requestOf(getVanilla), path: '/?a=b' }],
    ['body', { ...requestOf(getVanilla), body: Buffer.from('x') }],
    ['host', changed(requestOf(getVanilla), { host: 'example.com' })],
    ['time', changed(requestOf(getVanilla), { 'x-amz-date': '20150830T123601Z' })],
    ['region', requestOf({ ...getVanilla, scope: 'us-east-2/service' })],
    ['service', requestOf({ ...getVanilla, scope: 'us-east-1/sts' })],
    ['list of signed headers', requestOf({ ...getVanilla, names: 'host;x-amz-date;x-more' })],
    ['length', requestOf({ signature: getVanilla.signature.slice(0, 63) })],
  ])('if it is for another %s', (_, request) => {
    expect(failureOf(request)).toEqual(doesNotMatch);
    expect(failureOf(request, { secret: undefined })).toBeUndefined();
  });

  it('if another key made it', () => {
    expect(failureOf(requestOf(getVanilla), { secret: { secretAccessKey: 'x' } })).toEqual(doesNotMatch);
  });

  // The texts are from reports such as github.com/aws/aws-cli/issues/6676 and github.com/QT-DevOps/DevOpsIssues/issues/989, both of GetCallerIdentity.
  it('if it is older or newer than 15 minutes', () => {
    const at = (minutes: number, seconds = 0) => failureOf(requestOf(getVanilla), { now: now + minutes * minute + seconds * 1000 });
    expect(at(15)).toBeUndefined();
    expect(at(15, 1)).toMatchObject({
      code: 'SignatureDoesNotMatch',
      message: 'Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)',
    });
    expect(at(-15)).toBeUndefined();
    expect(at(-15, -1)).toMatchObject({
      code: 'SignatureDoesNotMatch',
      message: 'Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 min.)',
    });
  });

  it('if a part is missing', () => {
    const authorization = 'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/sts/aws4_request';
    expect(failureOf(changed(requestOf(getVanilla), { authorization, 'x-amz-date': undefined }))).toEqual({
      code: 'IncompleteSignature',
      status: 400,
      message:
        "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256",
    });
    expect(failureOf(changed(requestOf(getVanilla), { 'x-amz-date': 'today' }))).toMatchObject({ code: 'IncompleteSignature' });
  });

  it('if the host is not signed, or the day is another one', () => {
    expect(failureOf(requestOf({ ...getVanilla, names: 'x-amz-date' }))).toMatchObject({
      code: 'SignatureDoesNotMatch',
      message: expect.stringContaining("'Host'"),
    });
    expect(failureOf(changed(requestOf(getVanilla), { 'x-amz-date': '20150831T000000Z' }))).toMatchObject({
      message:
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150830' != '20150831', from '20150831T000000Z'.",
    });
  });

  it('without the session token of temporary credentials', () => {
    const secret = { secretAccessKey, sessionToken: 'token' };
    const invalid = { code: 'InvalidClientTokenId', status: 403, message: 'The security token included in the request is invalid.' };
    expect(failureOf(requestOf(getVanilla), { secret })).toEqual(invalid);
    expect(failureOf(changed(requestOf(getVanilla), { 'x-amz-security-token': 'token' }), { secret })).toBeUndefined();
  });

  it.each([
    ['ec2', 'AuthFailure', 'RequestExpired'],
    ['dynamodb', 'InvalidSignatureException', 'InvalidSignatureException'],
    ['states', 'InvalidSignatureException', 'InvalidSignatureException'],
  ])('in the words of the service: %s', (service, wrong, late) => {
    expect(failureOf(requestOf({ signature: '0' }), {}, service)?.code).toBe(wrong);
    expect(failureOf(requestOf(getVanilla), { now: now + 16 * minute }, service)?.code).toBe(late);
  });
});
