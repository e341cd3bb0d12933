import { describe, expect, it } from 'vitest';
import { parseAutoStop } from '../../core/auto-stop.ts';
import { costOf, keptCostOf, noPrices, type Prices } from '../../core/cost.ts';
import type { Environment, Observed, Wanted } from '../../core/environment.ts';
import { nextStop } from '../../core/next-stop.ts';

// The prices of AWS in us-east-1 for t3.medium, gp3 and a public IPv4 address.
const prices: Prices = {
  currency: 'USD',
  missing: 'not-in-price-list',
  instanceHour: (type) => (type === 't3.medium' ? 0.0416 : undefined),
  volumeMonth: (type) => (type === 'gp3' ? 0.08 : undefined),
  addressHour: 0.005,
  snapshotMonth: 0.05,
};

it('charges a kept disk for what was written, or at most for all of it', () => {
  expect(keptCostOf({ bytes: 4 * 2 ** 30, volumeSize: 16 }, prices)).toBeCloseTo(0.2);
  expect(keptCostOf({ bytes: undefined, volumeSize: 16 }, prices)).toBeCloseTo(0.8);
  expect(keptCostOf({ bytes: 1, volumeSize: 16 }, { ...prices, snapshotMonth: undefined })).toBeNull();
});

interface Given {
  readonly launchedAt?: string | undefined;
  readonly stopAt?: string;
  readonly createdAt?: string;
  readonly observed?: Partial<Observed>;
  readonly wanted?: Partial<Wanted>;
}

function environmentOf({ launchedAt, stopAt, createdAt = '2026-01-01T00:00:00Z', observed, wanted }: Given): Environment {
  return {
    format: 2,
    uid: 'one',
    owner: 'alice',
    repository: 'acme/api',
    wanted: {
      instanceType: 't3.medium',
      volumeSize: 100,
      volumeType: 'gp3',
      allowCidrs: [],
      publicKey: 'ssh-ed25519 AAAA',
      power: 'on',
      ...(stopAt !== undefined && { stopAt }),
      ...wanted,
    },
    observed: {
      instanceId: 'i-1',
      instanceType: 't3.medium',
      architecture: 'x86_64',
      state: 'running',
      ...(launchedAt !== undefined && { launchedAt }),
      at: '2026-11-01T00:00:00Z',
      ...observed,
    },
    createdAt,
    updatedAt: createdAt,
  };
}

/** The estimate without the volume, in hours of the instance and its address. */
function hoursOf(given: Given, now: string): number | undefined {
  const { hour, month } = costOf(environmentOf({ ...given, wanted: { volumeSize: 0 } }), prices, Date.parse(now));
  return hour === null || month === null ? undefined : Number((month / hour).toFixed(6));
}
const monthOf = (given: Given, now: string) => costOf(environmentOf(given), prices, Date.parse(now)).month;

describe('the cost of an hour', () => {
  it('is that of the instance and of its public address', () => {
    expect(costOf(environmentOf({}), prices, 0).hour).toBeCloseTo(0.0466, 10);
  });

  it('is that of the type that runs, or that was asked for', () => {
    const other = environmentOf({ observed: { instanceType: 't3.large' } });
    expect(costOf(other, prices, 0).hour).toBeNull();
    const { observed: _, ...creating } = other;
    expect(costOf(creating, prices, 0)).toEqual({ hour: expect.closeTo(0.0466, 10), month: null, unknown: 'no-instance' });
  });
});

