import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hourWords, monthWords } from '../../cli/cost-words.ts';
import { pricesOf } from '../../cli/prices/prices.ts';

// https://aws.amazon.com/ec2/pricing/on-demand, https://aws.amazon.com/ebs/pricing and https://aws.amazon.com/vpc/pricing
describe('the prices that come with Recode', () => {
  it.each([
    ['t3.medium', 0.0416],
    ['t2.medium', 0.0464],
    ['m5.large', 0.096],
    ['t4g.nano', 0.0042],
  ])('are those of us-east-1: %s', async (type, dollars) => {
    expect((await pricesOf('us-east-1')).instanceHour(type)).toBe(dollars);
  });

  it('have volumes and addresses', async () => {
    const { volumeMonth, addressHour } = await pricesOf('us-east-1');
    expect([volumeMonth('gp2'), volumeMonth('gp3'), addressHour]).toEqual([0.1, 0.08, 0.005]);
  });

  it('do not have what is not in the recording, nor other regions', async () => {
    const known = await pricesOf('us-east-1');
    expect(['t8i.nano', 'constructor.name', 't3', ''].map(known.instanceHour)).toEqual([undefined, undefined, undefined, undefined]);
    expect(known.volumeMonth('toString')).toBeUndefined();
    expect((await pricesOf('eu-west-3')).instanceHour('t3.medium')).toBeUndefined();
  });

  it('are as many as in the recording', () => {
    const { instanceHour } = JSON.parse(readFileSync('cli/prices/us-east-1.json', 'utf8')) as { instanceHour: object };
    expect(Object.values(instanceHour).flatMap(Object.keys)).toHaveLength(1340);
  });
});

it.each([
  [0.0108, '$0.011'],
  [3.0768, '$3.077'],
  [98.3251, '$98.33'],
  [null, '-'],
])('shows the price of an hour: %s', (dollars, words) => {
  expect(hourWords(dollars)).toBe(words);
});

it.each([
  [1.6, '~$1.60'],
  [9.999, '~$10.00'],
  [35.4, '~$35'],
  [0, '~$0.00'],
  [null, '-'],
])('shows a month as an estimate: %s', (dollars, words) => {
  expect(monthWords(dollars)).toBe(words);
});
