import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../src/eventbridge/pattern.ts';
import { UnsupportedTemplate } from '../../src/stack/template.ts';

const event = { source: 'aws.states', resources: ['arn:a', 'arn:b'], detail: { status: 'FAILED', startDate: 5, output: null } };
const matches = (pattern: unknown) => compilePattern(pattern, 'Rule.EventPattern')(event);

describe('an event pattern', () => {
  it.each<[string, object]>([
    ['one of several values', { detail: { status: ['TIMED_OUT', 'FAILED'] } }],
    ['several members', { source: ['aws.states'], detail: { status: ['FAILED'], startDate: [5] } }],
    ['null', { detail: { output: [null] } }],
    ['one member of a list', { resources: ['arn:b'] }],
    ['a prefix', { source: [{ prefix: 'aws.' }] }],
    ['anything but a value', { detail: { status: [{ 'anything-but': 'RUNNING' }] } }],
    ['anything but some values', { detail: { status: [{ 'anything-but': ['RUNNING', 'SUCCEEDED'] }] } }],
    ['anything but a number', { detail: { startDate: [{ 'anything-but': 6 }] } }],
    ['anything but a prefix', { source: [{ 'anything-but': { prefix: 'my.' } }] }],
    ['one comparison or another', { detail: { status: ['RUNNING', { prefix: 'F' }] } }],
  ])('matches by %s', (_, pattern) => {
    expect(matches(pattern)).toBe(true);
  });

  it.each<[string, object]>([
    ['another value', { detail: { status: ['RUNNING'] } }],
    ['one of several members that differs', { source: ['aws.states'], detail: { status: ['RUNNING'] } }],
    ['a member that the event has not', { detail: { colour: [{ 'anything-but': 'red' }] } }],
    ['null, of a member that the event has not', { detail: { colour: [null] } }],
    ['a number as text', { detail: { startDate: ['5'] } }],
    ['another prefix', { source: [{ prefix: 'states' }] }],
    ['a prefix of what is no text', { detail: { startDate: [{ prefix: '5' }] } }],
    ['an excluded value', { detail: { status: [{ 'anything-but': ['RUNNING', 'FAILED'] }] } }],
    ['an excluded prefix', { source: [{ 'anything-but': { prefix: 'aws.' } }] }],
    ['members of what has none', { source: { deeper: ['aws.states'] } }],
  ])('does not match by %s', (_, pattern) => {
    expect(matches(pattern)).toBe(false);
  });

  it.each<[string, unknown, RegExp]>([
    ['another comparison', { detail: { status: [{ suffix: 'ED' }] } }, /Rule\.EventPattern\.detail\.status/],
    ['numbers compared', { detail: { startDate: [{ numeric: ['>', 1] }] } }, /Rule\.EventPattern\.detail\.startDate/],
    ['an alternative of members', { $or: [{ source: ['a'] }, { source: ['b'] }] }, /Rule\.EventPattern\.\$or/],
    ['a comparison of a case', { source: [{ prefix: { 'equals-ignore-case': 'AWS' } }] }, /Rule\.EventPattern\.source/],
    ['a value without a list', { source: 'aws.states' }, /Rule\.EventPattern\.source/],
    ['no value', { source: [] }, /Rule\.EventPattern\.source/],
    ['nothing', {}, /Rule\.EventPattern: it is empty/],
  ])('is refused with %s', (_, pattern, message) => {
    expect(() => matches(pattern)).toThrow(message);
    expect(() => matches(pattern)).toThrow(UnsupportedTemplate);
  });
});
