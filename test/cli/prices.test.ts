import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writePrices } from '../../aws/records/hold/prices.ts';
import { deleteItem, putItem } from '../../aws/records/hold/table.ts';
import { pricesKey } from '../../aws/records/read/prices.ts';
import { currencySign, hourWords, monthWords } from '../../cli/cost-words.ts';
import { pricesOf } from '../../cli/prices/prices.ts';
import type { RecordedPrices } from '../../core/prices.ts';
import { type TestAccount, testAccount } from '../functions/account.ts';

const now = Date.parse('2026-11-20T12:00:00Z');
const daysAgo = (days: number) => new Date(now - days * 86_400_000).toISOString();

let account: TestAccount;
beforeAll(async () => {
  account = await testAccount();
});
afterAll(() => account[Symbol.asyncDispose]());

const prices = (region: string) => pricesOf(region, account.dynamodb, now);

/** Records prices, runs a test and removes them. */
async function withRecorded(recorded: Partial<RecordedPrices>, test: () => Promise<void>): Promise<void> {
  await writePrices(account.dynamodb, {
    format: 2,
    currency: 'USD',
    at: daysAgo(1),
    instanceHour: { 't3.medium': 0.0472 },
    volumeMonth: { gp2: 0.116 },
    addressHour: 0.006,
    ...recorded,
  });
  await test().finally(() => deleteItem(account.dynamodb, pricesKey, { when: 'attribute_exists(#kind)', values: {} }));
}

describe('the prices that come with Recode', () => {
  // As GetProducts answered on 10 August 2026 (https://github.com/TypeOneLabs/tellury, pkg/pricing/aws/testdata); the other types are those of
  // https://aws.amazon.com/ec2/pricing/on-demand
  it.each([
    ['t3.medium', 0.0416],
    ['t2.medium', 0.0464],
    ['m5.large', 0.096],
    ['t4g.nano', 0.0042],
  ])('are those of us-east-1: %s', async (type, dollars) => {
    expect((await prices('us-east-1')).instanceHour(type)).toBe(dollars);
  });

  it('have volumes and addresses', async () => {
    const { volumeMonth, addressHour, currency } = await prices('us-east-1');
    expect([volumeMonth('gp2'), volumeMonth('gp3'), addressHour, currency]).toEqual([0.1, 0.08, 0.005, 'USD']);
  });

  it('do not have what is not in the recording', async () => {
    const known = await prices('us-east-1');
    expect(['t8i.nano', 'constructor.name', 't3', ''].map(known.instanceHour)).toEqual([undefined, undefined, undefined, undefined]);
    expect(known.volumeMonth('toString')).toBeUndefined();
    expect(known.missing).toBe('not-in-price-list');
  });

  it('are as many as in the recording', () => {
    const { instanceHour } = JSON.parse(readFileSync('cli/prices/us-east-1.json', 'utf8')) as { instanceHour: object };
    expect(Object.values(instanceHour).flatMap(Object.keys)).toHaveLength(1340);
  });
});

describe('where no prices are recorded', () => {
  it.each([
    ['eu-west-3', 'USD', 'prices-not-read'],
    ['cn-north-1', 'CNY', 'prices-not-read'],
    ['us-gov-west-1', 'USD', 'no-price-list'],
  ])('there are none in %s, for which the reason is known', async (region, currency, missing) => {
    const known = await prices(region);
    expect([known.instanceHour('t3.medium'), known.volumeMonth('gp2'), known.addressHour]).toEqual([undefined, undefined, undefined]);
    expect(known).toMatchObject({ currency, missing });
  });
});

describe('recorded prices', () => {
  beforeAll(() => account.createTable());

  it('are those of the region', async () => {
    await withRecorded({}, async () => {
      const known = await prices('eu-west-3');
      expect([known.instanceHour('t3.medium'), known.volumeMonth('gp2'), known.addressHour]).toEqual([0.0472, 0.116, 0.006]);
      expect([known.instanceHour('t2.medium'), known.volumeMonth('gp3'), known.instanceHour('toString')]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect(known).toMatchObject({ currency: 'USD', missing: 'not-in-price-list' });
    });
  });

  it('are completed by those that come with Recode, in us-east-1', async () => {
    await withRecorded({ addressHour: undefined }, async () => {
      const known = await prices('us-east-1');
      expect([known.instanceHour('t3.medium'), known.instanceHour('t2.medium')]).toEqual([0.0472, 0.0464]);
      expect([known.volumeMonth('gp2'), known.volumeMonth('gp3'), known.addressHour]).toEqual([0.116, 0.08, 0.005]);
    });
  });

  it('are in the currency of the partition', async () => {
    await withRecorded({ currency: 'CNY' }, async () => expect(await prices('cn-north-1')).toMatchObject({ currency: 'CNY' }));
  });

  it('are not shown after a week', async () => {
    await withRecorded({ at: daysAgo(7) }, async () => expect((await prices('eu-west-3')).instanceHour('t3.medium')).toBe(0.0472));
    await withRecorded({ at: daysAgo(7.01) }, async () => {
      expect((await prices('eu-west-3')).instanceHour('t3.medium')).toBeUndefined();
      expect(await prices('eu-west-3')).toMatchObject({ missing: 'prices-outdated' });
      expect((await prices('us-east-1')).instanceHour('t3.medium')).toBe(0.0416);
    });
  });

  it.each([
    ['damaged', { format: 2, currency: 'EUR' }],
    ['those of a newer version', { format: 3 }],
  ])('count as none if they are %s', async (_, item) => {
    await putItem(account.dynamodb, pricesKey, item);
    expect(await prices('eu-west-3')).toMatchObject({ missing: 'prices-not-read' });
    await deleteItem(account.dynamodb, pricesKey, { when: 'attribute_exists(#kind)', values: {} });
  });

  it('count as none for people who may not read them', async () => {
    const fault = { service: 'dynamodb', action: 'GetItem', kind: 'error', code: 'AccessDeniedException', message: 'No.' };
    await withRecorded({}, async () => {
      await account.aws.post('faults', fault);
      expect(await prices('eu-west-3')).toMatchObject({ missing: 'prices-not-read' });
    });
  });

  it('fail with what else AWS answers', async () => {
    await account.aws.post('faults', {
      service: 'dynamodb',
      action: 'GetItem',
      kind: 'error',
      code: 'ValidationException',
      message: 'No.',
    });
    await expect(prices('eu-west-3')).rejects.toThrow('No.');
  });
});

it.each([
  [0.0108, 'USD', '$0.011'],
  [3.0768, 'USD', '$3.077'],
  [98.3251, 'USD', '$98.33'],
  [0.2629, 'CNY', '¥0.263'],
  [null, 'USD', '-'],
  [null, null, '-'],
] as const)('shows the price of an hour: %s %s', (amount, currency, words) => {
  expect(hourWords(amount, currency)).toBe(words);
});

it.each([
  [1.6, 'USD', '~$1.60'],
  [9.999, 'USD', '~$10.00'],
  [35.4, 'USD', '~$35'],
  [0, 'USD', '~$0.00'],
  [35.4, 'CNY', '~¥35'],
  [null, 'CNY', '-'],
] as const)('shows a month as an estimate: %s %s', (amount, currency, words) => {
  expect(monthWords(amount, currency)).toBe(words);
});

it('has a sign for each currency', () => {
  expect([currencySign('USD'), currencySign('CNY'), currencySign(null)]).toEqual(['$', '¥', '$']);
});
