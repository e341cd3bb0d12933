import { expect, it } from 'vitest';
import { clientToken } from '../../../aws/ec2/client-token.ts';

const arn = 'arn:aws:states:us-east-1:000000000000:execution:recode-start:one';

it('is as long as a client token may be', () => {
  expect(clientToken(arn, 'LaunchInstance', { uid: 'u' })).toMatch(/^[0-9a-f]{64}$/);
});

it('is the same for each attempt, in whatever order the parameters come', () => {
  expect(clientToken(arn, 'LaunchInstance', { a: 1, b: 2 })).toBe(clientToken(arn, 'LaunchInstance', { b: 2, a: 1 }));
});

it('differs by execution, by step and by parameter', () => {
  const tokens = [
    clientToken(arn, 'LaunchInstance', { uid: 'u' }),
    clientToken(`${arn}2`, 'LaunchInstance', { uid: 'u' }),
    clientToken(arn, 'CreateRouteTable', { uid: 'u' }),
    clientToken(arn, 'LaunchInstance', { uid: 'v' }),
  ];
  expect(new Set(tokens).size).toBe(4);
});
