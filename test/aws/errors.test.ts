import { EC2ServiceException } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { failureOf, meaningOf, translate, unless } from '../../aws/errors.ts';
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
    expect(translate(refusal('InvalidParameterCombination', 400, message)).name).toBe('InstanceTypeNotSupported');
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

  it('leaves errors of the catalogue as they are', () => {
    const error = new RecodeError('NetworkBusy', 'Busy.');
    expect(translate(error)).toBe(error);
  });

  it('calls a defect of ours unexpected, and keeps it as the cause', () => {
    const defect = new TypeError('undefined is not a function');
    expect(translate(defect)).toMatchObject({ name: 'Unexpected', cause: defect });
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

  it('takes a cause that is a sentence as it is', () => {
    expect(failureOf('States.Timeout', 'It took too long.')).toMatchObject({ name: 'ExecutionTimedOut', message: 'It took too long.' });
  });

  it('names what is not of the catalogue', () => {
    expect(failureOf('Runtime.ExitError', '{"errorType":"Runtime.ExitError","errorMessage":"killed"}')).toMatchObject({
      name: 'Unexpected',
      message: 'Runtime.ExitError: killed',
    });
  });
});

it('takes what is no error for nothing that it knows', () => {
  expect(meaningOf('RouteAlreadyExists')).toBe('unknown');
});
