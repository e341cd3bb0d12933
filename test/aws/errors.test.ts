import { EC2ServiceException } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { failureOf, meaningOf, translate, translateInStep, unless, withDataInMessage } from '../../aws/errors.ts';
import { RecodeError } from '../../core/errors.ts';

const refusal = (name: string, status = 400, message = 'said AWS') =>
  new EC2ServiceException({ name, message, $fault: 'client', $metadata: { httpStatusCode: status } });

describe('translate', () => {
  it.each([
    ['RequestLimitExceeded', 'RequestThrottled'],
    ['ThrottlingException', 'RequestThrottled'],
    ['InternalError', 'AwsUnavailable'],
    ['InvalidVpcID.NotFound', 'NotVisibleYet'],
    ['InvalidGroup.NotFound', 'NotVisibleYet'],
    ['InvalidPermission.NotFound', 'NotVisibleYet'],
    ['InvalidAMIID.NotFound', 'ImageUnavailable'],
    ['InvalidAMIID.Unavailable', 'ImageUnavailable'],
    ['InvalidInstanceType', 'InstanceTypeNotSupported'],
    ['InvalidParameterCombination', 'AwsRefused'],
    ['DependencyViolation', 'DependencyStillInUse'],
    ['InvalidNetworkInterface.InUse', 'DependencyStillInUse'],
    ['InsufficientInstanceCapacity', 'NoCapacity'],
    ['InsufficientFreeAddressesInSubnet', 'SubnetFull'],
    ['VcpuLimitExceeded', 'QuotaReached'],
    ['InternetGatewayLimitExceeded', 'QuotaReached'],
    ['UnauthorizedOperation', 'PermissionMissing'],
    ['OptInRequired', 'AccountNotReady'],
    ['AuthFailure', 'CredentialsNotValid'],
    ['ExpiredTokenException', 'CredentialsExpired'],
    ['InvalidUserData.Malformed', 'AwsRefused'],
  ])('makes %s %s, with what AWS said', (code, name) => {
    const error = translate(refusal(code));
    expect(error.name).toBe(name);
    expect(error.message).toBe(`AWS says: said AWS (${code}).`);
  });

  it('tells a type that the free tier has not from any other combination that AWS refuses, by the message', () => {
    const message = 'The specified instance type is not eligible for Free Tier. For a list of Free Tier instance types, run …';
    expect(translate(refusal('InvalidParameterCombination', 400, message)).name).toBe('InstanceTypeNotInFreeTier');
  });

  it('tells an interface that is still attached from any other parameter that AWS refuses, by the message', () => {
    const message = "Network interface 'eni-1' is currently in use.";
    expect(translate(refusal('InvalidParameterValue', 400, message)).name).toBe('DependencyStillInUse');
    expect(translate(refusal('InvalidParameterValue', 400, 'Invalid availability zone')).name).toBe('AwsRefused');
  });

  it('takes any answer of 500 and above for an outage', () => {
    expect(translate(refusal('SomethingNew', 503)).name).toBe('AwsUnavailable');
  });

  it('takes a broken connection for an outage', () => {
    expect(translate(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })).name).toBe('AwsUnavailable');
  });

  it('leaves errors of the catalog as they are', () => {
    const error = new RecodeError('NetworkBusy', 'Busy.');
    expect(translate(error)).toBe(error);
  });

  it('calls a defect of ours unexpected, and keeps it as the cause', () => {
    const defect = new TypeError('undefined is not a function');
    expect(translate(defect)).toMatchObject({ name: 'Unexpected', cause: defect });
  });
});

// The form of https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html, as EC2 sends it today.
const denied =
  'You are not authorized to perform this operation. User: arn:aws:iam::123456789012:user/alice is not authorized to perform: ' +
  'ec2:CreateVpc on resource: arn:aws:ec2:us-east-1:123456789012:vpc/* because no identity-based policy allows the ec2:CreateVpc action';
const encoded = `Encoded authorization failure message: ${'4Ai9qvVQYCx3kKoQaOtnKpzKCvrDlzzn_8R3vhbWP-TGw5hHcV'.repeat(12)}`;

describe.each([
  ['the CLI', translate, 'RECODE_DEBUG=1 shows it'],
  ['a step', (error: unknown) => translateInStep(error, 'recode-prod-createVpc'), 'it is in the log of the function recode-prod-createVpc'],
] as const)('an encoded message, to %s', (_, read, where) => {
  it('is cut, with the command that decodes it and where the whole of it is', () => {
    expect(read(refusal('UnauthorizedOperation', 403, `${denied}. ${encoded}`))).toMatchObject({
      name: 'PermissionMissing',
      message:
        `AWS says: ${denied} (UnauthorizedOperation). AWS added an encoded message: ${where}. ` +
        'An administrator can decode it with "aws sts decode-authorization-message --encoded-message MESSAGE".',
      cause: expect.objectContaining({ message: expect.stringContaining(encoded) }),
    });
  });

  it('is not mentioned where there is none', () => {
    expect(read(refusal('UnauthorizedOperation', 403, denied)).message).toBe(`AWS says: ${denied} (UnauthorizedOperation).`);
  });
});

