import { describe, expect, it } from 'vitest';
import { operationKinds } from '../../core/operations.ts';
import { isOlder, leadsThrough } from '../../core/state-change.ts';

// The life of an instance: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
const states = ['pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated'] as const;
const pairs = states.flatMap((told) => states.map((shown) => [told, shown] as const));

describe('what EC2 shows', () => {
  it.each(pairs)('after it told of %s, as %s, is older only if the instance cannot come back to it', (told, shown) => {
    const ended = told === 'shutting-down' || told === 'terminated';
    const expected = ended
      ? !['shutting-down', 'terminated'].includes(shown)
      : shown === { running: 'pending', stopped: 'stopping' }[told as string];
    expect(isOlder(shown, told)).toBe(expected);
  });
});

it.each([
  ['start', ['pending', 'running']],
  ['stop', ['stopping', 'stopped']],
  ['restart', ['pending', 'running', 'stopping', 'stopped']],
  ['remove', states],
  ['uninstall', []],
] as const)('a %s leads an instance through %j', (kind, passed) => {
  expect(states.filter((state) => leadsThrough(kind, state))).toEqual(passed);
  expect(operationKinds).toContain(kind);
});
