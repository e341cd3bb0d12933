import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../src/eventbridge/pattern.ts';
import { UnsupportedTemplate } from '../../src/stack/unsupported.ts';

const event = { source: 'aws.states', resources: ['arn:a', 'arn:b'], detail: { status: 'FAILED', startDate: 5, output: null } };
const matches = (pattern: unknown) => compilePattern(pattern, 'Rule.EventPattern')(event);

describe('an event pattern', () => {
  it.each<[string, object]>([
    ['one of several values', { detail: { status: ['TIMED_OUT', 'FAILED'] } }],
    ['several members', { source: ['aws.states'], detail: { status: ['FAILED'], startDate: [5] } }],
    ['null', { detail: { output: [null] } }],
    ['one member of a list', { resources: ['arn:b'] }],
  ])('matches by %s', (_, pattern) => {
    expect(matches(pattern)).toBe(true);
  });

  it.each<[string, object]>([
    ['another value', { detail: { status: ['RUNNING'] } }],
    ['one of several members that differs', { source: ['aws.states'], detail: { status: ['RUNNING'] } }],
    ['null, for a member that the event does not have', { detail: { color: [null] } }],
    ['a number as text', { detail: { startDate: ['5'] } }],
    ['members of a text', { source: { deeper: ['aws.states'] } }],
  ])('does not match by %s', (_, pattern) => {
    expect(matches(pattern)).toBe(false);
  });

  it.each<[string, unknown, RegExp]>([
    ['a prefix', { source: [{ prefix: 'aws.' }] }, /Rule\.EventPattern\.source/],
    ['anything but a value', { detail: { status: [{ 'anything-but': 'RUNNING' }] } }, /Rule\.EventPattern\.detail\.status/],
    ['a comparison of numbers', { detail: { startDate: [{ numeric: ['>', 1] }] } }, /Rule\.EventPattern\.detail\.startDate/],
    ['alternatives', { $or: [{ source: ['a'] }, { source: ['b'] }] }, /Rule\.EventPattern\.\$or/],
    ['a value without a list', { source: 'aws.states' }, /Rule\.EventPattern\.source/],
    ['no value', { source: [] }, /Rule\.EventPattern\.source/],
    ['nothing', {}, /Rule\.EventPattern: it is empty/],
  ])('is refused with %s', (_, pattern, message) => {
    expect(() => matches(pattern)).toThrow(message);
    expect(() => matches(pattern)).toThrow(UnsupportedTemplate);
  });
});