describe('translateInStep', () => {
  it.each([
    'RequestExpired',
    'ExpiredToken',
    'ExpiredTokenException',
    'AuthFailure',
    'UnrecognizedClientException',
    'InvalidClientTokenId',
    'SignatureDoesNotMatch',
    'RequestTimeTooSkewed',
  ])("takes %s for trouble with the function's credentials, not with the user's", (code) => {
    expect(translateInStep(refusal(code, 401), 'recode-prod-createVpc').name).toBe('FunctionCredentialsRejected');
    expect(translate(refusal(code, 401)).name).toMatch(/^Credentials(Expired|NotValid)$/);
  });

  it('reads everything else as the CLI does', () => {
    expect(translateInStep(refusal('InvalidGroup.NotFound'), 'recode-prod-createVpc').name).toBe('NotVisibleYet');
    const error = new RecodeError('NetworkBusy', 'Busy.');
    expect(translateInStep(error, 'recode-prod-createVpc')).toBe(error);
  });
});

describe('unless', () => {
  it('returns undefined for the refusal that is an answer, and lets any other escape', async () => {
    expect(await unless('already-there', Promise.reject(refusal('RouteAlreadyExists')))).toBeUndefined();
    await expect(unless('already-there', Promise.reject(refusal('InvalidVpcID.NotFound')))).rejects.toThrow('said AWS');
    expect(await unless('already-there', Promise.resolve('made'))).toBe('made');
  });
});

describe('failureOf', () => {
  it('reads the message out of a failed Lambda’s cause', () => {
    expect(failureOf('NoCapacity', '{"errorType":"NoCapacity","errorMessage":"no t2.medium","trace":[]}')).toMatchObject({
      name: 'NoCapacity',
      message: 'no t2.medium',
    });
  });

  it.each([undefined, null, 'x', { subject: 'acme/api', nested: [{ at: 1 }] }])('reads the data %j that a step has thrown', (data) => {
    const { name, message } = withDataInMessage(new RecodeError('OperationInProgress', 'A stop is "running".', { data }));
    // As Lambda reports what a function has thrown.
    const read = failureOf(name, JSON.stringify({ errorType: name, errorMessage: message, trace: [] }));
    expect({ ...read }).toMatchObject({ name: 'OperationInProgress', data });
    expect(read.message).toBe('A stop is "running".');
  });

  it.each(['{"message":"no data"}', '[1]', 'null', '"text"', '{'])('takes a message that is %s for the message', (errorMessage) => {
    const read = failureOf('NoCapacity', JSON.stringify({ errorType: 'NoCapacity', errorMessage }));
    expect([read.message, read.data]).toEqual([errorMessage, undefined]);
  });

  it('takes a cause that is a sentence as it is', () => {
    expect(failureOf('States.Timeout', 'It took too long.')).toMatchObject({ name: 'ExecutionTimedOut', message: 'It took too long.' });
  });

  it('names what is not of the catalog', () => {
    expect(failureOf('Runtime.ExitError', '{"errorType":"Runtime.ExitError","errorMessage":"killed"}')).toMatchObject({
      name: 'Unexpected',
      message: 'Runtime.ExitError: killed',
    });
  });
});

it('takes what is no error for nothing that it knows', () => {
  expect(meaningOf('RouteAlreadyExists')).toBe('unknown');
});

it('tells a signature that is too old or too new from a wrong one', () => {
  const signature = (name: string, message: string) => Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 403 } });
  const late = 'Signature expired: 20220127T001427Z is now earlier than 20220127T014428Z (20220127T015928Z - 15 min.)';
  expect(meaningOf(signature('SignatureDoesNotMatch', late))).toBe('clock');
  expect(meaningOf(signature('InvalidSignatureException', late.replace('expired', 'not yet current')))).toBe('clock');
  expect(meaningOf(signature('SignatureDoesNotMatch', 'The request signature we calculated does not match.'))).toBe('credentials');
  expect(translate(signature('SignatureDoesNotMatch', late)).name).toBe('CredentialsNotValid');
  expect(translateInStep(signature('SignatureDoesNotMatch', late), 'f').name).toBe('FunctionCredentialsRejected');
});
