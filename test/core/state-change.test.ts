import { describe, expect, it } from 'vitest';
import { operationKinds } from '../../core/operations.ts';
import { isNews, isOlder, leadsThrough, stateAfter } from '../../core/state-change.ts';

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

it('a record has an instance that ends or has ended as gone, and the other states as they are', () => {
  expect(states.map(stateAfter)).toEqual(['pending', 'running', 'stopping', 'stopped', 'gone', 'gone']);
});

describe('what EC2 tells', () => {
  const observed = { state: 'stopping', at: '2026-11-22T12:00:05.700Z' } as const;
  it.each([
    ['stopped', '2026-11-22T12:00:06Z', true],
    ['running', '2026-11-22T12:00:06Z', true],
    ['stopped', '2026-11-22T12:00:05Z', true],
    ['gone', '2026-11-22T12:00:05Z', true],
    ['stopping', '2026-11-22T12:00:05Z', false],
    ['running', '2026-11-22T12:00:05Z', false],
    ['stopped', '2026-11-22T12:00:04Z', false],
  ] as const)('of %s at %s, after a record observed that it was stopping at :05.7, is news: %s', (state, time, expected) => {
    expect(isNews({ state, time }, observed)).toBe(expected);
  });
});

it.each([
  ['start', ['pending', 'running']],
  ['stop', ['stopping', 'stopped']],
  ['restart', ['pending', 'running', 'stopping', 'stopped']],
  ['move', states],
  ['transfer', ['stopping', 'stopped']],
  ['remove', states],
  ['uninstall', []],
] as const)('a %s leads an instance through %j', (kind, passed) => {
  expect(states.filter((state) => leadsThrough(kind, state))).toEqual(passed);
  expect(operationKinds).toContain(kind);
});