describe('the estimate of a month', () => {
  it.each([
    ['from the start to the automatic stop', '2026-11-10T09:00Z', '2026-11-10T20:00Z', '2026-11-10T12:00Z', 11],
    ['to the end of the month, of 30 days', '2026-11-29T00:00Z', undefined, '2026-11-29T12:00Z', 48],
    ['to the end of the month, of 31 days', '2026-12-30T00:00Z', undefined, '2026-12-30T12:00Z', 48],
    ['to the end of February', '2027-02-28T00:00Z', undefined, '2027-02-28T12:00Z', 24],
    ['to the end of February in a leap year', '2028-02-28T00:00Z', undefined, '2028-02-28T12:00Z', 48],
    ['to the end of the month, if it stops in the next one', '2026-11-30T22:00Z', '2026-12-01T08:00Z', '2026-11-30T23:00Z', 2],
    ['from the beginning of the month, if it started in the last one', '2026-11-30T22:00Z', '2026-12-01T08:00Z', '2026-12-01T01:00Z', 8],
    ['all month, if it has run all year', '2026-01-01T00:00Z', undefined, '2026-11-15T00:00Z', 720],
    ['until now, if its stop is late', '2026-11-10T09:00Z', '2026-11-10T10:00Z', '2026-11-10T12:00Z', 3],
    ['to the end of the year', '2026-12-31T20:00Z', '2027-01-01T20:00Z', '2026-12-31T23:59Z', 4],
  ])('counts the hours %s', (_, launchedAt, stopAt, now, hours) => {
    expect(hoursOf({ launchedAt, ...(stopAt !== undefined && { stopAt }) }, now)).toBe(hours);
  });

  // Paris: 2026-03-29 02:00 becomes 03:00; 2026-10-25 03:00 becomes 02:00.
  it.each([
    ['2026-03-28T19:00:00Z', 23],
    ['2026-10-24T18:00:00Z', 25],
  ])('counts the hours that pass when the clocks change after %s', (launchedAt, hours) => {
    const stop = nextStop(parseAutoStop('20:00 Europe/Paris'), Date.parse(launchedAt));
    expect(hoursOf({ launchedAt, stopAt: new Date(stop ?? 0).toISOString() }, launchedAt)).toBe(hours);
  });

  it('is that of a month in UTC, as on the bill', () => {
    expect(hoursOf({ launchedAt: '2026-11-30T23:00:00-05:00' }, '2026-11-30T23:30:00-05:00')).toBe(31 * 24 - 4);
  });

  it('has the volume for the whole month, or from its creation', () => {
    const stopped = { state: 'stopped' } as const;
    expect(monthOf({ observed: stopped }, '2026-11-15T00:00Z')).toBeCloseTo(8, 10);
    expect(monthOf({ observed: stopped, createdAt: '2026-11-16T00:00:00Z' }, '2026-11-20T00:00Z')).toBeCloseTo(4, 10);
    expect(monthOf({ launchedAt: '2026-11-16T00:00:00Z', createdAt: '2026-11-16T00:00:00Z' }, '2026-11-20T00:00Z')).toBeCloseTo(
      4 + 360 * 0.0466,
      10,
    );
  });

  it('is not known without an instance, without its start and without a price', () => {
    expect(monthOf({ observed: { state: 'gone' } }, '2026-11-15T00:00Z')).toBeNull();
    expect(monthOf({}, '2026-11-15T00:00Z')).toBeNull();
    expect(monthOf({ wanted: { volumeType: 'gp2' } }, '2026-11-15T00:00Z')).toBeNull();
    expect(monthOf({ launchedAt: '2026-11-10T09:00:00Z', observed: { instanceType: 'x1.other' } }, '2026-11-15T00:00Z')).toBeNull();
  });
});

describe('why a cost is not known', () => {
  const running = { launchedAt: '2026-11-10T09:00:00Z' };
  const unknown = (given: Given, from = prices) => costOf(environmentOf(given), from, Date.parse('2026-11-15T00:00Z')).unknown;

  it('is nothing where both are known', () => {
    expect(unknown(running)).toBeNull();
    expect(unknown({ observed: { state: 'stopped' } })).toBeNull();
  });

  it.each<[string, Given]>([
    ['no-instance', { observed: { state: 'gone' } }],
    ['start-not-recorded', {}],
    ['not-in-price-list', { ...running, observed: { instanceType: 'x1.other' } }],
    ['not-in-price-list', { observed: { instanceType: 'x1.other', state: 'stopped' } }],
    ['not-in-price-list', { ...running, wanted: { volumeType: 'gp2' } }],
    ['not-in-price-list', { wanted: { volumeType: 'gp2' }, observed: { state: 'gone' } }],
  ])('is %s: %j', (reason, given) => {
    expect(unknown(given)).toBe(reason);
  });

  it('is that of the prices, where there are none', () => {
    for (const missing of ['no-price-list', 'prices-not-read', 'prices-outdated'] as const) {
      expect(unknown(running, noPrices('USD', missing))).toBe(missing);
      expect(unknown({ observed: { state: 'gone' } }, noPrices('USD', missing))).toBe(missing);
    }
  });
});
