import { expect, it } from 'vitest';
import { canonicalCidr, overlap } from '../../core/cidr.ts';

it.each([
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['203.0.113.7/32', '203.0.113.7/32'],
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['192.168.255.255/17', '192.168.128.0/17'],
  ['255.255.255.255/1', '128.0.0.0/1'],
])('writes %s as %s', (text, canonical) => {
  expect(canonicalCidr(text)).toBe(canonical);
});

it.each([
  '',
  '10.0.0.0',
  '10.0.0.0/33',
  '256.0.0.0/8',
  '10.0.0/8',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  '::/0',
  'all',
  ' 10.0.0.0/8',
  '10.0.0.0/-1',
])('refuses "%s"', (text) => {
  expect(canonicalCidr(text)).toBeUndefined();
});

it.each([
  ['10.0.0.0/24', '10.0.0.0/24', true],
  ['10.0.0.128/25', '10.0.0.0/24', true],
  ['10.0.0.0/24', '10.0.0.0/16', true],
  ['10.0.1.0/24', '10.0.0.0/24', false],
  ['0.0.0.0/0', '203.0.113.7/32', true],
])('sees whether %s and %s overlap', (one, other, expected) => {
  expect(overlap(one, other)).toBe(expected);
  expect(overlap(other, one)).toBe(expected);
});
