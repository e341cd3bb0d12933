import { isThrottlingError, isTransientError } from '@smithy/core/retry';
import { describe, expect, it } from 'vitest';
import { meaningOf } from '../../aws/errors.ts';
import { everyCall, specialCalls } from '../integrity/fault-matrix-rows.ts';
import { type Answer, answers, type Service } from './answers.ts';

const answered = ({ code, message = 'said AWS' }: Pick<Answer, 'code' | 'message'>) =>
  Object.assign(new Error(message), { name: code, $metadata: { httpStatusCode: 400 } });

describe('what AWS answers', () => {
  it.each(answers)('to $service $call: $code means $means', (answer) => {
    expect(meaningOf(answered(answer))).toBe(answer.means);
    expect(answer.source).toMatch(/^(https:|npm:)/);
  });

  it('is met by the fault matrix, call by call and code by code', () => {
    const met = (service: Service, call: string) =>
      call === '*'
        ? (everyCall[service] ?? [])
        : Object.entries(specialCalls[service] ?? {}).flatMap(([name, rows]) => (name.split(' ').at(-1) === call ? rows : []));
    const steps = answers.filter(({ service, call }) => service !== 'states' || call === '*');
    const unmet = steps.filter(
      ({ service, call, code, message }) => !met(service, call).some((row) => row.codes.includes(code) && row.message === message),
    );
    expect(unmet).toEqual([]);
  });
});

describe('what the SDK retries, whatever the service', () => {
  // Those of botocore's legacy and standard retries too: https://docs.aws.amazon.com/boto3/latest/guide/retries.html
  it.each([
    'BandwidthLimitExceeded',
    'EC2ThrottledException',
    'LimitExceededException',
    'PriorRequestNotComplete',
    'ProvisionedThroughputExceededException',
    'RequestLimitExceeded',
    'RequestThrottled',
    'RequestThrottledException',
    'SlowDown',
    'ThrottledException',
    'Throttling',
    'ThrottlingException',
    'TooManyRequestsException',
    'TransactionInProgressException',
  ])('as throttled is throttled: %s', (code) => {
    expect(isThrottlingError(answered({ code }) as never)).toBe(true);
    expect(meaningOf(answered({ code }))).toBe('throttled');
  });

  it.each(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'])(
    'as a failure of the network is one: %s',
    (code) => {
      const error = Object.assign(new Error('connect failed'), { code });
      expect(isTransientError(error as never)).toBe(true);
      expect(meaningOf(error)).toBe('unavailable');
    },
  );

  it.each(['TimeoutError', 'RequestTimeout', 'RequestTimeoutException'])('as a time-out is one: %s', (code) => {
    expect(isTransientError(answered({ code }) as never)).toBe(true);
    expect(meaningOf(answered({ code }))).toBe('unavailable');
  });
});
